"""Figure and ground with coupled discs: segments become discs, affinities couplings; single-domain discs are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.devices import device
from spinloom.devices.disc_placement import place
from spinloom.devices.vortex_discs import PairLaw, Relaxed, relax
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import edge_figures
from spinloom.experiments.protocols.edge_images import EdgeImage, edge_image
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.ising.encodings.grouping import Grouping, Kinship
from spinloom.physics.constants import BOLTZMANN

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.nanomagnet import Nanomagnet

WAYS = ("programme", "realised", "network", "single", "shuffled")
"""Who chose: the quadratic programme's exact optimum; that of the couplings which the places really give; the discs,
the lowest of several relaxations and the mean of them; discs at permuted places, the control."""


@dataclass(frozen=True)
class Discs:
    """The discs, and how they are excited: heats in E_0 from ``first`` down to room temperature, ``cost`` in E_0."""

    law: PairLaw
    cost: float
    first: float
    last: float
    sweeps: int
    runs: int

    @classmethod
    def of(cls, disc: Nanomagnet, settings: Mapping[str, Any]) -> Discs:
        """From a parameter set and the protocol's settings."""
        v = disc.parameters.value
        law = PairLaw(v("length"), v("thickness"), v("length") + v("spacing"), disc.moment)
        room = BOLTZMANN * v("temperature") / law.unit
        first, sweeps, runs = float(settings["first_heat"]), int(settings["sweeps"]), int(settings["runs"])
        return cls(law, float(settings["cost"]), first, room, sweeps, runs)

    def relax(self, places: np.ndarray, seed: int) -> Relaxed:
        """Excite and cool."""
        heat = np.geomspace(self.first, self.last, self.sweeps)
        return relax(self.law, places, self.cost, heat, runs=self.runs, seed=seed)

    def couplings(self, places: np.ndarray) -> np.ndarray:
        """What each pair gains head to tail (n, n), in E_0."""
        apart = np.linalg.norm(places[:, None] - places, axis=2)
        np.fill_diagonal(apart, np.inf)
        return self.law.gain(np.minimum(apart, 1e6 * self.law.closest)) * (1 - np.eye(len(places)))


def run(spec: Reproduction, context: Context) -> Outcome:
    """Recall and precision of the figure's segments over many generated images.

    Settings: ``device``, ``outlines``, ``images`` (of each outline), ``figure`` and ``clutter`` (segments),
    ``kinship`` (fields of ``ising.encodings.grouping.Kinship``), ``cost``, ``first_heat``, ``sweeps``, ``runs``,
    ``reads`` and ``read_sweeps`` (of the p-bit sampler on the same programme).
    """
    import xarray as xr

    settings = spec.settings
    disc: Nanomagnet = device(settings["device"])
    discs = Discs.of(disc, settings)
    outlines, images = list(settings["outlines"]), context.seeds or int(settings["images"])
    stage = context.stage("images")
    tables: dict[str, xr.Dataset] = {}
    shown: dict[str, xr.Dataset] = {}
    for index, outline in enumerate(outlines):
        rows: list[xr.Dataset] = []
        for number in range(images):
            seed = context.seed + number

            def compute(outline: Any = outline, seed: int = seed) -> xr.Dataset:
                image = edge_image(seed, outline, int(settings["figure"]), int(settings["clutter"]))
                return _one(image, discs, settings, seed)

            found = context.part(f"{outline}-{seed}", compute)
            if number == 0:
                shown[outline] = found
            rows.append(found[[name for name in found.data_vars if not found[name].dims]].expand_dims(image=[seed]))
            stage(index * images + number + 1, len(outlines) * images)
        joined = xr.concat(rows, dim="image")
        assert isinstance(joined, xr.Dataset)
        tables[outline] = joined
    metrics: dict[str, Metric] = {}
    for outline, table in tables.items():
        metrics |= {f"{outline}.{key}": value for key, value in _metrics(table).items()}
    every = xr.concat([table.drop_vars("image") for table in tables.values()], dim="image")
    assert isinstance(every, xr.Dataset)
    metrics |= _metrics(every)
    metrics["unit"] = Metric(discs.law.unit / BOLTZMANN / disc.parameters.value("temperature"), "kT")
    metrics["figure_share"] = Metric(
        100.0 * int(settings["figure"]) / (int(settings["figure"]) + int(settings["clutter"])), "%"
    )
    data = xr.merge([part.rename({k: f"{name}_{k}" for k in [*part.data_vars, *part.dims]})
                     for part, name in [*((t, n) for n, t in tables.items()),
                                        *((s.drop_vars([v for v in s.data_vars if not s[v].dims]), f"{n}_shown")
                                          for n, s in shown.items())]], combine_attrs="drop")  # fmt: skip
    assumed = disc.parameters.assumed_inputs()
    return Outcome(metrics, data, edge_figures.figures(shown, tables, discs.law.closest), _references(disc), assumed)


