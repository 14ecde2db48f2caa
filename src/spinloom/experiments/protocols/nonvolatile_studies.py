"""Studies of pulsed p-bits without a problem: curve, law of small networks, spread, memory, faulty resets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context
from spinloom.units import si, si_array

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.pulsed_bit import PulsedBit
    from spinloom.ising.problem import Problem

FALSE_ALARMS = 1e-3


def networks(ring: int = 6) -> dict[str, Problem]:
    """A gate and an adder (triangles: no two colours do) and a ring with a field (two do), in dimod's sign."""
    from spinloom.ising.encodings.gates import GATES
    from spinloom.ising.problem import Problem

    made = {}
    for name in ("AND", "FULL_ADDER"):
        gate = GATES[name]
        made[name] = Problem.from_matrix(-np.array(gate.couplings, float), -np.array(gate.fields, float))
    places = np.arange(ring)
    made["ring"] = Problem.from_arrays(places, (places + 1) % ring, -np.ones(ring), np.full(ring, 0.2))
    return made


def curve(settings: Mapping[str, Any], bit: PulsedBit, context: Context) -> xr.Dataset:
    """P after one pulse from both states: closed form, and two-state junctions by waiting times.

    Settings: ``drives`` (reduced), ``pulse`` (a short one, so that the memory shows), ``trials``.
    """
    import xarray as xr

    stage = context.stage("curve")
    u = si_array(settings["drives"], "number", "drives")
    trials, pulse = int(settings["trials"]), si(settings["pulse"], "time", "pulse")
    closed = np.stack([bit.after_pulse(u, start, pulse) for start in (0.0, 1.0)])
    seen = np.empty_like(closed)
    if bit.rate == 0:
        random = np.random.default_rng([context.seed, 0xC0])
        seen = random.binomial(trials, closed) / trials
    else:
        junction, amperes = bit.junction(u)
        drive = np.broadcast_to(amperes, (trials, u.size))
        for start in (0, 1):
            stage(start, 2)
            seen[start] = junction.flips(drive, pulse, context.seed + start, start=start)[1].mean(axis=0)
    stage(2, 2)
    error = np.sqrt(np.maximum(closed * (1.0 - closed), 1.0 / trials) / trials)
    return xr.Dataset(
        {
            "closed": (("start", "u"), closed), "seen": (("start", "u"), seen), "error": (("start", "u"), error),
            "long": ("u", 0.5 * (1.0 + np.tanh(0.5 * u))), "drive": ("u", bit.centre + bit.width * u),
        },
        coords={"u": u, "start": [0, 1]}, attrs={"pulse": pulse},
    )  # fmt: skip


def gates(settings: Mapping[str, Any], bit: PulsedBit, context: Context) -> xr.Dataset:
    """Total variation from the Boltzmann law of small networks: exact for three orders, and of a sampled histogram.

    Settings: ``beta``, ``reads``, ``samples`` (a read's; six relaxation times apart: independent).
    """
    import xarray as xr

    from spinloom.ising import clocked, clocked_exact
    from spinloom.ising.exact import Enumeration
    from spinloom.ising.histograms import largest_variation, total_variation

    beta, stage = float(settings["beta"]), context.stage("law of small networks")
    made = networks()
    rows: dict[str, list[float]] = {name: [] for name in ("sequential", "colours", "parallel", "sampled", "allowed")}
    for done, problem in enumerate(made.values()):
        stage(done, len(made))
        exact = Enumeration.of(problem)
        law, apart = exact.distribution(beta), 1
        for order in clocked.ORDERS:
            matrix = clocked_exact.transition_matrix(problem, bit, beta, order, limit=np.inf)
            rows[order].append(total_variation(clocked_exact.stationary(matrix), law))
            if order == "sequential":
                apart = 1 + int(6 * clocked_exact.relaxation(matrix))
        reads, samples = int(settings["reads"]), int(settings["samples"])
        found = clocked.run(
            exact, bit, np.full(apart * (samples + 1), beta), reads=reads, seed=context.seed, limit=np.inf, every=apart,
        )  # fmt: skip
        counts = np.bincount(found.record[:, 1:].astype(np.int64).ravel(), minlength=law.size)
        rows["sampled"].append(total_variation(counts, law))
        rows["allowed"].append(largest_variation(law, reads * samples, FALSE_ALARMS))
    stage(len(made), len(made))
    return xr.Dataset({key: ("network", value) for key, value in rows.items()}, coords={"network": list(made)})


