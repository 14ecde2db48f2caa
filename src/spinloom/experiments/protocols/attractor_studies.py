"""What is measured on a continuous attractor of junctions: holding, wandering, tracking, combining cues, faults.

Times are in units of the filter's time constant tau, currents in widths w of the bell curve, places in radians: the
device gives the scales alone.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.errors import SpinloomWarning
from spinloom.snn.attractor import AttractorNetwork, Depression, Track
from spinloom.snn.axis import Axis
from spinloom.snn.cues import Sensors, posterior

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.superparamagnetic_junction import SuperparamagneticJunction
    from spinloom.devices.two_state import TwoState

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Bench:
    """One device and one set of settings, from which all networks of a run are made."""

    device: SuperparamagneticJunction
    settings: Mapping[str, Any]
    seed: int

    @property
    def junction(self) -> TwoState:
        """One nominal junction."""
        return self.device.two_state(1)

    @property
    def window(self) -> float:
        """Length of a window in tau."""
        return float(self.settings["window"])

    def network(self, places: int | None = None, **changes: Any) -> AttractorNetwork:
        """A network with the settings' numbers, except ``changes``."""
        s = self.settings
        given = {
            "coupling": float(s["coupling"]),
            "inhibition": float(s["inhibition"]),
            "width": float(s["width"]),
            "bias": float(s["bias"]),
            "junctions": self.junction,
        }
        peak = float(self.junction.attempt_frequency[0] * np.exp(-self.junction.thermal_stability[0]))
        return AttractorNetwork(
            Axis(int(s["junctions"]) if places is None else places),
            time_constant=float(s["flips"]) / peak,
            **{**given, **changes},
        )

    def sensors(self, axis: Axis, copies: int = 1) -> Sensors:
        """Sensors of the same junctions."""
        return Sensors(axis, self.junction, float(self.settings["breadth"]), copies)

    def run(
        self, network: AttractorNetwork, start: np.ndarray, duration: float, stimulus: Any = None, **rest: Any
    ) -> Track:
        """Run for ``duration`` [tau]."""
        windows = max(1, round(duration / self.window))
        return network.run(start, windows, self.window * network.time_constant, stimulus, **rest)


def follows(went: float | np.ndarray) -> np.ndarray:
    """Whether a bump that went this share of the cue's way in the second half of a run follows it: 1, within 2 %."""
    return np.abs(np.asarray(went) - 1.0) < 0.02


def _starts(network: AttractorNetwork, places: np.ndarray) -> np.ndarray:
    """The bump at the junctions nearest to ``places``, (len(places), networks, n)."""
    first = network.bump(network.axis.low)
    shift = np.rint((places - network.axis.low) / network.axis.spacing).astype(int)
    return np.stack([np.roll(first, n, axis=-1) for n in shift])


