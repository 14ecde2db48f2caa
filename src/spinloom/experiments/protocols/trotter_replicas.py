"""Qubits in a transverse field as replicated p-bits: Trotter's error, samples against exact means, circuits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols.trotter_figures import figures
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.ising.problem import Problem


def run(spec: Reproduction, context: Context) -> Outcome:
    """Exact, exact with n replicas, and sampled means of small problems; one long chain.

    Settings: ``beta`` and ``field`` (Gamma, in units of the coupling); ``problems`` (of pair, chain, lattice, glass);
    ``spins`` of chain and glass; ``slices`` of the exact Trotter means and ``fit_from``, the fewest that the exponent
    is fitted to; ``sampled`` (slices), ``reads`` and ``sweeps`` of world lines on the pair; ``network``: p-bits one by
    one on the chain over ``fields``; ``circuit``: free-running p-bits of devices on the same, ideal ones for
    ``ideal_times`` as many sweeps; ``long``: the chain that is compared with the endless one; ``decision_time`` [s] of
    a p-bit and ``processor`` (decisions a second of a core) for the speed.
    """
    import xarray as xr

    settings = spec.settings
    parts = {
        "trotter": context.part("trotter", lambda: _trotter(settings, context)),
        "sampled": context.part("sampled", lambda: _sampled(settings, context)),
        "network": context.part("network", lambda: _network(settings, context)),
        "circuit": context.part("circuit", lambda: _circuit(settings, context)),
        "long": context.part("long", lambda: _long(settings, context)),
    }
    data = xr.merge(
        [part.rename({name: f"{key}_{name}" for name in [*part.data_vars, *part.dims]}) for key, part in parts.items()],
        combine_attrs="drop",
    )
    assert isinstance(data, xr.Dataset)  # xarray's signature also allows trees
    return Outcome(_metrics(parts, settings), data, figures(parts, settings))


def problem(name: str, spins: int) -> Problem:
    """Two coupled spins, a ferromagnetic ring, a 3 x 3 torus, or a glass with couplings ±1 and fields ±1/2."""
    from spinloom.ising.problem import Problem

    if name == "pair":
        return Problem.from_arrays([0], [1], [-1.0])
    if name == "chain":
        sites = np.arange(spins)
        return Problem.from_arrays(sites, (sites + 1) % spins, np.full(spins, -1.0))
    if name == "lattice":
        grid = np.arange(9).reshape(3, 3)
        right, below = np.roll(grid, -1, 1), np.roll(grid, -1, 0)
        rows, columns = np.tile(grid.ravel(), 2), np.concatenate([right.ravel(), below.ravel()])
        return Problem.from_arrays(rows, columns, np.full(18, -1.0))
    chance = np.random.default_rng(10)
    rows, columns = np.triu_indices(spins, 1)
    kept = chance.random(rows.size) < 0.4
    values = chance.choice([-1.0, 1.0], kept.sum())
    return Problem.from_arrays(rows[kept], columns[kept], values, chance.choice([-0.5, 0.5], spins), size=spins)


# ---- exact -------------------------------------------------------------------------------------------------------


def _trotter(settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Errors of <zz>, root mean square over coupled pairs, with n replicas; the pair's <zz> also without the half."""
    import xarray as xr

    from spinloom.ising.exact import Enumeration
    from spinloom.ising.exact_quantum import diagonalise, trotter

    names, slices = list(settings["problems"]), [int(n) for n in settings["slices"]]
    beta, field = float(settings["beta"]), float(settings["field"])
    stage = context.stage("exact means with n replicas")
    error, energy = np.empty((len(names), len(slices))), np.empty((len(names), len(slices)))
    pair = np.empty((2, len(slices)))
    exact_pair = math.nan
    for row, name in enumerate(names):
        given = problem(name, int(settings["spins"].get(name, 0)))
        states, (i, j) = Enumeration.of(given), given.pairs.T
        exact = diagonalise(states, beta, field)
        for column, n in enumerate(slices):
            stage(row * len(slices) + column, error.size)
            found = trotter(states, beta, field, n)
            error[row, column] = math.sqrt(((found.zz - exact.zz)[i, j] ** 2).mean())
            energy[row, column] = abs(found.energy - exact.energy) / given.size
            if name == "pair":
                exact_pair = float(exact.zz[0, 1])
                pair[:, column] = found.zz[0, 1], trotter(states, beta, field, n, half=1.0).zz[0, 1]
    stage(error.size, error.size)
    return xr.Dataset(
        {
            "error": (("problem", "slices"), error),
            "energy": (("problem", "slices"), energy),
            "pair": (("half", "slices"), pair),
            "exact": exact_pair,
        },
        {"problem": names, "slices": slices, "half": [0.5, 1.0]},
    )


# ---- samples ---------------------------------------------------------------------------------------------------


