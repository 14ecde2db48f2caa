"""Networks in the Neuromorphic Intermediate Representation (NIR): written, read, and checked in another framework.

NIR has no refractory time, adaptive threshold, lateral inhibition or noise, and its readers understand the same file
differently: some ignore r, some take one threshold for all neurons, some fix dt at 0.1 ms. So resistance and threshold
are folded into the weights, and each cell is written as CubaLIF with a synapse of one step, which all readers that were
tried compute alike, heterogeneous neurons included:

    tau_syn = dt, w_in = 1, r = tau'/dt, v_threshold = 1, v_leak = v_reset = 0:   v <- v e^(-dt/tau) + W x

with tau' = dt/(1 - e^(-dt/tau)), so that the readers' Euler step is the exact decay. What the file cannot hold is in
each node's metadata. Pedersen et al., Nature Communications 15, 8122 (2024), doi:10.1038/s41467-024-52259-9.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import nn

from spinloom.errors import DataError, InputError, OutputError, UnknownNameError
from spinloom.snn.layer import Layer
from spinloom.snn.modules import LeakyCell, Unrolled
from spinloom.snn.neuron import LeakyNeuron
from spinloom.units import pretty, si

STEP = 1e-4
"""dt [s] of exported files: snnTorch's reader knows no other."""
READERS = ("snntorch", "norse")
_NOT_HELD = {
    "refractory": ("a refractory time", lambda n: float(n.refractory) > 0),
    "threshold_step": ("an adaptive threshold", lambda n: float(n.threshold_step) > 0),
    "inhibition": ("lateral inhibition", lambda n: n.inhibition > 0),
    "reset": ("a reset that is not at rest", lambda n: float(n.reset) != float(n.rest)),
}


def _nir() -> Any:
    try:
        import nir  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise InputError("NIR files need the package nir: pip install 'spinloom[nir]'.") from None
    return nir


def _without(neuron: LeakyNeuron, dropped: Sequence[str]) -> list[str]:
    """What NIR cannot hold of a neuron and was not allowed to be dropped, in words."""
    for name in dropped:
        if name not in _NOT_HELD:
            raise UnknownNameError("property that NIR cannot hold", name, _NOT_HELD)
    return [what for name, (what, has) in _NOT_HELD.items() if has(neuron) and name not in dropped]


def write_nir(net: Layer | Sequence[Layer] | Unrolled, path: str | Path, drop: Sequence[str] = ()) -> Any:
    """Write a network as a NIR file (HDF5) and return the graph.

    Parameters
    ----------
    net : Layer, sequence of Layer, or Unrolled
        Layers as they have learnt: thresholds with their adaptation, ``theta``, are folded into the weights. Unrolled
        modules must be ``torch.nn.Linear`` and ``LeakyCell`` in turn.
    path : path
        "net.nir".
    drop : sequence of str
        What may be left out because NIR has no place for it: "refractory", "threshold_step" (the adaptation goes, the
        thresholds reached stay), "inhibition", "reset" (v resets to rest). It is kept in the nodes' metadata.

    Raises
    ------
    InputError
        The network has what NIR cannot hold and ``drop`` does not name it; or modules that are no spiking layers.
    OutputError
        The file cannot be written.
    """
    nir = _nir()
    nodes, before = {"input": nir.Input(np.array([_pairs(net)[0][0].shape[1]]))}, "input"
    edges = []
    for index, (weight, cell) in enumerate(_pairs(net)):
        missing = _without(cell.neuron, drop)
        if missing:
            names = [name for name, (what, _) in _NOT_HELD.items() if what in missing]
            raise InputError(
                f"Layer {index} has {', '.join(missing)}, which NIR cannot hold. Say drop={names} to write it without."
            )
        tau = -cell.step / np.log(cell.decay.double().numpy())
        fitted = STEP / -np.expm1(-STEP / tau)
        n = tau.size
        metadata = {"spinloom": json.dumps({**_numbers(cell.neuron), "step": cell.step, "dropped": list(drop)})}
        folded = weight / cell.threshold.double().numpy()[:, None]
        nodes[f"weights_{index}"] = nir.Linear(folded, metadata=dict(metadata))
        nodes[f"cells_{index}"] = nir.CubaLIF(
            tau_syn=np.full(n, STEP), tau_mem=fitted, r=fitted / STEP, v_leak=np.zeros(n), v_threshold=np.ones(n),
            w_in=np.ones(n), v_reset=np.zeros(n), metadata=dict(metadata),
        )  # fmt: skip
        edges += [(before, f"weights_{index}"), (f"weights_{index}", f"cells_{index}")]
        before = f"cells_{index}"
    nodes["output"] = nir.Output(np.array([nodes[before].r.size]))
    graph = nir.NIRGraph(nodes, [*edges, (before, "output")])
    try:
        nir.write(str(path), graph)
    except OSError as error:
        raise OutputError(f"'{path}' cannot be written: {error}.") from None
    return graph


