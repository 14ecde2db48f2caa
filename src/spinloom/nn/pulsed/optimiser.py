"""A torch optimiser whose weight matrices are devices that take whole pulses."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, final, get_args

import torch
from torch import nn

from spinloom.errors import InputError, SpinloomWarning, UnknownNameError
from spinloom.nn.pulsed.device import Device
from spinloom.nn.pulsed.matrix import Counts, Rounding
from spinloom.nn.pulsed.methods import Matrix, Method, method_of
from spinloom.nn.pulsed.report import SURVEY, Watch, cost_table, diagnosis
from spinloom.nn.training.samples import mixed_seed
from spinloom.responses.plasticity import Plasticity

if TYPE_CHECKING:
    import xarray as xr


@final
class PulsedSGD(torch.optim.Optimizer):
    """Gradient descent with weights that are devices: w = w_max (2 g - 1), moved by whole pulses.

    Every parameter of two or more dimensions is a matrix of devices; all others (biases, k, c) are digital and follow
    plain gradient descent, as do the matrices of a group with ``w_max=None``. A wanted change is counted in mean steps
    2 w_max / (states - 1), rounded to whole pulses, and each pulse moves its device along the device's own curve from
    where it stands, with the device's cycle-to-cycle noise and write errors. States stay in 0..1 and weights in
    [-w_max, w_max]; a train of pulses is never longer than from end to end.

    Parameters
    ----------
    net_or_params : torch.nn.Module or iterable
        What to train: a module, whose parameters keep their names in messages and tables, or parameters, pairs of name
        and parameter, or groups, each with its own ``lr`` and ``w_max`` if it likes.
    synapse : Plasticity
        The device. Its read noise, drift and retention act where weights are read, not here.
    lr : float
        Learning rate [unit of weight squared per unit of loss].
    method : {"in-place", "mixed-precision", "tiki-taka", "agad"} or Method
        How a gradient becomes pulses; a name takes the defaults of that method.
    w_max : float, sequence of float, or None
        Weight of the highest conductance, of all matrices or of one after the other; None: digital.
    rounding : {"stochastic", "nearest"}
        x pulses become floor(x + u), u uniform in 0..1, right on average; or the nearest whole number.
    step_spread : float, optional
        Relative standard deviation, between devices, of what a pulse changes (a log-normal factor with mean 1); the
        synapse's ``device_to_device`` if not given.
    start : {"levels", "as given"}
        Whether the weights are brought to the nearest levels of potentiation first, or to the range alone.
    seed : int
        Chance depends on (seed, matrix, weight, step) alone: the same numbers at any number of threads.

    Raises
    ------
    InputError
        A value outside its range, no parameter to train, a gradient with NaN.

    Warns
    -----
    SpinloomWarning
        Once in a run: no weight moves because every wanted change is under a level, or nearly all weights are at the
        rails; see :meth:`diagnosis`.

    Notes
    -----
    With few states choose a compensating method, and ``w_max`` small enough that one level, 2 w_max / (states - 1), is
    not much above a usual weight: 784-100-10 on MNIST (20 000 images, three epochs of batch 10, lr 0.3, 16 states with
    v = 2 and -2 and a cycle-to-cycle spread of 0.3 of a step, three seeds, test images) gives with w_max = 0.5: plain
    descent 95.0 to 95.2 %, Tiki-Taka 94.3 to 94.6, AGAD 93.5 to 94.0, mixed precision 93.6 to 94.2, in place 78 to 84.

    The weights are brought onto the devices when the optimiser is made. ``state_dict`` holds all that a run needs to go
    on to the same numbers. On the CPU the loop is compiled; on CUDA the same update is made of torch operations, with
    torch's random numbers.

    References
    ----------
    P.-Y. Chen, X. Peng, S. Yu, IEEE TCAD 37, 3067 (2018), doi:10.1109/TCAD.2018.2789723 (pulses by mean steps);
    M. J. Rasch et al., AICAS 2021, doi:10.1109/AICAS51828.2021.9458494 (pulsed updates of simulated devices).

    Examples
    --------
    >>> import torch, spinloom as sl
    >>> from spinloom.nn.pulsed import PulsedSGD
    >>> synapse = sl.responses.Plasticity.from_values(states=16)
    >>> net = torch.nn.Linear(4, 2)
    >>> optimiser = PulsedSGD(net, synapse, lr=0.1)
    >>> net(torch.ones(1, 4)).sum().backward()
    >>> optimiser.step()
    """

    def __init__(
        self,
        net_or_params: nn.Module | Iterable[Any],
        synapse: Plasticity,
        lr: float,
        method: str | Method = "in-place",
        w_max: float | Sequence[float] | None = 1.0,
        rounding: Rounding = "stochastic",
        step_spread: float | None = None,
        start: str = "levels",
        seed: int = 0,
    ) -> None:
        if rounding not in get_args(Rounding):
            raise UnknownNameError("rounding", str(rounding), get_args(Rounding))
        if start not in ("levels", "as given"):
            raise UnknownNameError("start", str(start), ("levels", "as given"))
        if not (isinstance(lr, int | float | torch.Tensor) and 0 <= float(lr) < math.inf):
            raise InputError(f"lr = {lr}: give a finite number of 0 or more, e.g. 0.1.")
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise InputError(f"seed = {seed}: give a whole number from 0 upwards.")
        if not isinstance(synapse, Plasticity):
            raise InputError(f"synapse = {synapse!r}: give a Plasticity, e.g. Plasticity.from_values(states=16).")
        self.synapse = synapse
        self.method = method_of(method)
        self.quiet = False
        self._device = Device(synapse)
        self._rounding: Rounding = rounding
        self._spread = synapse.device_to_device if step_spread is None else float(step_spread)
        self._start = start
        self.seed = seed
        self._matrices: dict[nn.Parameter, Matrix] = {}
        self._watches: dict[nn.Parameter, Watch] = {}
        self._warned = False
        if not 0.0 <= self._spread < math.inf:
            raise InputError(f"step_spread = {step_spread}: give a finite number of 0 or more.")
        if isinstance(net_or_params, nn.Module):
            net_or_params = [(n, p) for n, p in net_or_params.named_parameters() if p.requires_grad]
        super().__init__(net_or_params, {"lr": lr, "w_max": w_max})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Put the matrices of a group on devices."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        w_max = group["w_max"]
        names = group.get("param_names") or [""] * len(group["params"])
        found = [(n, p) for n, p in zip(names, group["params"], strict=True) if w_max is not None and p.dim() >= 2]
        several = list(w_max) if isinstance(w_max, Sequence) else [w_max] * len(found)
        if len(several) != len(found):
            raise InputError(f"w_max = {w_max}: there are {len(found)} matrices; give one number, or one for each.")
        for (name, parameter), limit in zip(found, several, strict=True):
            if not (isinstance(limit, int | float) and 0 < limit < math.inf):
                raise InputError(f"w_max = {limit}: give a finite number above 0, or None for digital weights.")
            self._place(name, parameter, float(limit))

    def _place(self, name: str, parameter: nn.Parameter, w_max: float) -> None:
        number = len(self._matrices)
        shape = " x ".join(str(n) for n in parameter.shape)
        seed = mixed_seed(self.seed, number)
        name = name or f"matrix {number} ({shape})"
        matrix = Matrix(name, parameter, w_max, self._device, self._rounding, seed, self._spread, {}, 0, {})
        matrix.add_array("weights")
        self.method.prepare(matrix)
        self._matrices[parameter] = matrix
        self._watches[parameter] = Watch()
        with torch.no_grad():
            if self._start == "levels":
                levels = torch.as_tensor(self.synapse.levels("potentiation")).to(parameter)
                g = 0.5 * (parameter / w_max + 1.0)
                above = torch.searchsorted(levels, g.contiguous()).clamp(1, len(levels) - 1)
                nearest = torch.where(g - levels[above - 1] > levels[above] - g, above, above - 1)
                parameter.copy_(w_max * (2.0 * levels[nearest] - 1.0))
            parameter.clamp_(-w_max, w_max)

    def reseed(self, seed: int) -> None:
        """Take another seed, before the first step."""
        if any(matrix.step for matrix in self._matrices.values()):
            raise InputError("The optimiser has made steps with its seed already; reseed a new one.")
        self.seed = seed
        for number, matrix in enumerate(self._matrices.values()):
            matrix.seed = mixed_seed(seed, number)
            names = list(matrix.arrays)
            matrix.arrays.clear()
            for name in names:
                matrix.add_array(name)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update of all parameters that have a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            lr = float(group["lr"])
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is None:
                    continue
                matrix = self._matrices.get(parameter)
                if matrix is None:
                    parameter.add_(gradient, alpha=-lr)
                    continue
                if matrix.step % SURVEY == 0:
                    self._survey(matrix, gradient, lr)
                self.method.update(matrix, gradient, lr)
                matrix.step += 1
                if matrix.arrays["weights"].bad:
                    matrix.arrays["weights"].bad = 0
                    raise InputError(
                        f"The gradient of {matrix.name} holds NaN or infinity at update {matrix.step}. Use a smaller "
                        "learning rate, or look for the first layer whose output is no number."
                    )
        return loss

    def _survey(self, matrix: Matrix, gradient: torch.Tensor, lr: float) -> None:
        watch = self._watches[matrix.weights]
        wanted, small, largest, _ = matrix.arrays["weights"].wish(gradient, self.method.wanted_scale(matrix, lr))
        watch.look(wanted, small, largest)
        if watch.complete(matrix) and not (self.quiet or self._warned):
            message = self.diagnosis()
            if message:
                self._warned = True
                warnings.warn(message, SpinloomWarning, stacklevel=4)
            watch.begin(matrix)

    def diagnosis(self) -> str:
        """What keeps the run from learning, and what to change; empty where nothing does."""
        found = [diagnosis(m, self._watches[p], self.param_groups, self.method) for p, m in self._matrices.items()]
        return " ".join(text for text in found if text)

    def cost(self) -> xr.Dataset:
        """Pulses, energy and time of all writes so far, by array of devices; unknown figures are NaN and named.

        Also how many devices moved (summed over updates), how many were read by the algorithm, and the share of wanted
        changes that were under half a level.
        """
        return cost_table(self._matrices.values(), self._watches.values(), self.synapse)

    # ---- keeping ------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """torch's state dict with, for each matrix, what its method keeps, its step and its counters."""
        for parameter, matrix in self._matrices.items():
            counts = {name: asdict(array.counts) for name, array in matrix.arrays.items()}
            watch = asdict(self._watches[parameter])
            self.state[parameter] = {**matrix.state, "made": matrix.step, "counts": counts, "watch": watch}
        packed = super().state_dict()
        packed["pulses"] = {"seed": self.seed, "warned": self._warned}
        return packed

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where another optimiser of the same parameters stood."""
        own = state_dict.get("pulses")
        if own is None:
            raise InputError("This is the state of another optimiser: it holds no pulses. Load one of PulsedSGD's.")
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "pulses"})
        if own["seed"] != self.seed:
            for matrix in self._matrices.values():
                matrix.step = 0
            self.reseed(own["seed"])
        self._warned = own["warned"]
        for parameter, matrix in self._matrices.items():
            kept = dict(self.state.get(parameter, {}))
            matrix.step = int(kept.pop("made", 0))
            self._watches[parameter] = Watch(**kept.pop("watch", {}))
            for name, counts in kept.pop("counts", {}).items():
                matrix.arrays[name].counts = Counts(**counts)
            matrix.state.update(kept)


@final
@dataclass(frozen=True)
class Pulsed:
    """Pulsed training as a setting: ``TrainingSettings(optimiser=Pulsed(synapse))``; attributes as in PulsedSGD."""

    synapse: Plasticity
    method: str | Method = "in-place"
    w_max: float | tuple[float, ...] | None = 1.0
    rounding: Rounding = "stochastic"
    step_spread: float | None = None
    start: str = "levels"
    seed: int = 0

    def __call__(self, parameters: Iterable[Any], lr: float) -> PulsedSGD:
        """The optimiser of these parameters."""
        return PulsedSGD(
            parameters,
            self.synapse,
            lr,
            self.method,
            self.w_max,
            self.rounding,
            self.step_spread,
            self.start,
            self.seed,
        )
