"""A synapse tried in a network: nothing lost by an ideal one, and what a bad one loses is named."""

from __future__ import annotations

import json

import pytest

from spinloom.errors import InputError
from spinloom.experiments.synapse_bench import BenchSettings, SynapseBench, bench_synapse
from spinloom.responses import Exponential, Plasticity

SMALL = BenchSettings(data="digits", epochs=8, hidden=25, wires=None, bits=12, methods=())


def _bench(settings: BenchSettings = SMALL, **device: object) -> SynapseBench:
    values = {"states": 4096, "low": "1 uS", "high": "9 uS", **device}
    return bench_synapse(Plasticity.from_values(**values), settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def ideal() -> SynapseBench:
    return _bench()


def test_an_ideal_synapse_loses_nothing(ideal: SynapseBench) -> None:
    """4096 straight levels and 12 bits move a sum by less than 1e-3 of its range: of the 360 test digits at most one
    lies so near to a border."""
    start = ideal.inference[0].accuracy
    assert start > 0.85
    for step in ideal.inference[1:]:
        assert step.accuracy == pytest.approx(start, abs=1.01 / 360)
    assert "No single imperfection" in ideal.verdict


def test_the_step_that_costs_most_is_named() -> None:
    """Two states make every weight -w_max, 0 or w_max, which rounds nearly all weights of a trained net to 0."""
    result = _bench(states=2)
    assert result.inference[1].accuracy < result.inference[0].accuracy - 0.1
    assert "What costs most: on the device's 2 levels" in result.verdict


def test_trained_on_the_devices() -> None:
    result = _bench(
        BenchSettings(data="digits", epochs=8, hidden=25, wires=None, methods=("in-place",)),
        states=8,
        potentiation=Exponential(4.0),
        depression=Exponential(-4.0),
    )
    (step,) = result.training
    assert step.name == "trained on the devices, in-place"
    assert "Plain in-place pulses reach" in result.verdict  # eight strongly asymmetric states are too coarse
    assert "8 states" in result.verdict


def test_the_same_seed_gives_the_same_numbers(ideal: SynapseBench) -> None:
    assert _bench().to_json() == ideal.to_json()


def test_result_goes_into_scripts_and_names_what_is_unknown(ideal: SynapseBench) -> None:
    table = json.loads(json.dumps(ideal.to_json()))
    assert [step["name"] for step in table["inference"]] == [step.name for step in ideal.inference]
    assert "write energy" in table["unknown"]  # no figure was given, so none is invented
    assert table["write_energy_J"] == 0.0


def test_known_figures_are_counted() -> None:
    """Every pulse costs the given energy: the write energy is a whole multiple of it."""
    result = _bench(states=16, write_energy=1e-12)
    energy = result.to_json()["write_energy_J"]
    assert energy > 0
    assert energy / 1e-12 == pytest.approx(round(energy / 1e-12), abs=1e-6)
    assert "write energy" not in result.cost.attrs["unknown"].split(", ")


def test_settings_that_cannot_be_run() -> None:
    with pytest.raises(InputError, match="epochs = 0"):
        BenchSettings(epochs=0)