def _numbers(neuron: LeakyNeuron) -> dict[str, Any]:
    return {name: getattr(neuron, name) for name in neuron.__dataclass_fields__}


def _pairs(net: Layer | Sequence[Layer] | Unrolled) -> list[tuple[np.ndarray, LeakyCell]]:
    """(weights (out, in), cell) of each layer; event-driven layers become cells with their thresholds of now."""
    if isinstance(net, Unrolled):
        stages: list[Any] = list(net.stages)
        found = []
        for linear, cell in zip(stages[::2], stages[1::2], strict=False):
            plain = isinstance(linear, nn.Linear) and linear.bias is None
            if not (plain and isinstance(cell, LeakyCell) and len(stages) % 2 == 0):
                raise InputError("Only torch.nn.Linear without bias and LeakyCell, in turn, can be written as NIR.")
            found.append((linear.weight.detach().double().numpy(), cell))
        return found
    layers = [net] if isinstance(net, Layer) else list(net)
    found = []
    for layer in layers:
        unit = float(layer.cell.per_weight)
        levels = [float(layer.cell.threshold) + theta * unit for theta in layer.theta]
        cell = LeakyCell(layer.size, layer.cell, STEP, threshold=levels, dtype=torch.float64)
        found.append((layer.w.T.copy(), cell))
    return found


def read_nir(path: str | Path | Any, step: str | float | None = None) -> Unrolled:
    """Read a NIR file (or graph) of linear layers and LIF or CubaLIF neurons as torch modules.

    The neurons are taken as NIR's readers compute them, by Euler steps: v <- v + dt/tau (v_leak - v + r I).

    Parameters
    ----------
    step : quantity or None
        dt [s]; None: that of a file written here, else 0.1 ms.

    Raises
    ------
    DataError
        No such file, or damaged.
    InputError
        A node that has no counterpart here, by name; branches; a step longer than a time constant.
    """
    graph = _graph(path)
    modules: list[nn.Module] = []
    for name in _chain(graph):
        node = graph.nodes[name]
        kind = type(node).__name__
        if kind in ("Input", "Output"):
            continue
        if kind in ("Linear", "Affine"):
            weight = torch.from_numpy(np.array(node.weight, float))
            linear = nn.Linear(weight.shape[1], weight.shape[0], bias=kind == "Affine", dtype=torch.float64)
            with torch.no_grad():
                linear.weight.copy_(weight)
                if kind == "Affine":
                    linear.bias.copy_(torch.from_numpy(np.array(node.bias, float)))
            modules.append(linear)
        elif kind in ("LIF", "CubaLIF"):
            modules.append(_cell(name, node, modules[-1], None if step is None else si(step, "time", "step")))
        else:
            raise InputError(
                f"Node '{name}' of the NIR file is of kind {kind}; Linear, Affine, LIF and CubaLIF can be read."
            )
    return Unrolled(*modules)


def _graph(path: str | Path | Any) -> Any:
    nir = _nir()
    if isinstance(path, nir.NIRGraph):
        return path
    if not Path(path).is_file():
        raise DataError(f"There is no file '{path}'.")
    try:
        return nir.read(str(path))
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise DataError(
            f"'{path}' is no NIR file, is damaged, or holds a node that nir does not know: {error}."
        ) from None


def _chain(graph: Any) -> list[str]:
    """Names of the nodes from input to output; raises InputError where the graph branches or loops."""
    after: dict[str, list[str]] = {}
    for source, target in graph.edges:
        after.setdefault(source, []).append(target)
    name = next(key for key, node in graph.nodes.items() if type(node).__name__ == "Input")
    names = [name]
    while after.get(name):
        if len(after[name]) > 1 or after[name][0] in names:
            raise InputError(f"Node '{name}' of the NIR file branches or loops; only layers in a row can be read.")
        name = after[name][0]
        names.append(name)
    return names


