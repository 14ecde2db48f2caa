"""NIR files and spiking modules in other people's frameworks; those not installed here are skipped, and said so.

The whole file runs where snntorch, norse and neurobench are: pip install 'spinloom[nir,spiking]'.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from spinloom.errors import DataError, InputError
from spinloom.snn import (
    Fire,
    Layer,
    LeakyCell,
    LeakyNeuron,
    Network,
    PoissonCode,
    Rule,
    Unrolled,
    read_nir,
    verify_nir,
    write_nir,
)

nir = pytest.importorskip("nir")
PLAIN = LeakyNeuron(rest=0, reset=0, threshold="10 mV", refractory=0, threshold_step=0, inhibition=0)


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed here")


def uneven(seed: int = 0) -> Unrolled:
    """Two layers whose neurons all differ in time constant and threshold."""
    chance = np.random.default_rng(seed)

    def pair(inputs: int, size: int, scale: float) -> tuple[nn.Module, nn.Module]:
        linear = nn.Linear(inputs, size, bias=False, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(chance.random((size, inputs)) * scale))
        taus, levels = chance.uniform(5e-3, 50e-3, size), chance.uniform(5e-3, 15e-3, size)
        return linear, LeakyCell(
            size, PLAIN, 1e-4, time_constant=list(taus), threshold=list(levels), dtype=torch.float64
        )

    return Unrolled(*pair(30, 12, 3.0), *pair(12, 5, 4.0))


def spikes(steps: int = 1000, seed: int = 1) -> np.ndarray:
    return (np.random.default_rng(seed).random((steps, 30)) < 0.01).astype(float)


def run(net: Unrolled, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return net(torch.from_numpy(x)[None])[0].numpy()


def test_written_and_read_back_gives_the_same_spikes(tmp_path: Path) -> None:
    net, x = uneven(), spikes()
    write_nir(net, tmp_path / "net.nir")
    found = run(read_nir(tmp_path / "net.nir"), x)
    assert found.sum() > 100
    np.testing.assert_array_equal(found, run(net, x))


@pytest.mark.parametrize("reader", [pytest.param(name, marks=needs(name)) for name in ("snntorch", "norse")])
def test_another_framework_gives_the_same_spikes(reader: str, tmp_path: Path) -> None:
    """Float32 there, float64 here: no membrane comes within rounding of its threshold in these 1000 steps."""
    write_nir(uneven(), tmp_path / "net.nir")
    (found,) = verify_nir(tmp_path / "net.nir", spikes(), [reader])
    assert found, str(found)
    assert found.spikes > 100


@needs("norse")
def test_a_difference_is_named() -> None:
    """A plain LIF node with r = 2: norse ignores r, and the first step and neuron that show it are told."""
    ones = np.ones(5)
    cells = nir.LIF(tau=ones * 0.02, r=ones * 2.0, v_leak=ones * 0, v_threshold=ones, v_reset=ones * 0)
    nodes = {"input": nir.Input(np.array([30])), "w": nir.Linear(np.full((5, 30), 60.0)), "cells": cells}
    nodes["output"] = nir.Output(np.array([5]))
    graph = nir.NIRGraph(nodes, [("input", "w"), ("w", "cells"), ("cells", "output")])
    (found,) = verify_nir(graph, spikes(), ["norse"])
    assert not found
    assert "differs first at step" in str(found)


def test_a_learnt_layer_keeps_its_thresholds(tmp_path: Path) -> None:
    """theta of each neuron goes into its weights; what NIR cannot hold must be dropped by name."""
    layer = Layer(30, 4, LeakyNeuron(reset="-65 mV"), Rule(), seed=1)
    layer.theta[:] = [0.0, 1.0, 2.0, 3.0]
    with pytest.raises(InputError, match="refractory time, an adaptive threshold, lateral inhibition"):
        write_nir(layer, tmp_path / "net.nir")
    graph = write_nir(layer, tmp_path / "net.nir", drop=["refractory", "threshold_step", "inhibition"])
    folded = graph.nodes["weights_0"].weight
    np.testing.assert_allclose(folded, layer.w.T / (13.0 + layer.theta)[:, None], rtol=1e-12)
    assert '"inhibition": 17.5' in nir.read(str(tmp_path / "net.nir")).nodes["cells_0"].metadata["spinloom"]
    with pytest.raises(InputError, match="'inhibition'"):
        write_nir(layer, tmp_path / "net.nir", drop=["inhibitoin"])


def test_a_network_writes_itself(tmp_path: Path) -> None:
    layers = [Layer(30, 4, PLAIN, Rule("fixed"), seed=1), Layer(4, 2, PLAIN, Rule("fixed"), seed=2)]
    Network(layers, PoissonCode(30)).to_nir(tmp_path / "net.nir")
    net = read_nir(tmp_path / "net.nir")
    assert [type(stage).__name__ for stage in net.stages] == ["Linear", "LeakyCell"] * 2
    np.testing.assert_allclose(net.stages[0].weight.detach().numpy(), layers[0].w.T / 10.0, rtol=1e-12)


def graph_of(node, size: int = 2):
    nodes = {"input": nir.Input(np.array([3])), "w": nir.Linear(np.ones((size, 3))), "odd": node}
    nodes["output"] = nir.Output(np.array([size]))
    return nir.NIRGraph(nodes, [("input", "w"), ("w", "odd"), ("odd", "output")])


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    ones = np.ones(2)
    with pytest.raises(InputError, match="Node 'odd' of the NIR file is of kind IF"):
        read_nir(graph_of(nir.IF(r=ones, v_threshold=ones)))
    slow = nir.LIF(tau=ones, r=ones, v_leak=ones, v_threshold=ones)
    with pytest.raises(InputError, match="'odd' has v_leak"):
        read_nir(graph_of(slow))
    quick = nir.LIF(tau=ones * 1e-5, r=ones, v_leak=ones * 0, v_threshold=ones)
    with pytest.raises(InputError, match="10 µs"):
        read_nir(graph_of(quick))
    with pytest.raises(DataError, match="no file"):
        read_nir(tmp_path / "none.nir")
    (tmp_path / "bad.nir").write_bytes(b"not HDF5")
    with pytest.raises(DataError, match="damaged"):
        read_nir(tmp_path / "bad.nir")


@needs("neurobench")
def test_neurobench_runs_our_modules() -> None:
    """Its accuracy and sparsity are those that the spikes themselves give."""
    from neurobench.benchmarks import Benchmark  # pyright: ignore[reportMissingImports]
    from neurobench.metrics.static import ParameterCount  # pyright: ignore[reportMissingImports]
    from neurobench.metrics.workload import (  # pyright: ignore[reportMissingImports]
        ActivationSparsity,
        ClassificationAccuracy,
    )
    from neurobench.models import TorchModel  # pyright: ignore[reportMissingImports]
    from neurobench.processors.postprocessors import ChooseMaxCount  # pyright: ignore[reportMissingImports]
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(0)
    y = torch.arange(64) % 2
    patterns = torch.tensor([[0.4] * 5 + [0.05] * 5, [0.05] * 5 + [0.4] * 5])
    x = (torch.rand(64, 30, 10) < patterns[y][:, None]).float()
    linear = nn.Linear(10, 2, bias=False)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[1.0] * 5 + [-1.0] * 5, [-1.0] * 5 + [1.0] * 5]))
    cell = LeakyCell(2, LeakyNeuron(inhibition=0.0, threshold="-64 mV", reset="-65 mV", time_constant="10 ms"))
    model = TorchModel(Unrolled(linear, cell))
    model.add_activation_module(Fire)
    metrics = [[ParameterCount], [ClassificationAccuracy, ActivationSparsity]]
    loader = DataLoader(TensorDataset(x, y), 16)
    found = Benchmark(model, loader, [], [ChooseMaxCount()], metrics).run(quiet=True)
    with torch.no_grad():
        ours = model(x)
    assert found["ParameterCount"] == 20
    assert found["ClassificationAccuracy"] == pytest.approx(float((ours.sum(1).argmax(1) == y).float().mean()))
    assert found["ActivationSparsity"] == pytest.approx(1.0 - float(ours.mean()), abs=1e-6)
