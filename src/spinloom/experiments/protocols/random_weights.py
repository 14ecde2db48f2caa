"""What the quality of random numbers does to a spiking layer that learns digits: as first weights, and as spikes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from spinloom.errors import UnknownNameError
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.protocols.repeat import over_seeds
from spinloom.experiments.protocols.spiking_digits import Digits, learn, plastic_layer
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.snn import Events

NAMES = {
    "whitened": "junction, bits XORed",
    "raw": "junction, raw bits with a bias",
    "correlated": "junction, raw bits with memory",
    "register": "shift register",
    "ideal": "ideal numbers",
    "equal": "all the same",
}
_TAPS = (8, 6, 5, 4)
"""x^8 + x^6 + x^5 + x^4 + 1: the longest period, 255, of a register of eight bits."""


def run(spec: Reproduction, context: Context) -> Outcome:
    """Accuracy with first weights from each source of ``weights``, and with spikes from each of ``spikes``.

    Settings, besides those of ``spiking_digits.learn``: ``outputs``, ``weights``, ``spikes`` (names of sources),
    ``switch`` (a pulsed junction), ``drive_error`` (its relative error of drive, which gives raw bits their bias),
    ``telegraph`` (a superparamagnetic junction), ``interval`` (between its samples), ``xor``, ``weight_bits``,
    ``spike_bits``, ``highest`` (first weight), ``rate`` (of a white pixel), ``steps``, ``seeds``.
    """
    import xarray as xr

    from spinloom.snn import Network, PoissonCode

    settings = spec.settings
    digits = Digits.load(settings["data"], context)
    seeds = int(settings["seeds"]) if context.seeds is None else context.seeds
    pixels, outputs = digits.x.shape[1], int(settings["outputs"])
    raw = Bits.of(settings)
    found: dict[str, xr.Dataset] = {}
    for what, name in [("weights", n) for n in settings["weights"]] + [("spikes", n) for n in settings["spikes"]]:

        def train(
            seed: int, key: str, report: Callable[[int, int], None], what: str = what, name: str = name
        ) -> xr.Dataset:
            begin = None
            if what == "weights":
                begin = first_weights(name, raw, settings, pixels, outputs, seed)
                code: Any = PoissonCode(pixels, settings["rate"], f"{settings['steps']} ms", seed=seed)
            else:
                code = ComparedCode(pixels, raw.below(name, settings), int(settings["steps"]), seed)
            layer = plastic_layer(settings, pixels, outputs, seed, begin)
            net = Network(layer, code, float(settings["mean_weight"]) * pixels)
            data = learn(net, digits, settings, seed, key, context, report)[["look", "accuracy", "spikes"]]
            mean = float("nan") if begin is None else float(begin.mean()) / float(settings["highest"])
            return data.assign(mean=((), mean, {"units": "1", "long_name": "mean first number, of the highest"}))

        label = f"{'first weights' if what == 'weights' else 'spikes'}: {NAMES[name]}"
        found[f"{what}.{name}"] = over_seeds(
            f"{what}-{name}", label, seeds, int(settings["presentations"]), context, train
        )
    data = xr.concat([table.assign_coords(source=key) for key, table in found.items()], dim="source")
    assert isinstance(data, xr.Dataset)  # xarray's signature also allows trees
    references = (*raw.references, *(("LeCun1998",) if settings["data"] == "mnist" else ()))
    return Outcome(_metrics(found, raw, settings), data, (_figure(found),), references, assumed=raw.assumed)


@final
@dataclass(frozen=True)
class Bits:
    """Raw bits of two kinds of junctions.

    Attributes
    ----------
    p : float
        P(1) of a pulsed junction whose drive is off by ``drive_error``.
    share, correlation : float
        P(1) and correlation of neighbours of a sampled junction.
    junction : TwoState
    """

    p: float
    share: float
    correlation: float
    junction: Any
    references: tuple[str, ...]
    assumed: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Bits:
        """From the settings' devices."""
        from spinloom.devices import device
        from spinloom.responses import Bernoulli

        switch = Bernoulli.from_parameters(settings["switch"])
        p = float(switch(switch.centre * (1.0 + si(settings["drive_error"], "number", "drive_error"))))
        sampled = device(settings["telegraph"])
        one = sampled.two_state()
        share = float(one.probability_parallel()[0])
        memory = math.exp(-si(settings["interval"], "time", "interval") / float(one.correlation_time()[0]))
        references = (*switch.references, *sampled.parameters.references())
        return cls(p, share, memory, one, references, (*switch.assumed, *sampled.parameters.assumed_inputs()))

    def numbers(self, name: str, count: int, bits: int, settings: Mapping[str, Any], seed: int) -> np.ndarray:
        """``count`` whole numbers of ``bits`` bits, the first bit the highest."""
        from spinloom.devices.bit_stream import bernoulli_bits, telegraph_bits

        if name == "ideal":
            return np.random.default_rng((seed, 0xB175)).integers(0, 2**bits, count)
        if name == "equal":
            return np.full(count, 2 ** (bits - 1))
        if name == "register":
            return register(count, seed) & (2**bits - 1)
        if name == "correlated":
            stream = telegraph_bits(self.junction, count * bits, settings["interval"], seed=seed, check=False)
        elif name in ("raw", "whitened"):
            depth = int(settings["xor"]) if name == "whitened" else 1
            stream = bernoulli_bits(self.p, count * bits, xor=depth, seed=seed)
        else:
            raise UnknownNameError("source of random numbers", name, NAMES)
        return stream.unpacked()[0].reshape(count, bits) @ (1 << np.arange(bits)[::-1])

    def below(self, name: str, settings: Mapping[str, Any]) -> np.ndarray:
        """P(number < k) for k up to what a white pixel takes: how often a pixel compared with numbers spikes.

        Exact for one number; that numbers follow each other in one stream is left out, as is its memory between them.
        """
        bits = int(settings["spike_bits"])
        top = round(2**bits * si(settings["rate"], "frequency", "rate") * 1e-3)
        p, memory = {"raw": (self.p, 0.0), "correlated": (self.share, self.correlation)}.get(name, (0.5, 0.0))
        return number_below(bits, p, memory)[: top + 1]