def spread(settings: Mapping[str, Any], bits: Mapping[str, PulsedBit], context: Context) -> xr.Dataset:
    """Distance of a full adder's law from Boltzmann's when devices differ, after calibrations of ever more pulses.

    Settings: ``middle`` (spread of I50, relative to I50), ``width`` (of dI, relative), ``beta``, ``chips``, ``pulses``.
    A comparator has no curve that could be off, and is left out.
    """
    import xarray as xr

    from spinloom.ising import clocked_exact
    from spinloom.ising.exact import Enumeration
    from spinloom.ising.histograms import total_variation

    problem, beta = networks()["FULL_ADDER"], float(settings["beta"])
    law, chips = Enumeration.of(problem).distribution(beta), int(settings["chips"])
    taken = {name: bit for name, bit in bits.items() if not bit.comparator_bits}
    distance = np.empty((len(taken), len(settings["pulses"]), chips))
    stage = context.stage("spread between devices")
    for row, bit in enumerate(taken.values()):
        wide = bit.replace(
            offset_spread=float(settings["middle"]) * bit.centre / bit.width, gain_spread=float(settings["width"])
        )
        for chip in range(chips):
            stage(row * chips + chip, len(taken) * chips)
            drawn = wide.devices(problem.size, context.seed + chip)
            for column, pulses in enumerate(settings["pulses"]):
                each = drawn.calibrated(int(pulses), context.seed + chip)
                matrix = clocked_exact.transition_matrix(problem, bit, beta, devices=each)
                distance[row, column, chip] = total_variation(clocked_exact.stationary(matrix), law)
    stage(1, 1)
    return xr.Dataset(
        {"distance": (("device", "pulses", "chip"), distance)},
        coords={"device": list(taken), "pulses": [int(n) for n in settings["pulses"]]},
    )


def memory(settings: Mapping[str, Any], bit: PulsedBit, context: Context) -> xr.Dataset:
    """What pulses too short to forget do: to one bit, to the law of a network, to the time and energy of a solution.

    Settings: ``pulses``, ``beta`` (full adder), ``trials`` (of the measured decay), ``p`` and ``left`` (of the pulse
    that is long enough), ``barrier`` and ``attempt_frequency`` (at rest, of a barrier that heat alone would lower),
    ``number`` and ``split`` (p-bits of both factors).
    """
    import xarray as xr

    from spinloom.experiments.protocols.nonvolatile_problems import factorisation
    from spinloom.ising import clocked_exact
    from spinloom.ising.exact import Enumeration
    from spinloom.ising.histograms import total_variation
    from spinloom.physics import pulsed_bit as closed_forms

    pulses = np.array([si(text, "time", "pulses") for text in settings["pulses"]])
    adder, beta = networks()["FULL_ADDER"], float(settings["beta"])
    law = Enumeration.of(adder).distribution(beta)
    problem, goal, best_beta, _ = factorisation(int(settings["number"]), settings["split"])
    rows: dict[str, list[float]] = {
        name: [] for name in ("sequential", "relaxation", "parallel", "sweeps", "time", "energy")
    }
    stage = context.stage("memory of a pulse")
    for done, pulse in enumerate(pulses):
        stage(done, pulses.size)
        short = bit.replace(pulse_time=float(pulse), pulse_energy=bit.pulse_energy * float(pulse) / bit.pulse_time)
        one = clocked_exact.transition_matrix(adder, short, beta, limit=np.inf)
        rows["sequential"].append(total_variation(clocked_exact.stationary(one), law))
        rows["relaxation"].append(clocked_exact.relaxation(one))
        together = clocked_exact.transition_matrix(adder, short, beta, "parallel", limit=np.inf)
        rows["parallel"].append(total_variation(clocked_exact.stationary(together), law))
        sweeps = clocked_exact.sweeps_to(clocked_exact.transition_matrix(problem, short, best_beta), goal)
        rows["sweeps"].append(sweeps)
        rows["time"].append(sweeps * problem.size * short.time_per_update)
        rows["energy"].append(sweeps * problem.size * short.energy_per_update())
    stage(pulses.size, pulses.size)
    slope, error = _decay(bit, int(settings["trials"]), context.seed)
    p, left = float(settings["p"]), float(settings["left"])
    hot = float(np.log(si(settings["attempt_frequency"], "frequency", "attempt_frequency") / bit.rate))
    heated = closed_forms.heated_growth(float(settings["barrier"]), hot, bit.width / bit.centre)
    return xr.Dataset(
        {
            **{name: ("pulse", value) for name, value in rows.items()},
            "left": ("pulse", np.exp(-2.0 * bit.rate * pulses)),
            "decay": slope, "decay_error": error, "needed": bit.pulse_needed(p, left),
            "heated": heated, "needed_heated": bit.replace(growth=heated).pulse_needed(p, left),
        },
        coords={"pulse": pulses},
    )  # fmt: skip