def _cell(name: str, node: Any, before: nn.Module, step: float | None) -> LeakyCell:
    """A LIF or CubaLIF node as a cell; its input gain goes into the weights before it."""
    written = json.loads((node.metadata or {}).get("spinloom", "{}"))
    dt = STEP if step is None else step
    cuba = type(node).__name__ == "CubaLIF"
    tau = np.asarray(node.tau_mem if cuba else node.tau, float)
    if (tau <= dt).any():
        shortest = pretty(float(tau.min()), "s")
        raise InputError(f"Node '{name}' has a time constant of {shortest}; the step must be shorter.")
    if cuba and not np.allclose(node.tau_syn, dt):
        raise InputError(f"Node '{name}' has slow synapses (tau_syn is not the step): they have no counterpart here.")
    for what in ("v_leak", "v_reset"):
        if getattr(node, what, None) is not None and not np.allclose(getattr(node, what), 0.0):
            raise InputError(f"Node '{name}' has {what} other than 0; fold it into threshold and bias before writing.")
    gain = np.asarray(node.r, float) * dt / tau * (np.asarray(node.w_in, float) if cuba else 1.0)
    if not isinstance(before, nn.Linear):
        raise InputError(f"Node '{name}' follows no weights; only layers of weights and neurons in turn can be read.")
    with torch.no_grad():
        before.weight.mul_(torch.from_numpy(gain)[:, None])
        if before.bias is not None:
            before.bias.mul_(torch.from_numpy(gain))
    unit = float(written.get("per_weight", 1e-3))
    neuron = LeakyNeuron(
        rest=0.0, reset=0.0, threshold=unit, refractory=0.0, threshold_step=0.0, inhibition=0.0, per_weight=unit
    )
    exact = [-dt / math.log1p(-dt / t) for t in tau]  # whose decay is the readers' Euler factor
    levels = [float(v) * unit for v in np.asarray(node.v_threshold, float)]
    return LeakyCell(tau.size, neuron, dt, time_constant=exact, threshold=levels, dtype=torch.float64)


@final
@dataclass(frozen=True)
class Agreement:
    """Whether another framework gives the same spikes from a NIR file.

    Attributes
    ----------
    reader : str
        The framework.
    spikes : int
        Of ours.
    first : (step, neuron) or None
        Where the two differ first; None: nowhere.
    """

    reader: str
    spikes: int
    first: tuple[int, int] | None

    def __bool__(self) -> bool:
        """Whether they agree."""
        return self.first is None

    def __str__(self) -> str:
        """One line."""
        if self.first is None:
            return f"{self.reader} gives the same {self.spikes} spikes"
        where = f"step {self.first[0]}, neuron {self.first[1]}"
        return f"{self.reader} differs first at {where} (ours: {self.spikes} spikes)"


def verify_nir(path: str | Path | Any, spikes: np.ndarray, readers: Sequence[str] = READERS) -> list[Agreement]:
    """Run a NIR file in other frameworks on the same input spikes and compare, spike by spike.

    Parameters
    ----------
    path : path or graph
    spikes : ndarray (steps, inputs)
        On the file's grid of 0.1 ms.
    readers : sequence of {"snntorch", "norse"}
        Those to run; each must be installed.

    Returns
    -------
    list of Agreement
        The first neuron and step that differ, for each framework.

    Raises
    ------
    InputError
        A framework that is not installed, or spikes that do not fit the network.
    """
    ours = read_nir(path)
    x = torch.from_numpy(np.asarray(spikes, float))
    if x.dim() != 2:
        raise InputError("Spikes for verify_nir have the dimensions (steps, inputs).")
    with torch.no_grad():
        expected = ours(x[None])[0].numpy()
    found = []
    for reader in readers:
        if reader not in READERS:
            raise UnknownNameError("framework that reads NIR", reader, READERS)
        theirs = _RUN[reader](_graph(path), x.float())
        where = np.argwhere(theirs != expected)
        first = None if where.size == 0 else (int(where[0][0]), int(where[0][1]))
        found.append(Agreement(reader, int(expected.sum()), first))
    return found


def _missing(reader: str) -> InputError:
    return InputError(f"{reader} is not installed: pip install {reader}, or leave it out of 'readers'.")


def _in_snntorch(graph: Any, x: torch.Tensor) -> np.ndarray:
    try:
        from snntorch.import_nir import import_from_nir  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise _missing("snntorch") from None
    return _stepwise(import_from_nir(graph), x)


def _in_norse(graph: Any, x: torch.Tensor) -> np.ndarray:
    try:
        import norse.torch  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise _missing("norse") from None
    return _stepwise(norse.torch.from_nir(graph, dt=STEP), x)


def _stepwise(net: Any, x: torch.Tensor) -> np.ndarray:
    state, steps = None, []
    with torch.no_grad():
        for x_t in x:
            out = net(x_t[None], state) if state is not None else net(x_t[None])
            spikes, state = out if isinstance(out, tuple) else (out, None)
            steps.append(spikes[0].numpy())
    return np.array(steps)


_RUN = {"snntorch": _in_snntorch, "norse": _in_norse}
