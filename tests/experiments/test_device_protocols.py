"""Protocols of single synaptic devices and of the table of devices."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinloom.errors import InputError
from spinloom.experiments import load_reproduction, reproduce
from spinloom.experiments.context import Context
from spinloom.experiments.protocols import pulsed_table

MEMRISTIVE = ("Krzysteczko2012_memristive", "Li2014_barrier", "Zhang2018_hetero", "Zhang2021_wcluster")
TINY = {
    "data": "digits",
    "hidden": 10,
    "epochs": 3,
    "images": 40,
    "last": 2,
    "devices": [
        {"name": "a", "label": "A", "set": "Jo2010_agsi", "cell": 16},
        {"name": "b", "label": "B", "digital": 6, "gain": 1.0},
    ],
}


@pytest.mark.parametrize("name", MEMRISTIVE)
def test_is_as_recorded(name: str) -> None:
    """These runs have no chance in what is judged."""
    result = reproduce(name, out=None)
    assert [row.quantity for row in result.surprises] == []
    assert result.verdict == "agrees"


def test_resistances_are_counted() -> None:
    """A barrier whose low state has no magnetoresistance has three resistances, with it in both states four."""
    assert reproduce("Li2014_barrier", out=None).metrics["resistances"].number == 3
    four = reproduce("Li2014_barrier", out=None, settings={"tmr": {"high": 0.08, "low": 0.05}})
    assert four.metrics["resistances"].number == 4


def test_without_spikes_and_magnetism_only_trains_are_given() -> None:
    result = reproduce("Zhang2018_hetero", out=None)
    assert not [name for name in result.metrics if name.startswith(("stdp", "tmr"))]
    assert len(result.figures[0].panels) == 1


def test_table_counts_area_and_energy() -> None:
    """Closed forms: 64 x 10 + 10 x 10 cells of 16 F^2; energy = pulses an image x 10^6 x energy of a pulse."""
    from spinloom.responses import Plasticity

    metrics = reproduce("NeuroSim_table", out=None, settings=TINY).metrics
    assert metrics["area.a"].number == pytest.approx(740 * 16 * 0.014**2, rel=1e-12)
    energy = Plasticity.from_parameters("Jo2010_agsi").write_energy or 0.0
    assert metrics["energy.a"].number == pytest.approx(metrics["pulses.a"].number * 1e6 * energy * 1e3, rel=1e-12)
    assert "pulses.b" not in metrics


def test_table_keeps_finished_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resumed run reads what was finished and trains only the rest, to the same numbers."""
    spec = load_reproduction("NeuroSim_table").with_settings(TINY)
    whole = pulsed_table.run(spec, Context(folder=tmp_path))
    assert Context(folder=tmp_path).finished() == ["a", "b"]
    next(tmp_path.glob("parts/b.nc")).unlink()
    trained, train = [], pulsed_table._train
    monkeypatch.setattr(pulsed_table, "_train", lambda *a: (trained.append(a[1]["name"]), train(*a))[1])
    again = pulsed_table.run(spec, Context(folder=tmp_path))
    assert trained == ["b"]
    assert again.metrics == whole.metrics


def test_table_bad_settings() -> None:
    with pytest.raises(InputError, match="'mnist' and 'digits'"):
        reproduce("NeuroSim_table", out=None, settings={**TINY, "data": "iris"})
    with pytest.raises(InputError, match="twice"):
        reproduce("NeuroSim_table", out=None, settings={**TINY, "devices": [TINY["devices"][0]] * 2})
