"""A junction that a weak square wave and noise lock together: mean frequency and agreement against the noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.devices.square_drive import HeldNoise, held_noise_response, square_response, with_fast_noise
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si, si_array

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.superparamagnetic_junction import SuperparamagneticJunction
    from spinloom.devices.two_state import TwoState

_MILLI = 1e3
_LOCKED = 0.05
"""The mean frequency counts as locked within this share of the drive's."""


def run(spec: Reproduction, context: Context) -> Outcome:
    """Drive copies of a junction by a square wave under noise of rising strength; compare with the closed forms.

    Settings: ``device`` (with a critical voltage), ``amplitude`` [V], ``frequency``, ``noise`` (range of standard
    deviations [V]), ``copies``, ``periods``, ``settle`` (periods not counted), ``slices`` (of a
    period), ``holds`` (times for which noise of a
    narrower band is held), ``held_noise`` [V], ``held_periods`` and ``held_copies`` (direct simulation of the first of
    the holds), ``in_step`` (agreement that counts as locked, for the energy), ``barrier_left`` (kT).
    """
    from spinloom import device

    settings = spec.settings
    junction = device(settings["device"])
    stage = context.stage("square wave and noise")
    swept = context.part("swept", lambda: _sweep(junction, settings, context.seed, stage))
    held = context.part("held", lambda: _held(junction, settings, context))
    fine = _closed_forms(junction, settings)
    fast = _least_energy(junction, settings)
    metrics = _metrics(junction, settings, swept, held, fine, fast)
    assumed = junction.parameters.assumed_inputs()
    figures = (_figure(swept, fine, settings), _band_figure(junction, settings, held, fine))
    return Outcome(metrics, swept.merge(held), figures, tuple(junction.parameters.references()), assumed)


def _wave(settings: Mapping[str, Any]) -> tuple[float, float]:
    """(amplitude [V], period [s])."""
    return si(settings["amplitude"], "voltage", "amplitude"), 1.0 / si(settings["frequency"], "frequency", "frequency")


def _in_volts(junction: SuperparamagneticJunction, count: int = 1) -> TwoState:
    """Junctions whose drive is a voltage: V_c stands where a critical current would."""
    from spinloom.devices.two_state import TwoState

    v = junction.parameters.value
    numbers = (v("attempt_frequency"), v("thermal_stability"), v("critical_voltage"), 0.0)
    return TwoState(*(np.full(count, number) for number in numbers))


