"""The restricted Boltzmann machine: two layers of binary units, sampled in turns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Self, final

import numpy as np
import torch
from torch import nn

from spinloom.errors import InputError
from spinloom.nn.boltzmann import exact
from spinloom.nn.boltzmann.clamp import Clamp, Shape, binary, held_units
from spinloom.nn.boltzmann.junctions import JunctionNeurons, Layer
from spinloom.nn.training.threads import one_thread

_START = 0.01  # standard deviation of the first weights, as Hinton's guide (2010) has it


class Chains(NamedTuple):
    """Where Gibbs chains ended, and their mean.

    Attributes
    ----------
    visible : np.ndarray of uint8, shape (chains, visible)
    hidden : np.ndarray of uint8, shape (chains, hidden)
    mean : np.ndarray of float32, shape (chains, visible)
        Share of the last sweeps in which a unit was 1.
    """

    visible: np.ndarray
    hidden: np.ndarray
    mean: np.ndarray


@final
class RestrictedBoltzmannMachine(nn.Module):
    """Binary units in two layers: P(v, h) ~ exp(a·v + b·h + v·W·h), sampled by P(h_j=1|v) = sigma(b_j + (v·W)_j).

    The visible layer holds the ``inputs`` and, behind them, ``label_units`` units for each label; a label is 1 in its
    own units and 0 in the others. All units of a layer are drawn at once, each by its own junction where ``neurons``
    says so (those of the visible layer first, then the hidden ones); held units are not drawn.

    Numbers are float32; chance comes from the ``seed`` of each call, through a generator of the call's own. Products
    run on one thread, so that a seed gives the same numbers at any number of threads. They do depend on the number of
    chains, which draw from one sequence.

    Parameters
    ----------
    inputs, hidden, labels : int
    label_units : int
        Units of each label. One is enough to be recognised by; where hundreds of inputs are to be recalled from a
        label, more units give it a say against them.
    neurons : JunctionNeurons, optional
        Ideal neurons if not given. An attribute that may be exchanged: the same weights on another chip.
    seed : int
        Of the first weights, Normal(0, 0.01); biases start at 0, see :meth:`set_biases`.

    Raises
    ------
    InputError
        A layer without units.

    References
    ----------
    G. E. Hinton, Neural Computation 14, 1771 (2002), doi:10.1162/089976602760128018 (contrastive divergence);
    X. Li et al., Nano Letters 24, 5420 (2024) (junctions as nodes).

    Examples
    --------
    >>> machine = RestrictedBoltzmannMachine(64, 20, labels=10)
    >>> machine.recall(3, chains=5, sweeps=100).mean.shape
    (5, 74)
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        labels: int = 0,
        *,
        label_units: int = 1,
        neurons: JunctionNeurons | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        sizes = ((inputs, "inputs", 1), (hidden, "hidden", 1), (labels, "labels", 0), (label_units, "label_units", 1))
        for value, what, least in sizes:
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise InputError(f"{what} = {value!r}: give a whole number from {least} upwards.")
        self.inputs, self.hidden, self.labels, self.label_units = map(int, (inputs, hidden, labels, label_units))
        self._shape = Shape(self.inputs, self.labels, self.label_units)
        self.visible = self._shape.visible
        self.neurons = neurons
        first = torch.Generator().manual_seed(seed)
        self.weight = nn.Parameter(_START * torch.randn(self.visible, self.hidden, generator=first))
        self.visible_bias = nn.Parameter(torch.zeros(self.visible))
        self.hidden_bias = nn.Parameter(torch.zeros(self.hidden))

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        """P(h=1|v) of ideal neurons, shape (..., hidden), differentiable: the machine as a layer of features."""
        return torch.sigmoid(self.hidden_bias + v @ self.weight)

    # ---- energies and exact answers ------------------------------------------------------------------------------

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(W, a, b) as float64, as :mod:`spinloom.nn.boltzmann.exact` takes them."""
        found = (self.weight, self.visible_bias, self.hidden_bias)
        weight, a, b = (tensor.detach().cpu().double().numpy() for tensor in found)
        return weight, a, b

    def set_arrays(self, weight: np.ndarray, a: np.ndarray, b: np.ndarray) -> Self:
        """Take W (visible, hidden), a and b from arrays; gives the machine. Raises InputError where they do not fit."""
        with torch.no_grad():
            for parameter, array in zip(self.parameters(), (weight, a, b), strict=True):
                if np.shape(array) != tuple(parameter.shape):
                    raise InputError(f"An array of shape {np.shape(array)} does not fit {tuple(parameter.shape)}.")
                parameter.copy_(torch.as_tensor(np.asarray(array)))
        return self

    def free_energy(self, v: Any) -> np.ndarray:
        """F(v) = -ln sum_h exp(-E(v, h)) of rows of 0 and 1, shape (rows,)."""
        return exact.free_energy(binary(v, self.visible, "The states"), *self.arrays())

    def log_likelihood(self, v: Any) -> np.ndarray:
        """Exact ln P(v), shape (rows,). Raises InputError where both layers have more than 20 units."""
        return exact.log_likelihood(binary(v, self.visible, "The states"), *self.arrays())

    def rows(self, x: Any, labels: Any = None) -> np.ndarray:
        """Visible states (rows, visible) of samples (rows, inputs) of 0 and 1, and their labels where it has any.

        Raises
        ------
        InputError
            Labels missing, out of range or of another number; samples that are not of 0 and 1.
        """
        x = binary(x, self.inputs, "The samples")
        if (labels is None) != (self.labels == 0):
            need = f"needs labels from 0 to {self.labels - 1}" if self.labels else "has no label units"
            raise InputError(f"This machine {need}.")
        found = held_units(self._shape, x, labels)
        if len(found.values) != len(x):
            raise InputError(f"{len(found.values)} labels do not fit {len(x)} samples.")
        return found.values

    def set_biases(self, v: np.ndarray) -> None:
        """Visible biases ln(p/(1 - p)) of the units' means p over states v (rows, visible): a start near the data.

        A unit that never changes counts as half a row of the other kind.
        """
        v = binary(v, self.visible, "The states")
        p = np.clip(v.mean(axis=0, dtype=float), 0.5 / len(v), 1.0 - 0.5 / len(v))
        with torch.no_grad():
            self.visible_bias.copy_(torch.as_tensor(np.log(p / (1.0 - p))))

    # ---- sampling ------------------------------------------------------------------------------------------------

    def clamp(self, x: Any = None, label: Any = None, units: Iterable[tuple[int, float]] | None = None) -> Clamp:
        """Which units are held, see :func:`spinloom.nn.boltzmann.clamp.held_units`."""
        return held_units(self._shape, x, label, units)

    def sample(
        self,
        clamp: Clamp | None = None,
        *,
        chains: int | None = None,
        sweeps: int = 100,
        average: int = 1,
        seed: int = 0,
        start: Any = None,
    ) -> Chains:
        """Gibbs sampling: ``sweeps`` times all hidden units from the visible, then all free visible from the hidden.

        Parameters
        ----------
        clamp : Clamp, optional
            From :meth:`clamp`; all units are free without.
        chains : int, optional
            As many as the clamp has rows, or 1.
        sweeps : int
            The distribution of the last state tends to Boltzmann's as it grows.
        average : int
            Sweeps at the end over which ``mean`` goes.
        seed : int
        start : array, shape (visible,) or (chains, visible), optional
            First values of the free units; without, all 0: the state to which junctions are reset.

        Raises
        ------
        InputError
            No sweep, an average over more sweeps than there are, chains that fit neither clamp nor start, nothing free.
        """
        clamp = self.clamp() if clamp is None else clamp
        if clamp.held.shape != (self.visible,):
            raise InputError(
                f"The clamp is for {clamp.held.size} units; this machine has {self.visible}. Make it here."
            )
        if not clamp.free:
            raise InputError("Every visible unit is held: nothing is left to draw. Leave some units free.")
        if sweeps < 1 or not 1 <= average <= sweeps:
            raise InputError(
                f"sweeps = {sweeps}, average = {average}: at least one sweep, averaged over 1 to {sweeps}."
            )
        first = None if start is None else binary(start, self.visible, "The start")
        rows = {len(part) for part in (clamp.values, first) if part is not None and len(part) > 1}
        rows |= set() if chains is None else {chains}
        if len(rows) > 1 or min(rows, default=1) < 1:
            raise InputError(
                f"Chains, clamp and start are for {' and '.join(map(str, sorted(rows)))} chains: make them equal."
            )
        with torch.no_grad(), one_thread():
            return self._run(clamp, max(rows, default=1), sweeps, average, seed, first)

    def _run(self, clamp: Clamp, chains: int, sweeps: int, average: int, seed: int, start: Any) -> Chains:
        generator = torch.Generator().manual_seed(seed)
        free = torch.as_tensor(~clamp.held)
        weight, bias = self.weight[free], self.visible_bias[free]
        hold = torch.as_tensor(clamp.values)
        base = (self.hidden_bias + hold @ self.weight).expand(chains, -1)  # held units add the same in every sweep
        visible, hidden = self.layers(free)
        v = torch.zeros(chains, clamp.free) if start is None else torch.as_tensor(start)[:, free].expand(chains, -1)
        h, total = torch.empty(0), torch.zeros(chains, clamp.free)
        for sweep in range(sweeps):
            h = hidden.answer(torch.addmm(base, v, weight), generator)[1]
            v = visible.answer(torch.addmm(bias, h, weight.T), generator)[1]
            if sweep >= sweeps - average:
                total += v
        state, mean = hold.expand(chains, -1).clone(), hold.expand(chains, -1).clone()
        state[:, free], mean[:, free] = v, total / average
        return Chains(state.byte().numpy(), h.byte().numpy(), mean.numpy())

    def layers(self, free: torch.Tensor | None = None) -> tuple[Layer, Layer]:
        """Neurons of the visible layer (of its units that are ``free``, bool) and of the hidden one."""
        if self.neurons is None:
            return Layer(), Layer()
        everyone = torch.ones(self.visible, dtype=torch.bool)
        hidden = torch.ones(self.hidden, dtype=torch.bool)
        return self.neurons.layer(0, everyone if free is None else free), self.neurons.layer(self.visible, hidden)

    def recognise(self, x: Any, *, sweeps: int = 50, average: int = 40, seed: int = 0) -> np.ndarray:
        """Hold samples (rows, inputs) and count how often each label's units are drawn as 1: shares (rows, labels).

        The largest share is the answer (``argmax``; the first of equal ones).
        """
        self._needs_labels()
        return self.label_shares(self.sample(self.clamp(x), sweeps=sweeps, average=average, seed=seed))

    def label_shares(self, chains: Chains) -> np.ndarray:
        """Share of each label's units and of the averaged sweeps that were 1, shape (chains, labels)."""
        self._needs_labels()
        return chains.mean[:, self.inputs :].reshape(-1, self.labels, self.label_units).mean(axis=2)

    def recall(
        self, label: Any, *, chains: int | None = None, sweeps: int = 100, average: int = 1, seed: int = 0
    ) -> Chains:
        """Hold a label (or one a chain) and draw the inputs: what the machine holds for typical of it."""
        self._needs_labels()
        return self.sample(self.clamp(label=label), chains=chains, sweeps=sweeps, average=average, seed=seed)

    def complete(self, x: Any, *, sweeps: int = 100, average: int = 1, seed: int = 0) -> Chains:
        """Hold the known inputs of samples (rows, inputs), NaN where they are missing, and draw the others."""
        return self.sample(self.clamp(x), sweeps=sweeps, average=average, seed=seed)

    def _needs_labels(self) -> None:
        if not self.labels:
            raise InputError("This machine has no label units: make it with labels = the number of classes.")

    def bits(self, clamp: Clamp | None = None, sweeps: int = 1) -> int:
        """Bits that junctions draw for one chain: sweeps x (hidden + free visible units)."""
        return sweeps * (self.hidden + (self.visible if clamp is None else clamp.free))

    def extra_repr(self) -> str:
        """What ``print(machine)`` shows."""
        neurons = "ideal" if self.neurons is None else self.neurons.response.source or "junctions"
        return f"inputs={self.inputs}, hidden={self.hidden}, labels={self.labels}, neurons={neurons}"