def holding(bench: Bench, report: Report) -> xr.Dataset:
    """The fixed point; above and below the critical coupling; flips over time as a cue comes and goes."""
    import xarray as xr

    network = bench.network()
    axis, w = network.axis, network.current_width
    middle = network.bump()
    on, off = float(bench.settings["on"]), float(bench.settings["off"])
    residual = np.abs(bench.run(network, middle, 0.25 * off).field[-1] - middle).max() / w
    between = axis.low + 0.5 * axis.length + axis.spacing * np.arange(8) / 8.0
    settled = [bench.run(network, network.bump(float(x)), 0.5 * off).field[-1] for x in between]
    heights = [_peak(field[0]) / w for field in settled]
    drift = [float(axis.difference(network.position(f)[0], x)) for f, x in zip(settled, between, strict=True)]
    critical = network.critical_coupling()
    left = []
    for factor in (0.97, 1.03):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpinloomWarning)  # below the critical coupling on purpose
            other = bench.network(coupling=factor * critical)
        left.append(other.holds(bench.run(other, middle, 2.0 * off).field[-1])[0])
    cue = network.feed(bench.sensors(axis).rates(math.pi), float(bench.settings["onset"]))
    runs = int(bench.settings["runs"])
    rest = np.zeros((runs, 1, axis.count))
    lit = bench.run(network, rest, on, cue, seed=bench.seed)
    dark = bench.run(network, lit.field[-1], off, seed=bench.seed + 1)
    report(1, 1)
    flips = np.concatenate([lit.flips[:, 0, 0], dark.flips[:, 0, 0]])
    times = bench.window * (1 + np.arange(len(flips)))
    drawn = slice(None, None, max(1, len(flips) // 400))
    return xr.Dataset(
        {
            "flips": (("time", "place"), flips[drawn].astype(float), {"long_name": "flips in a window"}),
            "bump": (("place",), middle[0] / w, {"long_name": "recurrent current, in widths w"}),
            "rate": (("place",), network.rate(middle)[0] / network.peak_rate),
            "height": (("between",), heights),
            "drift": (("between",), drift, {"units": "rad"}),
            "residual": residual,
            "critical": critical,
            "below": float(left[0]),
            "above": float(left[1]),
            "held": float(network.holds(dark.field[-1]).mean()),
        },
        coords={"time": times[drawn], "place": axis.positions},
    )


def _peak(field: np.ndarray) -> float:
    """Largest value of a field between its places, from its Fourier series."""
    padded = np.fft.irfft(np.fft.rfft(field), 32 * field.size) * 32
    return float(padded.max())


def wandering(bench: Bench, report: Report) -> xr.Dataset:
    """Mean square displacement of a free bump against time and number of junctions."""
    import xarray as xr

    sizes = [int(n) for n in bench.settings["sizes"]]
    square, theory = [], []
    runs = int(bench.settings["runs"])
    for k, size in enumerate(sizes):
        network = bench.network(size)
        start = np.tile(network.bump(), (runs, 1, 1))
        track = bench.run(network, start, float(bench.settings["wander"]), seed=bench.seed + k)
        moved = network.axis.difference(network.position(track.field)[..., 0], network.position(start)[..., 0])
        square.append((moved**2).mean(-1))
        theory.append(network.diffusion() * network.time_constant)
        report(k + 1, len(sizes))
    times = bench.window * (1 + np.arange(square[0].size))
    return xr.Dataset(
        {
            "square": (("size", "time"), square, {"units": "rad2"}),
            "theory": (("size",), theory, {"units": "rad2", "long_name": "D tau"}),
        },
        coords={"size": sizes, "time": times},
        attrs={"runs": runs},
    )


def tracking(bench: Bench, report: Report) -> xr.Dataset:
    """Distance behind a moving cue against its speed: theory, mean rates, counted flips, depressing synapses."""
    import xarray as xr

    s = bench.settings
    strength, runs = float(s["strength"]), int(s["tracking_runs"])
    network = bench.network()
    sensors, axis, tau = bench.sensors(network.axis), network.axis, network.time_constant
    distances = np.linspace(0.0, 2.0, 201)
    pull = network.pull_speed(lambda x: network.feed(sensors.rates(x), strength), distances) * tau
    rising = slice(0, int(pull.argmax()) + 1)
    ratios = np.asarray(s["speeds"], float)
    deep = Depression(float(s["recovery"]) * tau, float(s["use"]) / (float(s["recovery"]) * float(s["flips"])))
    depressed = bench.network(coupling=float(s["coupling_depressed"]))

    def follow(net: AttractorNetwork, speed: float, seed: int | None, **rest: Any) -> tuple[float, float, np.ndarray]:
        """(mean lag, share of the cue's way that the bump went, last lags) in the second half of the run."""
        duration = max(float(s["track"]), float(s["turns"]) * 2.0 * math.pi / speed)
        step = speed * bench.window

        def drive(n: int) -> np.ndarray:
            return net.feed(sensors.rates(float(axis.wrap(math.pi + step * (n + 0.5)))), strength)

        start = np.tile(net.bump(), (runs if seed is not None else 1, 1, 1))
        track = bench.run(net, start, duration, drive, seed=seed, **rest)
        found = network.position(track.field)[..., 0]
        cue = axis.wrap(math.pi + step * (1 + np.arange(len(found))))
        lag = axis.difference(cue[:, None], found)
        half = len(found) // 2
        went = axis.difference(found[half + 1 :], found[half:-1]).sum(0) / (step * (len(found) - half - 1))
        return float(lag[half:].mean()), float(went.mean()), lag[-1]

    lag, went = np.array([follow(network, r * pull.max(), None)[:2] for r in ratios]).T
    report(1, 3)
    noisy = [follow(network, r * pull.max(), bench.seed + 10) for r in ratios if r <= 0.6]
    report(2, 3)
    slow = np.asarray(s["slow"], float)
    leads = _followed([follow(depressed, v, None, depression=deep) for v in slow])
    plain = _followed([follow(depressed, v, None) for v in slow])
    free = bench.run(depressed, depressed.bump(), 20.0, _nudge(network, sensors), depression=deep).field[-1]
    travel = network.position(bench.run(depressed, free, float(s["track"]), depression=deep).field)[:, 0]
    report(3, 3)
    return xr.Dataset(
        {
            "lag": (("ratio",), lag, {"units": "rad"}),
            "went": (("ratio",), went),
            "lag_theory": (("ratio",), np.interp(ratios * pull.max(), pull[rising], distances[rising], right=np.nan)),
            "lag_noisy": (("noisy",), [n[0] for n in noisy]),
            "spread_noisy": (("noisy",), [float(n[2].std()) for n in noisy]),
            "went_noisy": (("noisy",), [n[1] for n in noisy]),
            "lag_depressed": (("slow",), leads),
            "lag_plain": (("slow",), plain),
            "travel": abs(float(axis.difference(travel[-1], travel[-2]))) / bench.window,
            "largest": float(pull.max()),
        },
        coords={"ratio": ratios, "noisy": ratios[ratios <= 0.6], "slow": slow},
    )


def _followed(found: list[tuple[float, float, np.ndarray]]) -> np.ndarray:
    """Distances behind the cue; NaN where the cue was lost."""
    return np.array([lag if follows(went) else math.nan for lag, went, _ in found])


def _nudge(network: AttractorNetwork, sensors: Sensors) -> np.ndarray:
    """A cue beside the bump, which starts it moving if it moves at all."""
    return network.feed(sensors.rates(math.pi + 0.5), 0.5)


def combining(bench: Bench, report: Report) -> xr.Dataset:
    """Two coupled networks, each with a cue of its own: estimates with one cue and with both, and exact Bayes.

    The sensors count for a while, and their counts stay as the stimulus; the bump starts where the population vector
    of all counts points, settles without noise, and then runs on with counted flips.
    """
    import xarray as xr

    s = bench.settings
    network = bench.network(networks=2, reciprocal=float(s["reciprocal"]))
    axis, tau = network.axis, network.time_constant
    trials, conflict = int(s["trials"]), float(s["conflict"])
    duration = float(s["look"]) * tau / float(s["flips"])
    copies = sorted({k for pair in s["pairs"] for k in pair})
    cases = [*((k, 0) for k in copies), *(tuple(pair) for pair in s["pairs"])]
    grid = 2.0 * math.pi * np.arange(6 * axis.count) / (6 * axis.count)

    def trial(number: int, case: tuple[int, int]) -> np.ndarray:
        seed = bench.seed + 1000 * (number + 1)
        truth = np.random.default_rng((seed, 7)).uniform(0.0, 2.0 * math.pi, trials)
        drive, pooled = np.zeros((trials, 2, axis.count)), np.zeros((trials, axis.count))
        likelihood = np.zeros((trials, grid.size))
        apart = conflict if all(case) else 0.0
        for which, (k, sign) in enumerate(zip(case, (0.5, -0.5), strict=True)):
            if k:
                sensors = bench.sensors(axis, k)
                counts = sensors.counts(axis.wrap(truth + sign * apart), duration, seed + which)
                drive[:, which] = network.feed(sensors.pooled(counts) / duration, float(s["gain"]))
                pooled += sensors.pooled(counts)
                likelihood += sensors.log_likelihood(counts, duration, grid)
        start = _starts(network, axis.centre(pooled))
        quiet = bench.run(network, start, float(s["settle"]), drive, every=10).field[-1]
        flipping = bench.run(network, quiet, float(s["flipping"]), drive, seed=seed, every=10).field[-1]
        report(number + 1, len(cases))
        found = [network.position(f) for f in (quiet, flipping)]
        best = posterior(likelihood, grid, axis)[0]
        return np.stack([axis.difference(x, truth) for x in (*found[0].T, *found[1].T, best)])

    errors = np.stack([trial(n, case) for n, case in enumerate(cases)])
    return xr.Dataset(
        {"error": (("case", "estimate", "trial"), errors, {"units": "rad"})},
        coords={
            "estimate": ["quiet 1", "quiet 2", "flipping 1", "flipping 2", "Bayes"],
            "first": (("case",), [a for a, _ in cases]),
            "second": (("case",), [b for _, b in cases]),
        },
        attrs={"conflict": conflict},
    )


def faults(bench: Bench, report: Report) -> xr.Dataset:
    """Scatter of Delta and of I_c, dead junctions: is the bump held, and how far from a steady cue does it stand."""
    import xarray as xr

    s = bench.settings
    kinds = {
        "delta": s["delta_spreads"],
        "trimmed": s["delta_spreads"],
        "critical": s["critical_spreads"],
        "dead": s["dead_shares"],
    }
    chips, places = int(s["chips"]), np.arange(8) * 2.0 * math.pi / 8
    strength = float(s["strength"])
    total = sum(len(levels) for levels in kinds.values())
    done, out = 0, {}
    perfect = bench.network()
    axis, clean = perfect.axis, _starts(perfect, places)
    seen = bench.sensors(axis).rates(places)
    for kind, levels in kinds.items():
        held, error = np.zeros((len(levels), chips)), np.zeros((len(levels), chips))
        for i, level in enumerate(levels):
            for chip in range(chips):
                network = _chip(bench, kind, float(level), chip)
                cue = network.feed(seen, strength)[:, None]
                seed = bench.seed + 77 * chip + i
                lit = bench.run(network, clean, float(s["fault_time"]), cue, seed=seed, every=10).field[-1]
                dark = bench.run(network, lit, float(s["fault_time"]), seed=seed + 1, every=10).field[-1]
                held[i, chip] = network.holds(dark).mean()
                error[i, chip] = np.sqrt((axis.difference(network.position(lit)[:, 0], places) ** 2).mean())
            done += 1
            report(done, total)
        out[f"held_{kind}"] = ((kind, "chip"), held)
        out[f"error_{kind}"] = ((kind, "chip"), error, {"units": "rad"})
    return xr.Dataset(out, coords={kind: np.asarray(levels, float) for kind, levels in kinds.items()})


def _chip(bench: Bench, kind: str, level: float, chip: int) -> AttractorNetwork:
    """One network with drawn junctions; ``chip`` seeds the draw."""
    from spinloom import devices

    count, seed = int(bench.settings["junctions"]), 1000 * bench.seed + chip
    if kind == "dead":
        return bench.network(dead=np.random.default_rng((seed, 3)).random(count) < level)
    spread = "critical_current_spread" if kind == "critical" else "thermal_stability_spread"
    drawn = devices.device(bench.settings["device"], **{spread: level}).two_state(count, seed)
    return bench.network(junctions=drawn, trimmed=kind == "trimmed")