def _decay(bit: PulsedBit, trials: int, seed: int) -> tuple[float, float]:
    """Measured rate of forgetting at P = 1/2 over a + b, and its standard error, from pulses of 1/(a + b).

    ln of the difference that the start makes to the share of ones, P(1 | was 1) - P(1 | was 0).
    """
    junction, amperes = bit.junction(0.0)
    pulse = 0.5 / bit.rate
    drive = np.broadcast_to(amperes, (trials, 1))
    ones = [junction.flips(drive, pulse, seed + 7 + start, start=start)[1].mean() for start in (0, 1)]
    difference = float(ones[1] - ones[0])
    variance = sum(float(p) * (1.0 - float(p)) for p in ones) / trials
    return -float(np.log(difference)), float(np.sqrt(variance)) / difference


def reset(settings: Mapping[str, Any], bit: PulsedBit, context: Context) -> xr.Dataset:
    """What a reset that fails and a curve that is no logistic one do to a full adder's law, and what undoes the first.

    Settings: ``beta``, ``failures`` (shares of resets).
    """
    import xarray as xr

    from spinloom.devices.pulsed_bit import Devices
    from spinloom.ising import clocked_exact
    from spinloom.ising.exact import Enumeration
    from spinloom.ising.histograms import total_variation
    from spinloom.physics import pulsed_bit as closed_forms

    problem, beta = networks()["FULL_ADDER"], float(settings["beta"])
    law, size = Enumeration.of(problem).distribution(beta), problem.size
    one_way = np.vectorize(lambda u: closed_forms.one_way_probability(u * closed_forms.ONE_WAY_WIDTH))

    def away(item: PulsedBit, devices: Devices | None = None, shape: Any = None) -> float:
        matrix = clocked_exact.transition_matrix(problem, item, beta, devices=devices, curve=shape, limit=np.inf)
        return total_variation(clocked_exact.stationary(matrix), law)

    failing, shifted = [], []
    stage = context.stage("resets that fail")
    for done, share in enumerate(settings["failures"]):
        stage(done, len(settings["failures"]))
        item = bit.replace(reset_failures=float(share))
        failing.append(away(item))
        back = -closed_forms.reset_shift(float(share))
        shifted.append(away(item, Devices(np.ones(size), np.full(size, back))))
    u = np.linspace(-6.0, 6.0, 241)
    return xr.Dataset(
        {
            "failing": ("share", failing), "shifted": ("share", shifted), "one_way": away(bit, shape=one_way),
            "deviation": float(np.abs(one_way(u) - 0.5 * (1.0 + np.tanh(0.5 * u))).max()),
            "curve": ("u", one_way(u)), "logistic": ("u", 0.5 * (1.0 + np.tanh(0.5 * u))),
        },
        coords={"share": [float(x) for x in settings["failures"]], "u": u},
    )  # fmt: skip