def _sweep(junction: SuperparamagneticJunction, settings: Mapping[str, Any], seed: int, stage: Any) -> xr.Dataset:
    """Flips of every copy at every noise, counted slice by slice of each period (exact, by waiting times)."""
    import xarray as xr

    volts, period = _wave(settings)
    sigma = si_array(settings["noise"], "voltage", "noise")
    copies, periods, settle, slices = (int(settings[key]) for key in ("copies", "periods", "settle", "slices"))
    many = with_fast_noise(_in_volts(junction, sigma.size * copies), np.repeat(sigma, copies))
    state = many.start(0.0, seed)
    counts = np.empty((periods * slices, many.count), np.int64)
    for step in range((settle + periods) * slices):
        sign = 1.0 if step % slices < slices // 2 else -1.0
        found, state = many.flips(sign * volts, period / slices, seed=2 * step + 1 + 10**7 * seed, start=state)
        if step >= settle * slices:
            counts[step - settle * slices] = found
        if (step + 1) % slices == 0:
            stage((step + 1) // slices, settle + periods)
    shape = (sigma.size, copies)
    index = np.array([phase_locking_index(column, slices) for column in counts.T])
    return xr.Dataset(
        {
            "frequency": (
                ("noise", "copy"),
                (0.5 * counts.sum(axis=0) / (periods * period)).reshape(shape),
                {"units": "Hz"},
            ),
            "locking": (("noise", "copy"), index.reshape(shape), {"units": "1"}),
        },
        coords={"noise": ("noise", sigma, {"units": "V"})},
    )


def phase_locking_index(counts: np.ndarray, slices: int) -> float:
    """|<exp(i (phi - Phi))>| of a junction's phase, which grows by pi from flip to flip, and the wave's.

    Between flips the phase grows evenly (Rice's phase of a telegraph signal). 1: every edge is followed at the same
    delay; 0: no relation, or no flips.

    Parameters
    ----------
    counts : array (steps,)
        Flips in successive slices of time; those of one slice are taken to be spread evenly over it.
    slices : int
        To a period of the wave.
    """
    total = int(counts.sum())
    if total < 2:
        return 0.0
    where = np.repeat(np.arange(counts.size), counts)
    rank = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    times = where + (rank + 0.5) / counts[where]
    inside = np.arange(np.ceil(times[0]), np.floor(times[-1]) + 0.5)
    if inside.size == 0:
        return 0.0
    phase = np.pi * np.interp(inside, times, np.arange(total))
    return float(np.abs(np.exp(1j * (phase - 2.0 * np.pi * inside / slices)).mean()))


def _held(junction: SuperparamagneticJunction, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Noise as it is, value by value, of a band of 1/hold: junctions that follow it step by step."""
    import xarray as xr

    volts, period = _wave(settings)
    sigma = si_array(settings["held_noise"], "voltage", "held_noise")
    hold, copies = si(settings["holds"][0], "time", "holds"), int(settings["held_copies"])
    time = int(settings["held_periods"]) * period
    stage = context.stage("noise value by value")
    rates = []
    for index, deviation in enumerate(sigma):
        row = []
        for repeat in range(4):  # junctions of one run share its noise: runs with noise of their own tell the error
            noise = HeldNoise(volts, float(deviation), period, hold, time, 100 * context.seed + 10 * index + repeat)
            many = _in_volts(junction, copies)
            _, flips, _ = many.follow(1.0, hold, round(time / hold), 10 * index + repeat + context.seed, waveform=noise)
            row.append(0.5 * float(flips.mean()) / time)
        rates.append(row)
        stage(index + 1, sigma.size)
    return xr.Dataset(
        {"held_frequency": (("held_noise", "repeat"), rates, {"units": "Hz"})},
        coords={"held_noise": ("held_noise", sigma, {"units": "V"})},
    )


def _closed_forms(junction: SuperparamagneticJunction, settings: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Frequency over a fine grid of noise, for noise faster than the junction, and where it is locked."""
    volts, period = _wave(settings)
    edge = si_array(settings["noise"], "voltage", "noise")
    sigma = np.linspace(edge.min(), edge.max(), 600)
    found = square_response(with_fast_noise(_in_volts(junction, sigma.size), sigma), volts, period)
    locked = np.abs(0.5 * found.flip_rate * period - 1.0) < _LOCKED
    return {"noise": sigma, "frequency": 0.5 * found.flip_rate, "locked": locked}


def _held_frequency(
    junction: SuperparamagneticJunction, settings: Mapping[str, Any], sigma: np.ndarray, hold: float
) -> np.ndarray:
    volts, period = _wave(settings)
    one = _in_volts(junction)
    return np.array([0.5 * held_noise_response(one, volts, float(s), period, hold).flip_rate[0] for s in sigma])


def _least_energy(junction: SuperparamagneticJunction, settings: Mapping[str, Any]) -> dict[str, float]:
    """The cheapest locking by a wave alone, of junctions whose barrier (and V_c with it) is lowered.

    V^2/(R F) a period at the highest frequency that still locks; a barrier of ``barrier_left`` kT remains in the
    favoured direction, so that rates stay below the attempt frequency.
    """
    from spinloom.devices.two_state import TwoState

    v = junction.parameters.value
    scale = v("critical_voltage") / v("thermal_stability")  # volts a kT: the same torque at any barrier
    best = {"energy": np.inf}
    for pull in np.linspace(1.5, 8.0, 66):  # Delta V/V_c
        delta = pull + float(settings["barrier_left"])
        periods = np.logspace(0.0, 6.0, 600) / v("attempt_frequency")
        numbers = (v("attempt_frequency"), delta, scale * delta, 0.0)
        same = TwoState(*(np.full(periods.size, number) for number in numbers))
        found = square_response(same, scale * pull, periods)
        locked = np.abs(0.5 * found.flip_rate * periods - 1.0) < _LOCKED
        locked &= found.in_step >= float(settings["in_step"])
        if not locked.any():
            continue
        period = float(periods[locked][0])  # the shortest
        energy = (scale * pull) ** 2 / v("resistance_parallel") * period
        if energy < best["energy"]:
            best = {"energy": energy, "delta": delta, "volts": scale * pull, "frequency": 1.0 / period}
    return best


def _metrics(
    junction: SuperparamagneticJunction,
    settings: Mapping[str, Any],
    swept: xr.Dataset,
    held: xr.Dataset,
    fine: Mapping[str, np.ndarray],
    fast: Mapping[str, float],
) -> dict[str, Metric]:
    volts, period = _wave(settings)
    ohms = junction.parameters.value("resistance_parallel")
    edges = fine["noise"][fine["locked"]]
    middle = float(edges.mean()) if edges.size else float("nan")
    sigma = swept["noise"].values
    at = int(np.argmin(np.abs(sigma - middle))) if edges.size else 0
    exact = square_response(with_fast_noise(_in_volts(junction, sigma.size), sigma), volts, period)
    copies = swept.sizes["copy"]

    def mean(name: str, index: int) -> tuple[float, float]:
        values = swept[name].values[index]
        return float(values.mean()), float(values.std(ddof=1) / np.sqrt(copies))

    found = swept["frequency"].mean("copy").values
    # flips of a copy vary by less than twice a Poisson process' variance; locked ones by far less
    expected = exact.flip_rate * 0.5
    spread = np.sqrt(expected / (copies * int(settings["periods"]) * period))
    hold = si(settings["holds"][0], "time", "holds")
    direct = held["held_frequency"].values
    chain = _held_frequency(junction, settings, held["held_noise"].values, hold)
    energy = (volts**2 + middle**2) / ohms * period
    bound = si(settings["energy_bound"], "energy", "energy_bound")
    return {
        "frequency.plateau": Metric(mean("frequency", at)[0], "Hz", mean("frequency", at)[1]),
        "frequency.low": Metric(*_with_unit(mean("frequency", 0), "Hz")),
        "frequency.high": Metric(*_with_unit(mean("frequency", -1), "Hz")),
        "locking.low": Metric(*_with_unit(mean("locking", 0), "")),
        "locking.plateau": Metric(*_with_unit(mean("locking", at), "")),
        "locking.high": Metric(*_with_unit(mean("locking", -1), "")),
        "in_step.plateau": Metric(float(exact.in_step[at])),
        "in_step.high": Metric(round(float(exact.in_step[-1]), 6)),
        "plateau.begin": Metric(float(edges.min()) * _MILLI if edges.size else float("nan"), "mV"),
        "plateau.end": Metric(float(edges.max()) * _MILLI if edges.size else float("nan"), "mV"),
        "check.closed_form": Metric(float(np.abs((found - expected) / spread).max())),
        "check.held": Metric(float(np.abs(direct.mean(axis=1) / chain - 1.0).max() * 100.0), "%"),
        "energy.period": Metric(energy * 1e9, "nJ"),
        "energy.product": Metric(energy * ohms / period / bound / 1e9, "GHz ohm"),
        "energy.fast": Metric(fast["energy"] * 1e15, "fJ"),
        "energy.fast_delta": Metric(fast["delta"], "kT"),
        "energy.fast_volts": Metric(fast["volts"] * _MILLI, "mV"),
        "energy.fast_frequency": Metric(fast["frequency"] / 1e6, "MHz"),
        "energy.fast_resistance": Metric(fast["energy"] * ohms / bound / 1e3, "kohm"),
    }


def _with_unit(value: tuple[float, float], unit: str) -> tuple[float, str, float]:
    return value[0], unit, value[1]


def _figure(swept: xr.Dataset, fine: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> FigureSpec:
    x = swept["noise"].values * _MILLI
    copies = np.sqrt(swept.sizes["copy"])
    panels = []
    for name, label in (("frequency", "mean frequency (Hz)"), ("locking", "phase-locking index")):
        values = swept[name]
        series = [
            Series("simulated", x, values.mean("copy").values, error=values.std("copy", ddof=1).values / copies,
                   style="points", tone=0),
        ]  # fmt: skip
        limits = (-0.05, 1.1)
        if name == "frequency":
            series.append(Series("closed form", fine["noise"] * _MILLI, fine[name], tone=0))
            drive = si(settings["frequency"], "frequency", "frequency")
            series.append(
                Series("frequency of the wave", x[[0, -1]], np.full(2, drive), style="dashed", group="published")
            )
            limits = (0.0, 3.0 * drive)
        panels.append(Panel("noise σ (mV)", label, tuple(series), y_limits=limits))
    return FigureSpec(
        "locking",
        "Noise locks the junction, and more noise frees it",
        tuple(panels),
        "Mean frequency (half of the flips a second) and phase-locking index over the noise's standard deviation. "
        "Bars: standard error of the mean.",
    )


def _band_figure(
    junction: SuperparamagneticJunction, settings: Mapping[str, Any], held: xr.Dataset, fine: Mapping[str, np.ndarray]
) -> FigureSpec:
    drive = si(settings["frequency"], "frequency", "frequency")
    sigma = fine["noise"][::12]
    series = [Series("noise faster than the junction", fine["noise"] * _MILLI, fine["frequency"])]
    for text in settings["holds"]:
        hold = si(text, "time", "holds")
        series.append(Series(f"held for {text}", sigma * _MILLI, _held_frequency(junction, settings, sigma, hold)))
    points = held["held_frequency"]
    series.append(
        Series(f"simulated, held for {settings['holds'][0]}", held["held_noise"].values * _MILLI,
               points.mean("repeat").values, error=points.std("repeat", ddof=1).values / 2.0, style="points")
    )  # fmt: skip
    panel = Panel("noise σ (mV)", "mean frequency (Hz)", tuple(series), y_limits=(0.0, 3.0 * drive))
    return FigureSpec(
        "band",
        "What the noise's bandwidth does",
        (panel,),
        "Noise that is held for a while shakes the junction less than faster noise of the same strength, since a rate "
        "above one over that time has no further effect: the plateau gets longer. Lines: exact; points: simulated.",
    )