def _references(disc: Nanomagnet) -> tuple[str, ...]:
    return tuple(dict.fromkeys(("Sarkar2000", *disc.parameters.references())))


def _judge(chosen: np.ndarray, figure: np.ndarray) -> tuple[float, float]:
    """Recall and precision of choices (..., n), averaged; the precision of an empty choice is 0."""
    picked = np.atleast_2d(chosen).astype(bool)
    right = (picked & figure).sum(axis=1)
    return float((right / figure.sum()).mean()), float((right / np.maximum(picked.sum(axis=1), 1)).mean())


def _one(image: EdgeImage, discs: Discs, settings: Mapping[str, Any], seed: int) -> xr.Dataset:
    """All ways on one image."""
    import xarray as xr

    from spinloom.ising import PBitSampler

    wanted = Kinship(**settings["kinship"]).affinity(image.segments)
    wanted /= wanted.max()
    places = place(discs.law, wanted, image.segments.mean(axis=1))
    realised = discs.couplings(places)
    programme = Grouping(wanted, discs.cost)
    best = programme.optimum()
    relaxed = discs.relax(places, seed)
    lowest = relaxed.single[int(relaxed.energy.argmin())]
    mixed = np.random.default_rng((seed, 0x5FFE)).permutation(len(places))
    choices = {
        "programme": best,
        "realised": Grouping(realised, discs.cost).optimum(),
        "network": lowest,
        "single": relaxed.single,
        "shuffled": discs.relax(places[mixed], seed).single,
    }
    sampled = PBitSampler().sample(
        programme.bqm(), num_reads=int(settings["reads"]), num_sweeps=int(settings["read_sweeps"]), seed=seed
    )
    above = np.triu_indices(len(wanted), 1)
    energy = float(programme.energy(best))
    scalars: dict[str, Any] = {
        "correlation": float(np.corrcoef(wanted[above], realised[above])[0, 1]),
        "optimum": energy,
        "reached": 100.0 * float(programme.energy(lowest)) / energy if energy < 0 else np.nan,
        "hit": float(float(sampled.record.energy.min()) < energy + 1e-4 * max(abs(energy), 1.0)),
    }
    for way, chosen in choices.items():
        scalars[f"recall_{way}"], scalars[f"precision_{way}"] = _judge(chosen, image.figure)
    run = int(relaxed.energy.argmin())
    arrays = {
        "segments": (("segment", "end", "axis"), image.segments),
        "figure": ("segment", image.figure.astype(np.int8)),
        "chosen": ("segment", lowest),
        "best": ("segment", best),
        "angle": ("segment", relaxed.angle[run]),
        "place": (("segment", "axis"), places),
        "wanted": (("segment", "other"), wanted),
        "realised": (("segment", "other"), realised),
    }
    return xr.Dataset({**scalars, **arrays})


def _metrics(table: xr.Dataset) -> dict[str, Metric]:
    """Means over images with their standard errors."""
    found = {
        "mapping.correlation": Metric.mean(table["correlation"]),
        "reached": Metric.mean(table["reached"].to_numpy()[np.isfinite(table["reached"].to_numpy())], "%"),
        "sampler.hits": Metric.mean(100.0 * table["hit"], "%"),
    }
    for way in WAYS:
        found[f"recall.{way}"] = Metric.mean(100.0 * table[f"recall_{way}"], "%")
        found[f"precision.{way}"] = Metric.mean(100.0 * table[f"precision_{way}"], "%")
    return found