def _sampled(settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """<zz> and <x> of the pair by world lines, and how many standard errors they are from the exact Trotter means."""
    import xarray as xr

    from spinloom.ising import quantum
    from spinloom.ising.exact import Enumeration
    from spinloom.ising.exact_quantum import trotter

    slices = [int(n) for n in settings["sampled"]]
    beta, field = float(settings["beta"]), float(settings["field"])
    stage, given = context.stage("world lines"), problem("pair", 2)
    rows = np.empty((4, len(slices)))
    for column, n in enumerate(slices):
        stage(column, len(slices))
        found = quantum.sample(
            given, beta, field, n, reads=int(settings["reads"]), sweeps=int(settings["sweeps"]), seed=context.seed
        )
        exact = trotter(Enumeration.of(given), beta, field, n)
        deviation = (found.zz[0] - exact.zz[0, 1]) / found.zz_error[0]
        rows[:, column] = found.zz[0], found.zz_error[0], deviation, ((found.x - exact.x) / found.x_error)[0]
    stage(len(slices), len(slices))
    names = ("zz", "zz_error", "deviation", "x_deviation")
    return xr.Dataset({name: ("slices", rows[k]) for k, name in enumerate(names)}, {"slices": slices})


def _network(settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """The chain's <zz> of neighbours and <x> over the field: exact, exact with n replicas, and p-bits one by one."""
    import xarray as xr

    from spinloom.ising import quantum
    from spinloom.ising.chains import Chains
    from spinloom.ising.exact import Enumeration
    from spinloom.ising.exact_quantum import diagonalise, trotter
    from spinloom.ising.job import Job

    wanted, beta = settings["network"], float(settings["beta"])
    fields, n = [float(value) for value in wanted["fields"]], int(wanted["slices"])
    given = problem("chain", int(wanted["spins"]))
    states, stage = Enumeration.of(given), context.stage("network of p-bits")
    mean, error = np.empty((2, len(fields))), np.empty((2, len(fields)))
    exact, replicas = np.empty((2, len(fields))), np.empty((2, len(fields)))
    for column, field in enumerate(fields):
        bits, reads = quantum.replicated(given, beta, field, n), int(wanted["reads"])
        chains = Chains(Job(bits, reads, np.ones(1), context.seed + column), 0, reads)
        chains.sweep(1.0, max(1, int(wanted["sweeps"]) // 5))
        read = np.zeros((2, chains.count))
        for sweep in range(int(wanted["sweeps"])):
            if sweep % 100 == 0:
                stage(column * int(wanted["sweeps"]) + sweep, len(fields) * int(wanted["sweeps"]))
            chains.sweep(1.0)
            read += _means(chains.states, n, beta * field / n)
        read /= int(wanted["sweeps"])
        mean[:, column] = read.mean(axis=1)
        error[:, column] = read.std(axis=1, ddof=1) / math.sqrt(chains.count)
        for kept, found in ((exact, diagonalise(states, beta, field)), (replicas, trotter(states, beta, field, n))):
            kept[:, column] = found.zz[0, 1], found.x[0]
    stage(1, 1)
    tables = {"mean": mean, "error": error, "exact": exact, "replicas": replicas}
    return xr.Dataset(
        {name: (("quantity", "field"), table) for name, table in tables.items()},
        {"quantity": ["zz", "x"], "field": fields},
    )


def _means(states: np.ndarray, slices: int, angle: float) -> np.ndarray:
    """(<zz> of neighbours on the ring, <x>) of each row of states (reads, slices * spins); shape (2, reads)."""
    cube = states.reshape(len(states), slices, -1)
    bonds = (cube * np.roll(cube, -1, axis=2)).mean(axis=(1, 2), dtype=float)
    agree = (cube * np.roll(cube, -1, axis=1)).mean(axis=(1, 2), dtype=float)
    return np.stack([bonds, 0.5 * (1 + agree) * math.tanh(angle) + 0.5 * (1 - agree) / math.tanh(angle)])


def _circuit(settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """The same means from p-bits that run freely, without a clock: ideal ones, and the designs' own dynamics."""
    import xarray as xr

    from spinloom.devices import device
    from spinloom.ising import quantum
    from spinloom.ising.hardware import Hardware
    from spinloom.ising.hardware import run as let_run
    from spinloom.ising.network import Network

    wanted, beta = settings["circuit"], float(settings["beta"])
    fields, n = [float(value) for value in wanted["fields"]], int(settings["network"]["slices"])
    given, stage = problem("chain", int(settings["network"]["spins"])), context.stage("circuits of p-bits")
    ways = {name: Hardware(device(found)) for name, found in wanted["designs"].items()}
    first = next(iter(ways.values())).device
    ways = {"ideal": Hardware(first, "events", slope_spread=False, offset_spread=False), **ways}
    found, error = np.empty((len(ways), 2, len(fields))), np.empty((len(ways), 2, len(fields)))
    reads = int(wanted["reads"])
    for row, hardware in enumerate(ways.values()):
        every = round(hardware.device.time_per_update / hardware.dt) if hardware.mode == "steps" else 1
        for column, field in enumerate(fields):
            stage(row * len(fields) + column, len(ways) * len(fields))
            network = Network.from_problem(quantum.replicated(given, beta, field, n))
            sweeps = int(wanted["sweeps"]) * (1 if hardware.mode == "steps" else int(wanted["ideal_times"]))
            ran = let_run(network, hardware, np.ones(sweeps), reads=reads, seed=context.seed, every=every)
            later = ran.samples[:, ran.samples.shape[1] // 5 :]
            read = np.stack([_means(states, n, beta * field / n).mean(axis=1) for states in later])
            found[row, :, column] = read.mean(axis=0)
            error[row, :, column] = read.std(axis=0, ddof=1) / math.sqrt(reads)
    stage(1, 1)
    dims = ("way", "quantity", "field")
    return xr.Dataset(
        {"mean": (dims, found), "error": (dims, error)}, {"way": list(ways), "quantity": ["zz", "x"], "field": fields}
    )


def _long(settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Correlations along a long ring against those of the endless chain."""
    import xarray as xr

    from spinloom.ising import quantum
    from spinloom.ising.exact_quantum import chain

    wanted = settings["long"]
    beta, field, n, spins = (wanted[name] for name in ("beta", "field", "slices", "spins"))
    distances = np.arange(1, int(wanted["longest"]) + 1)
    sites = np.arange(int(spins))
    pairs = np.stack([np.tile(sites, distances.size), (sites + distances[:, None]).ravel() % int(spins)], axis=1)
    context.stage("long chain")(0, 1)
    found = quantum.sample(
        problem("chain", int(spins)), beta, field, int(n), reads=int(wanted["reads"]), sweeps=int(wanted["sweeps"]),
        pairs=pairs, seed=context.seed,
    )  # fmt: skip
    context.stage("long chain")(1, 1)
    exact, _ = chain(beta, 1.0, field, distances.tolist())
    mean = found.zz.reshape(distances.size, -1).mean(axis=1)
    # pairs of one distance share spins; taking them for fully correlated bounds the error from above
    error = found.zz_error.reshape(distances.size, -1).mean(axis=1)
    return xr.Dataset(
        {"mean": ("distance", mean), "error": ("distance", error), "exact": ("distance", exact)},
        {"distance": distances},
    )


# ---- judged --------------------------------------------------------------------------------------------------------


def _slope(slices: np.ndarray, errors: np.ndarray) -> float:
    return -float(np.polyfit(np.log(slices), np.log(errors), 1)[0])


def _metrics(parts: Mapping[str, xr.Dataset], settings: Mapping[str, Any]) -> dict[str, Metric]:
    exact, sampled, network, circuit, long = (parts[k] for k in ("trotter", "sampled", "network", "circuit", "long"))
    metrics = {"pair.exact": Metric(float(exact["exact"]))}
    slices = exact["slices"].values
    for column, n in enumerate(slices):
        metrics[f"pair.n{n}"] = Metric(float(exact["pair"][0, column]))
        metrics[f"half.n{n}"] = Metric(float(exact["pair"][1, column]))
    late = slices >= int(settings["fit_from"])
    for row, name in enumerate(exact["problem"].values):
        metrics[f"exponent.{name}"] = Metric(_slope(slices[late], exact["error"].values[row, late]))
        metrics[f"exponent.energy.{name}"] = Metric(_slope(slices[late], exact["energy"].values[row, late]))
    metrics["exponent.sampled"] = _sampled_exponent(sampled, float(exact["exact"]))
    worst = np.abs(np.stack([sampled["deviation"].values, sampled["x_deviation"].values])).max()
    metrics["sampled.deviation"] = Metric(float(worst))
    gap = (network["mean"] - network["replicas"]) / network["error"]
    metrics["network.deviation"] = Metric(float(np.abs(gap).max()))
    metrics["network.error"] = Metric(float(np.abs(network["mean"] - network["exact"]).max()))
    for way in circuit["way"].values:
        gap = circuit["mean"].sel(way=way) - network["replicas"].sel(field=circuit["field"])
        error = circuit["error"].sel(way=way, quantity="zz")
        metrics[f"circuit.{way}"] = Metric(float(np.abs(gap.sel(quantity="zz")).max()), "", float(error.max()))
        metrics[f"circuit.{way}.x"] = Metric(float(np.abs(gap.sel(quantity="x")).max()))
    metrics["long.error"] = Metric(float(np.abs(long["mean"] - long["exact"]).max()), "", float(long["error"].max()))
    bits = int(settings["long"]["spins"]) * int(settings["long"]["slices"])
    metrics["speed"] = Metric(bits / float(settings["decision_time"]) / float(settings["processor"]))
    return metrics


def _sampled_exponent(sampled: xr.Dataset, exact: float) -> Metric:
    """The fit with each point's weight, and its standard error from the points' own."""
    n, error = sampled["slices"].values, sampled["zz"].values - exact
    weights = np.abs(error) / sampled["zz_error"].values
    logs = np.log(np.abs(error))
    x = np.log(n) - np.average(np.log(n), weights=weights**2)
    total = float((weights**2 * x**2).sum())
    return Metric(-float((weights**2 * x * logs).sum() / total), "", 1.0 / math.sqrt(total))
