"""Small networks of dipole-coupled nanomagnets as Ising machines: their correlations against exact enumeration."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.devices import device, nanomagnet_bodies
from spinloom.devices.nanomagnet_array import NanomagnetArray, joint_states
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import nanomagnet_figures
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.ising.exact import Enumeration
from spinloom.units import si

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.nanomagnet import Nanomagnet

LAWS = {"neel": "neel", "bath": "heat bath"}


def run(spec: Reproduction, context: Context) -> Outcome:
    """Correlations of several layouts under both laws of flipping, over distance and over temperature.

    Settings: ``device``, ``networks`` (name -> layout and count), ``duration`` (of a run), ``runs``, ``spacings`` and
    ``temperatures`` (of the network named ``swept``), ``gaps`` (of a pair, bodies against points), ``thicknesses``
    (of a pair, two states against free moments), ``llg`` (a pair of macrospins: thickness, damping, duration, copies).
    """
    import xarray as xr

    settings = spec.settings
    magnet: Nanomagnet = device(settings["device"])
    networks: Mapping[str, Mapping[str, Any]] = settings["networks"]
    stage = context.stage("networks of magnets")
    total = len(networks) + len(settings["spacings"]) + len(settings["temperatures"]) + 1
    parts: list[xr.Dataset] = []
    metrics: dict[str, Metric] = {}
    worst = dict.fromkeys(LAWS, 0.0)
    shape = settings["networks"][settings["swept"]]
    for number, (name, network) in enumerate(networks.items()):
        array = magnet.layout(network["layout"], int(network["count"]))
        found = context.part(f"network-{name}", functools.partial(_network, array, settings, context.seed))
        metrics |= _network_metrics(name, found)
        for law in LAWS:
            worst[law] = max(worst[law], _deviation(found, law))
        parts.append(found.rename({key: f"{name}_{key}" for key in [*found.data_vars, *found.dims]}))
        stage(number + 1, total)
    metrics |= {f"deviation.{law}": Metric(value) for law, value in worst.items()}
    spacing = _sweep(magnet, shape, "spacing", settings, context, len(networks), total)
    warm = _sweep(magnet, shape, "temperature", settings, context, len(networks) + len(settings["spacings"]), total)
    for name, table in (("spacing", spacing), ("temperature", warm)):
        metrics[f"{name}.neighbours"] = Metric([float(value) for value in table["neel"]])
        metrics[f"{name}.deviation"] = Metric(float(np.abs((table["neel"] - table["exact"]) / table["error"]).max()))
    gaps = _gaps(magnet, settings)
    soft = _soft(magnet, settings)
    metrics |= _pair_metrics(magnet, gaps, soft, settings)
    llg = context.part("llg", functools.partial(_llg, magnet, settings["llg"], context.seed))
    stage(total, total)
    metrics |= _llg_metrics(llg)
    data = xr.merge([*parts, spacing.rename(_named(spacing, "spacing")), warm.rename(_named(warm, "temperature")),
                     gaps, soft, llg], combine_attrs="drop")  # fmt: skip
    data.attrs["llg_thickness"] = si(settings["llg"]["thickness"], "length", "thickness")
    drawn = nanomagnet_figures.figures(data, list(networks), settings)
    assumed = magnet.parameters.assumed_inputs()
    references = ("Newell1993", *magnet.parameters.references())
    return Outcome(metrics, data, drawn, tuple(dict.fromkeys(references)), assumed)


def _named(table: xr.Dataset, sweep: str) -> dict[Any, str]:
    return {name: f"{sweep}_{name}" for name in table.data_vars}


def exact_correlations(array: NanomagnetArray) -> tuple[np.ndarray, np.ndarray]:
    """<s_i s_j> (n, n) and probabilities (2^n,) of Boltzmann's law by enumeration."""
    found = Enumeration.from_matrix(array.couplings() / array.thermal_energy, array.biases / array.thermal_energy)
    law = np.exp(found.energies.min() - found.energies)
    law /= law.sum()
    signs = joint_states(array.count).astype(float)
    return (signs.T * law) @ signs, law