def number_below(bits: int, p: float, correlation: float) -> np.ndarray:
    """P(N < k), k = 0..2^bits, of numbers whose bits are a chain with P(1) = p and a correlation of neighbours."""
    numbers = np.arange(2**bits)
    digits = (numbers[:, None] >> np.arange(bits)[::-1]) & 1
    one = np.full(digits.shape, p)
    one[:, 1:] += correlation * (digits[:, :-1] - p)
    chance = np.where(digits == 1, one, 1.0 - one).prod(axis=1)
    return np.concatenate([[0.0], np.cumsum(chance)])


def register(count: int, seed: int) -> np.ndarray:
    """States of a linear feedback shift register of eight bits, read at each clock: they repeat after 255."""
    state, cycle = 1 + seed % 255, np.empty(255, np.int64)
    for n in range(255):
        cycle[n] = state
        bit = 0
        for tap in _TAPS:
            bit ^= state >> (8 - tap)
        state = (state >> 1) | ((bit & 1) << 7)
    return np.resize(cycle, count)


def first_weights(
    name: str, raw: Bits, settings: Mapping[str, Any], pixels: int, outputs: int, seed: int
) -> np.ndarray:
    """Weights (pixels, outputs) up to ``highest`` from numbers of ``weight_bits`` bits, row by row."""
    bits = int(settings["weight_bits"])
    numbers = raw.numbers(name, pixels * outputs, bits, settings, seed)
    return float(settings["highest"]) * numbers.reshape(pixels, outputs) / (2**bits - 1)


@final
@dataclass(frozen=True)
class ComparedCode:
    """A pixel spikes in a step of 1 ms when the step's random number is below it: P from a table over 0..1."""

    inputs: int
    table: np.ndarray
    steps: int
    seed: int

    def __call__(self, x: np.ndarray, number: int) -> Events:
        """The spikes of presentation ``number``."""
        from spinloom.snn.coding import spikes

        place = np.round(np.asarray(x) * (self.table.size - 1)).astype(int)
        return spikes(self.table[place], self.steps, 1e-3, self.seed, number)


def _metrics(found: Mapping[str, xr.Dataset], raw: Bits, settings: Mapping[str, Any]) -> dict[str, Metric]:
    metrics = {"probability.raw": Metric(raw.p), "correlation": Metric(raw.correlation)}
    for key, data in found.items():
        metrics[f"accuracy.{key}"] = Metric.mean(data["accuracy"].values, "%")
        what, name = key.split(".")
        best = "whitened" if what == "weights" else "ideal"
        if name != best:
            gain = found[f"{what}.{best}"]["accuracy"].values - data["accuracy"].values
            metrics[f"gain.{key}"] = Metric.mean(gain, "%")
        early = data["look"].isel(presentations=0).values
        metrics[f"early.{key}"] = Metric.mean(early, "%")
    for name in ("raw", "correlated"):
        if f"weights.{name}" in found:
            metrics[f"mean.{name}"] = Metric(float(found[f"weights.{name}"]["mean"].mean()))
        table, fair = raw.below(name, settings), raw.below("ideal", settings)
        metrics[f"rate.{name}"] = Metric(float(table[-1] / fair[-1]))
    return metrics


def _figure(found: Mapping[str, xr.Dataset]) -> FigureSpec:
    names = [f"{'first weights' if k[0] == 'w' else 'spikes'}: {NAMES[k.split('.')[1]]}" for k in found]
    means = [float(data["accuracy"].mean()) for data in found.values()]
    places = np.arange(float(len(names)))
    bars = Series("", np.array(means), places, style="bars")
    ends = Panel("accuracy (%)", "", (bars,), categories=tuple(names), x_limits=(0.0, 100.0))
    curves = []
    for key, data in found.items():
        if key.startswith("weights"):
            x = data["presentations"].values / 1000.0
            curves.append(Series(NAMES[key.split(".")[1]], x, data["look"].mean("seed").values, style="both"))
    way = Panel("presentations (thousands)", "accuracy (%)", tuple(curves), title="first weights")
    return FigureSpec(
        "sources", "Random numbers of several sources in a spiking layer", (ends, way),
        "Left: accuracy at the end, mean over seeds. Right: on the way, by the source of the first weights.",
    )  # fmt: skip
