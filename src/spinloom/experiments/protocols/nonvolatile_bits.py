"""Non-volatile p-bits, decided by pulses: their curve, the law of their networks, problems solved, time and energy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import nonvolatile_problems as problems
from spinloom.experiments.protocols import nonvolatile_studies as studies
from spinloom.experiments.protocols.nonvolatile_figures import figures
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.probabilistic_bit import ProbabilisticBit
    from spinloom.devices.pulsed_bit import PulsedBit

_PICO, _NANO, _MICRO, _PERCENT = 1e12, 1e9, 1e6, 1e2
Bits = Mapping[str, "PulsedBit"]


def run(spec: Reproduction, context: Context) -> Outcome:
    """A pulsed p-bit beside others: curve, gates, factors, cuts, spread; memory where there is no reset.

    Settings: ``device`` and ``others`` (pulsed p-bits), ``free`` (free-running ones, for time and energy); ``curve``,
    ``gates``, ``factors``, ``cut``, ``graph``, ``spread``, and ``memory`` or ``reset``: see ``nonvolatile_studies`` and
    ``nonvolatile_problems``. ``cmos``: energy of a digital decision.
    """
    import xarray as xr

    from spinloom.devices import device
    from spinloom.ising.clocked import pulsed_bit

    settings = spec.settings
    names = [settings["device"], *settings.get("others", [])]
    bits = {name: pulsed_bit(name) for name in names}
    free = {name: device(name) for name in settings.get("free", [])}
    bit = bits[settings["device"]]
    found: dict[str, xr.Dataset] = {
        "gates": context.part("gates", lambda: studies.gates(settings["gates"], bit, context)),
        "factors": context.part("factors", lambda: problems.factors(settings, bits, free, context)),
        "cut": context.part("cut", lambda: problems.lattice(settings["cut"], bits, context)),
        "graph": context.part("graph", lambda: problems.graph(settings["graph"], bits, context)),
        "spread": context.part("spread", lambda: studies.spread(settings["spread"], bits, context)),
    }
    if "curve" in settings:
        found["curve"] = context.part("curve", lambda: studies.curve(settings["curve"], bit, context))
    if "memory" in settings:
        found["memory"] = context.part("memory", lambda: studies.memory(settings["memory"], bit, context))
    if "reset" in settings:
        found["reset"] = context.part("reset", lambda: studies.reset(settings["reset"], bit, context))
    metrics = {**_device(bits, free), **_metrics(found, settings)}
    data = xr.merge(
        [table.rename({name: f"{key}_{name}" for name in [*table.data_vars, *table.coords, *table.dims]})
         for key, table in found.items()], combine_attrs="drop",
    )  # fmt: skip
    used = dict.fromkeys(key for item in bits.values() for key in item.references)
    used |= dict.fromkeys(key for item in free.values() for key in item.parameters.references())
    assumed = [row for item in bits.values() for row in item.assumed]
    assumed += [row for item in free.values() for row in item.parameters.assumed_inputs()]
    return Outcome(metrics, data, figures(found, bits), tuple(used), tuple(assumed))


def _device(bits: Bits, free: Mapping[str, ProbabilisticBit]) -> dict[str, Metric]:
    """Time and energy of one decision, what a pulse leaves of the old state, and when a free-running p-bit costs more.

    ``even``: time between decisions of one p-bit from which its energy is below what a free-running one draws in it.
    """
    made = {}
    for name, bit in bits.items():
        key = name.partition("_")[0]
        made[f"{key}.time"] = Metric(_NANO * bit.time_per_update, "ns")
        made[f"{key}.energy"] = Metric(_PICO * bit.energy_per_update(), "pJ")
        made[f"{key}.left"] = Metric(_PERCENT * float(bit.memory(np.linspace(-4.0, 4.0, 33)).max()), "%")
        for other, item in free.items():
            even = bit.energy_per_update() / item.parameters.value("power")
            made[f"{key}.even.{other.partition('_')[0]}"] = Metric(_MICRO * even, "us")
    return made


def _metrics(found: Mapping[str, xr.Dataset], settings: Mapping[str, Any]) -> dict[str, Metric]:
    made: dict[str, Metric] = {}
    table = found["gates"]
    for name in map(str, table["network"].values):
        row = table.sel(network=name)
        for order in ("sequential", "colours", "parallel"):
            made[f"gates.{name}.{order}"] = Metric(float(row[order]))
        made[f"gates.{name}.sampled"] = Metric(float(row["sampled"] / row["allowed"]))
    made["gates.sequential"] = Metric(float(table["sequential"].max()))
    made["gates.colours"] = Metric(float(table["colours"].max()))
    made["gates.parallel"] = Metric(float(table["parallel"].min()))
    made["gates.sampled"] = Metric(float((table["sampled"] / table["allowed"]).max()))
    made |= _factor_metrics(found["factors"], settings)
    for key in ("cut", "graph"):
        table = found[key]
        for name in map(str, table["device"].values):
            row, short = table.sel(device=name), name.partition("_")[0]
            made[f"{key}.{short}.mean"] = Metric.mean(_PERCENT * row["value"].values / float(table["best"]), "%")
            made[f"{key}.{short}.reached"] = Metric(_PERCENT * float(row["reached"]), "%")
            made[f"{key}.{short}.time"] = Metric(_MICRO * float(row["time"]), "us")
            made[f"{key}.{short}.energy"] = Metric(_MICRO * float(row["energy"]), "uJ")
        made[f"{key}.parallel"] = Metric(_PERCENT * float(table["parallel"].mean() / table["best"]), "%")
        made[f"{key}.steps"] = Metric(float(table["steps"]))
    made |= _spread_metrics(found["spread"])
    if "curve" in found:
        table = found["curve"]
        made["curve.deviation"] = Metric(float((np.abs(table["seen"] - table["closed"]) / table["error"]).max()))
        made["curve.low"], made["curve.high"] = (Metric(_PERCENT * float(table["long"][i]), "%") for i in (0, -1))
    return made | _memory_metrics(found) | _reset_metrics(found)


def _factor_metrics(table: xr.Dataset, settings: Mapping[str, Any]) -> dict[str, Metric]:
    """Of the factorisations: by number and device, and their ratios to the first device."""
    made: dict[str, Metric] = {}
    first = settings["device"]
    for number in table["number"].values:
        rows = table.sel(number=number)
        made[f"factors.{number}.mode"] = Metric(float(rows["mode"].min()))
        made[f"factors.{number}.found"] = Metric(_PERCENT * float(rows["found"].min()), "%")
        for name in map(str, table["device"].values):
            row, short = rows.sel(device=name), name.partition("_")[0]
            made[f"factors.{number}.{short}.sweeps"] = Metric(float(row["sweeps"]))
            made[f"factors.{number}.{short}.time"] = Metric(_MICRO * float(row["time"]), "us")
            made[f"factors.{number}.{short}.energy"] = Metric(_NANO * float(row["energy"]), "nJ")
        made[f"factors.{number}.cmos.energy"] = Metric(_NANO * float(rows["cmos"]), "nJ")
    made["factors.deviation"] = Metric(float(np.nanmax(table["deviation"].values)))
    ours = table.sel(device=first)
    for name in map(str, table["device"].values):
        row, short = table.sel(device=name), name.partition("_")[0]
        made[f"factors.{short}.time_ratio"] = Metric(float((row["time"] / ours["time"]).min()))
        made[f"factors.{short}.energy_ratio"] = Metric(float((row["energy"] / ours["energy"]).min()))
    return made


def _spread_metrics(table: xr.Dataset) -> dict[str, Metric]:
    made = {}
    for name in map(str, table["device"].values):
        rows, short = table.sel(device=name), name.partition("_")[0]
        for pulses in table["pulses"].values:
            made[f"spread.{short}.{pulses}"] = Metric.mean(rows["distance"].sel(pulses=pulses).values)
    return made


def _memory_metrics(found: Mapping[str, xr.Dataset]) -> dict[str, Metric]:
    if "memory" not in found:
        return {}
    table = found["memory"]
    best, quick = int(np.argmin(table["energy"].values)), int(np.argmin(table["time"].values))
    pulse = _NANO * table["pulse"].values
    return {
        "memory.decay": Metric(float(table["decay"]), "", float(table["decay_error"])),
        "memory.law": Metric(float(table["sequential"].max())),
        "memory.relaxation": Metric([float(x) for x in table["relaxation"].values]),
        "memory.parallel": Metric([float(x) for x in table["parallel"].values]),
        "memory.parallel.short": Metric(float(table["parallel"][0])),
        "memory.parallel.long": Metric(float(table["parallel"][-1])),
        "memory.needed": Metric(_NANO * float(table["needed"]), "ns"),
        "memory.heated.growth": Metric(float(table["heated"])),
        "memory.heated.needed": Metric(float(table["needed_heated"]), "s"),
        "memory.best_energy.pulse": Metric(float(pulse[best]), "ns"),
        "memory.best_time.pulse": Metric(float(pulse[quick]), "ns"),
        "memory.best_energy.gain": Metric(float(table["energy"][-1] / table["energy"][best])),
        "memory.best_time.gain": Metric(float(table["time"][-1] / table["time"][quick])),
    }


def _reset_metrics(found: Mapping[str, xr.Dataset]) -> dict[str, Metric]:
    if "reset" not in found:
        return {}
    table = found["reset"]
    return {
        "reset.failing": Metric(float(table["failing"].max())),
        "reset.shifted": Metric(float(table["shifted"].max())),
        "reset.one_way": Metric(float(table["one_way"])),
        "reset.one_way.curve": Metric(_PERCENT * float(table["deviation"]), "%"),
    }
