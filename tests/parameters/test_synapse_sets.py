"""Every shipped set of a synapse becomes a plasticity with two states or more, and says where its numbers are from."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom import parameters
from spinloom.parameters.kinds import SYNAPSES
from spinloom.responses import Exponential, Plasticity
from spinloom.sources import references

SETS = [name for name in parameters.names() if parameters.load(name).device in SYNAPSES]
FIELD = (
    "Kurenkov2019_exchange_bias",
    "Cao2019_interlayer",
    "Lan2021_field",
    "Liu2022_ferrimagnet",
    "Doevenspeck2021_multipillar",
    "Zhang2021_wcluster",
    "Krzysteczko2012_mgo",
    "Li2014_coozno",
    "Zhang2018_remtj",
    "Olejnik2017_cumnas",
    "Liu2021_notched",
    "Leonard2022_trapezoid",
    "Leonard2022_rectangle",
    "Cai2017_stepped",
    "Song2020_skyrmion",
    "Huang2017_skyrmion",
)
NEUROSIM = {  # labels of potentiation and depression, as printed
    "Jo2010_agsi": (2.4, -4.88),
    "Wu2018_taox": (0.04, -0.63),
    "Park2013_pcmo": (3.68, -6.76),
    "Woo2016_alox": (1.94, -0.61),
    "Kuzum2012_pcm": (0.105, 2.4),
    "Choi2018_epiram": (0.5, -0.5),
    "Jerry2017_fefet": (1.75, 1.46),
}


def test_the_devices_of_this_field_are_there() -> None:
    assert set(FIELD) | set(NEUROSIM) <= set(SETS)


@pytest.mark.parametrize("name", SETS)
def test_is_a_plasticity_with_sources(name: str) -> None:
    synapse = Plasticity.from_parameters(name)
    assert min(synapse.states, synapse.depression_states) >= 2
    assert synapse.source == name
    assert synapse.references
    assert set(synapse.references) <= set(references())
    for direction in ("potentiation", "depression"):
        levels = synapse.levels(direction)
        assert levels[0] == pytest.approx(0.0, abs=1e-15)
        assert levels[-1] == pytest.approx(1.0, abs=1e-15)
        assert (np.diff(levels) >= 0).all()
    found = parameters.load(name)
    for item in found.assumed():
        assert item.source.note, f"{item.name}: assumed without a reason"


def largest_distance(shape: Exponential) -> float:
    """Of g(P) from the straight line, signed by v: closed form, where dg/dP = 1."""
    v = shape.v
    rise = -math.expm1(-v)
    place = -math.log(rise / v) / v
    return math.copysign(abs(float(shape(place)) - place), v)


@pytest.mark.parametrize("name", NEUROSIM)
def test_nonlinearities_are_neurosims_labels(name: str) -> None:
    """NeuroSim's table of labels is 0.07 sqrt(2) times the label as largest distance; v is stored with 4 decimals."""
    synapse = Plasticity.from_parameters(name)
    for shape, label in zip((synapse.potentiation, synapse.depression), NEUROSIM[name], strict=True):
        assert isinstance(shape, Exponential)
        assert largest_distance(shape) == pytest.approx(0.07 * math.sqrt(2.0) * label, abs=1e-4)


@pytest.mark.parametrize(("label", "a"), [(1.0, 1.251653), (1.51, 0.8195), (4.64, 0.217), (6.01, 0.1351)])
def test_the_label_rule_gives_neurosims_own_table(label: float, a: float) -> None:
    """Entries of NeuroSim's table of A = 1/v, printed with four digits or more."""
    assert largest_distance(Exponential(1.0 / a)) == pytest.approx(0.07 * math.sqrt(2.0) * label, rel=2e-4)


def test_levels_that_are_published() -> None:
    counts = {name: Plasticity.from_parameters(name).states for name in SETS}
    assert counts["Cai2017_stepped"] == 6
    assert counts["Doevenspeck2021_multipillar"] == 5
    assert 3 <= counts["Leonard2022_trapezoid"] <= 5
    assert counts["Hsin2025_tilted"] == 11
    assert counts["Jerry2017_fefet"] == 32


def test_ratios_that_are_published() -> None:
    """Highest over lowest conductance."""
    wanted = {
        "Krzysteczko2012_mgo": 1.06,
        "Li2014_coozno": 90,
        "Zhang2018_remtj": 11,
        "Zhang2021_wcluster": 3,
        "Doevenspeck2021_multipillar": 2.03,
        "Jo2010_agsi": 12.5,
        "Jerry2017_fefet": 45,
    }
    for name, ratio in wanted.items():
        synapse = Plasticity.from_parameters(name)
        assert synapse.high / synapse.low == pytest.approx(ratio, rel=3e-3), name