def _simulated(
    array: NanomagnetArray, settings: Mapping[str, Any], law: str, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Correlations, their standard errors and the mean occupation; a quarter of the time before is not counted."""
    duration, runs = si(settings["duration"], "time", "duration"), int(settings["runs"])
    chosen: Any = LAWS[law]
    before = array.run(0.25 * duration, runs=runs, seed=2 * seed, law=chosen)
    flips = array.run(duration, runs=runs, seed=2 * seed + 1, law=chosen, start=before.states[:, -1])
    assert flips.occupation is not None  # layouts of more magnets cannot be enumerated
    correlation, error = flips.correlations()
    return correlation, error, flips.occupation.mean(axis=0)


def _network(array: NanomagnetArray, settings: Mapping[str, Any], seed: int) -> xr.Dataset:
    """Exact and simulated correlations and probabilities of one network."""
    import xarray as xr

    exact, law = exact_correlations(array)
    over, states = ("magnet", "other"), "state"
    data: dict[str, Any] = {
        "coupling": (over, array.couplings() / array.thermal_energy),
        "exact": (over, exact),
        "probability": (states, law),
    }
    for key in LAWS:
        correlation, error, occupation = _simulated(array, settings, key, seed)
        data |= {key: (over, correlation), f"{key}_error": (over, error), f"{key}_probability": (states, occupation)}
    return xr.Dataset(data)


def _pairs(table: xr.Dataset, name: str) -> np.ndarray:
    values = table[name].to_numpy()
    return values[np.triu_indices(len(values), 1)]


def _deviation(table: xr.Dataset, law: str) -> float:
    """Largest difference from the exact correlation in standard errors."""
    return float(np.abs((_pairs(table, law) - _pairs(table, "exact")) / _pairs(table, f"{law}_error")).max())


def _network_metrics(name: str, table: xr.Dataset) -> dict[str, Metric]:
    """Nearest neighbours, the farthest pair, the largest difference, and the distance between both laws of states."""
    found: dict[str, Metric] = {}
    coupling = table["coupling"].to_numpy()
    last = len(coupling) - 1
    for key in LAWS:
        error = float(table[f"{key}_error"][0, 1])
        found[f"{name}.{key}.neighbours"] = Metric(float(table[key][0, 1]), "", error)
        found[f"{name}.{key}.ends"] = Metric(float(table[key][0, last]), "", float(table[f"{key}_error"][0, last]))
        gap = table[f"{key}_probability"] - table["probability"]
        found[f"{name}.{key}.distance"] = Metric(0.5 * float(np.abs(gap).sum()))
    found[f"{name}.exact.neighbours"] = Metric(float(table["exact"][0, 1]))
    found[f"{name}.coupling"] = Metric(float(coupling[0, 1]), "kT")
    lowest = table["probability"].to_numpy()
    ground = lowest > lowest.max() * (1 - 1e-6)
    found[f"{name}.ground_states"] = Metric(float(ground.sum()))
    found[f"{name}.ground"] = Metric(100.0 * float(table["neel_probability"].to_numpy()[ground].sum()), "%")
    found[f"{name}.ground.exact"] = Metric(100.0 * float(lowest[ground].sum()), "%")
    return found


def _sweep(
    magnet: Nanomagnet, network: Mapping[str, Any], what: str, settings: Mapping[str, Any], context: Context, done: int,
    total: int,
) -> xr.Dataset:  # fmt: skip
    """Correlation of neighbours in the middle of a network over spacing or temperature."""
    import xarray as xr

    rows: list[xr.Dataset] = []
    for number, written in enumerate(settings[f"{what}s"]):
        more: Any = {what: written}
        array = magnet.layout(network["layout"], int(network["count"]), **more)

        def compute(array: NanomagnetArray = array) -> xr.Dataset:
            middle = array.count // 2 - 1, array.count // 2
            exact, _ = exact_correlations(array)
            correlation, error, _ = _simulated(array, settings, "neel", context.seed + 1)
            points = array.couplings("points") / array.thermal_energy
            by_points = _of_couplings(points)[middle]
            values = {"exact": exact[middle], "neel": correlation[middle], "error": error[middle], "points": by_points}
            return xr.Dataset(values)

        kind = "length" if what == "spacing" else "temperature"
        place = si(written, kind, what)
        rows.append(context.part(f"{what}-{number}", compute).expand_dims({what: [place]}))
        context.stage("networks of magnets")(done + number + 1, total)
    joined = xr.concat(rows, dim=what)
    assert isinstance(joined, xr.Dataset)
    return joined


def _of_couplings(couplings: np.ndarray) -> np.ndarray:
    energies = Enumeration.from_matrix(couplings).energies
    law = np.exp(energies.min() - energies)
    signs = joint_states(len(couplings)).astype(float)
    return (signs.T * law) @ signs / law.sum()


def _gaps(magnet: Nanomagnet, settings: Mapping[str, Any]) -> xr.Dataset:
    """Coupling of two bodies over that of two point dipoles, head to tail and side by side."""
    import xarray as xr

    gaps = np.array([si(gap, "length", "gap") for gap in settings["gaps"]])
    ratio = {}
    for layout in ("chain", "column"):
        pairs = [magnet.layout(layout, 2, spacing=float(gap)) for gap in gaps]
        ratio[f"ratio_{layout}"] = ("gap", [p.couplings()[0, 1] / p.couplings("points")[0, 1] for p in pairs])
    return xr.Dataset(ratio, coords={"gap": gaps})


def _soft(magnet: Nanomagnet, settings: Mapping[str, Any]) -> xr.Dataset:
    """Correlation of a pair's signs: two states, and moments that turn in the plane; over the thickness."""
    import xarray as xr

    rows = []
    for written in settings["thicknesses"]:
        changed: Any = magnet.with_parameters(thickness=written)
        pair = changed.layout("chain", 2)
        two = math.tanh(-pair.couplings()[0, 1] / pair.thermal_energy)
        rows.append((changed.parameters.value("thickness"), changed.thermal_stability(), two, _free(pair)))
    thickness, barrier, two, free = np.array(rows).T
    values = {"barrier": barrier, "soft_two_states": two, "soft_free": free}
    return xr.Dataset({k: ("thickness", v) for k, v in values.items()}, coords={"thickness": thickness})


def _free(pair: NanomagnetArray) -> float:
    """Correlation of a pair's signs with moments that turn in the plane, by quadrature."""
    points, weights = nanomagnet_bodies.nodes(*pair.body)
    apart = pair.positions[1] - pair.positions[0]
    tensor = nanomagnet_bodies.planar_tensor(apart, (points, points), weights) * pair.moment**2
    kt = pair.thermal_energy
    return nanomagnet_bodies.soft_pair(tensor / kt, float(pair.barriers[0]) / kt, pair.axes)


def _llg(magnet: Nanomagnet, settings: Mapping[str, Any], seed: int) -> xr.Dataset:
    """A pair of coupled macrospins over time, against the quadrature and against two states."""
    import xarray as xr

    from spinloom.devices.coupled_macrospins import correlations

    changed: Any = magnet.with_parameters(thickness=settings["thickness"])
    pair = changed.layout("chain", 2)
    duration = si(settings["duration"], "time", "duration")
    damping, copies = float(settings["damping"]), int(settings["copies"])
    found, error = correlations(changed, pair, damping=damping, duration=duration, copies=copies, seed=seed)
    return xr.Dataset(
        {
            "llg": float(found[0, 1]),
            "llg_error": float(error[0, 1]),
            "llg_free": _free(pair),
            "llg_two_states": math.tanh(-pair.couplings()[0, 1] / pair.thermal_energy),
        }
    )


def _llg_metrics(table: xr.Dataset) -> dict[str, Metric]:
    value, error = float(table["llg"]), float(table["llg_error"])
    return {
        "llg.correlation": Metric(value, "", error),
        "llg.free": Metric(float(table["llg_free"])),
        "llg.two_states": Metric(float(table["llg_two_states"])),
        "llg.deviation": Metric(abs(value - float(table["llg_free"])) / error),
    }


def _pair_metrics(
    magnet: Nanomagnet, gaps: xr.Dataset, soft: xr.Dataset, settings: Mapping[str, Any]
) -> dict[str, Metric]:
    """A pair against tanh(-J/kT), how far point dipoles hold, a lone magnet's rate, and moments that turn."""
    found: dict[str, Metric] = {}
    here = int(np.argmin(np.abs(soft["thickness"].to_numpy() - magnet.parameters.value("thickness"))))
    two, free = float(soft["soft_two_states"][here]), float(soft["soft_free"][here])
    found["pair.closed_form"] = Metric(two)
    found["soft.correlation"] = Metric(free)
    found["soft.missing"] = Metric(100.0 * (two - free), "%")
    found["barrier"] = Metric(magnet.thermal_stability(), "kT")
    found["points.nearest"] = Metric(float(gaps["ratio_chain"][0]))
    found["points.ratios"] = Metric([float(value) for value in gaps["ratio_chain"]])
    found["points.side"] = Metric(float(gaps["ratio_column"][0]))
    found["points.farthest"] = Metric(float(gaps["ratio_chain"][-1]))
    found["lone.rate"] = Metric(1e-6 * magnet.flip_rate(), "1/us")
    return found