def joined(
    first: RestrictedBoltzmannMachine, second: RestrictedBoltzmannMachine, neurons: JunctionNeurons | None = None
) -> RestrictedBoltzmannMachine:
    """One machine of two that share their label units: P ~ P_first(x, label) P_second(y, label), untrained further.

    Its inputs are those of the first, then those of the second; likewise its hidden units. Energies add up, so that a
    label is likely where both machines hold it for likely.

    Raises
    ------
    InputError
        Machines with different numbers of labels or of units a label, or without labels.
    """
    ours, theirs = ((machine.labels, machine.label_units) for machine in (first, second))
    if ours != theirs or not first.labels:
        raise InputError(
            f"Machines with {ours[0]} x {ours[1]} and {theirs[0]} x {theirs[1]} label units share none: give the same."
        )
    made = RestrictedBoltzmannMachine(
        first.inputs + second.inputs,
        first.hidden + second.hidden,
        first.labels,
        label_units=first.label_units,
        neurons=neurons,
    )
    n, m, k = first.inputs, made.inputs, first.hidden
    with torch.no_grad():
        made.weight.zero_()
        made.weight[:n, :k], made.weight[m:, :k] = first.weight[:n], first.weight[n:]
        made.weight[n:m, k:], made.weight[m:, k:] = second.weight[: second.inputs], second.weight[second.inputs :]
        made.visible_bias[:n], made.visible_bias[n:m] = first.visible_bias[:n], second.visible_bias[: second.inputs]
        made.visible_bias[m:] = first.visible_bias[n:] + second.visible_bias[second.inputs :]
        made.hidden_bias[:k], made.hidden_bias[k:] = first.hidden_bias, second.hidden_bias
    return made
