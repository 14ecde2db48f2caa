"""Protocols of synapses on small problems: curves, energies, networks written into few states."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from spinloom.errors import InputError, UnknownNameError
from spinloom.experiments import reproduce
from spinloom.responses import Plasticity

_SOT = "Huang2022_sot_5ML"
_DIGITS: dict[str, Any] = {
    "data": "digits",
    "sizes": [64, 12, 10],
    "iterations": 40,
    "evaluate_every": 20,
    "seeds": 2,
    "features": "",
    "order": [],
    "compare": [],
}


def _network(trainings: dict[str, Any], systems: dict[str, Any], **changes: Any) -> Any:
    settings = {**_DIGITS, "trainings": trainings, "systems": systems, "run": list(systems), **changes}
    return reproduce("Huang2022_ptq", out=None, settings=settings)


def test_curves_agree_with_their_closed_forms() -> None:
    """The slope of an exponential curve is 1 at P = ln(v / (1 - e^-v)) / v, where it is farthest from the line."""
    result = reproduce("Huang2022_curves", out=None)
    assert result.verdict == "agrees"
    assert result.surprises == ()
    for name, way, v in (("rram", "potentiation", 2.0), ("rram", "depression", 5.0), ("pcm", "depression", 2.8)):
        drop = -math.expm1(-v)
        place = math.log(v / drop) / v
        expected = -math.expm1(-v * place) / drop - place
        # 4001 points miss the top by at most a half step, where the curve is flat: v^2 / 2 / 8000^2 < 3e-7
        assert result.metrics[f"deviation.{name}.{way}"].value == pytest.approx(expected, abs=1e-6)


def test_energy_is_the_printed_one_and_what_it_implies() -> None:
    result = reproduce("Huang2022_energy", out=None)
    assert result.verdict == "agrees"
    assert result.metrics["resistance.21ML.22mA"].value == pytest.approx(0.201e-3 / (0.022**2 * 500e-6))
    assert result.metrics["current_ratio"].value == pytest.approx(math.sqrt(0.098 / 0.201))
    assert result.metrics["network.5ML"].value == pytest.approx(79_400 * 0.098e-3)


def test_thinner_films_have_more_states_and_steeper_neurons() -> None:
    from spinloom import parameters

    names = ["Huang2022_sot", "Huang2022_sot_14ML", "Huang2022_sot_9ML", "Huang2022_sot_5ML"]
    sets = [parameters.load(name) for name in names]
    for what, signs in (("levels", 1), ("neuron_slope", 1), ("write_energy", -1), ("neuron_centre", -1)):
        assert np.all(signs * np.diff([one.value(what) for one in sets]) > 0), what
    assert [one.value("levels") for one in (sets[0], sets[-1])] == [12, 18]


def test_many_states_lose_nothing_and_two_lose_much() -> None:
    trainings = {"net": {"neuron": _SOT}}
    fine = Plasticity.from_parameters(_SOT).replace(states=4001)
    assert fine.states == 4001
    systems = {
        "float": {"training": "net"},
        "few": {"training": "net", "synapse": _SOT},
        "rounded": {"training": "net", "synapse": _SOT, "outputs": True},
    }
    result = _network(trainings, systems, compare=[["float", "few"]])
    assert result.metrics["lost.float"].value == 0.0
    accuracy = {name: result.metrics[f"accuracy.{name}"].number for name in systems}
    assert accuracy["float"] == pytest.approx(result.metrics["trained_accuracy.net"].number)
    assert result.metrics["gain.float_over_few"].number == pytest.approx(accuracy["float"] - accuracy["few"])
    assert accuracy["few"] != accuracy["rounded"]


def test_by_pulse_count_a_straight_device_is_the_nearest_level() -> None:
    """Both ways of writing are the same where g is the pulse count; only a curved device tells them apart."""
    from spinloom.experiments.protocols.synapse_network import _after_pulses

    weight = np.random.default_rng(1).normal(size=(40, 30))
    straight = Plasticity.from_values(states=12)
    reach = np.abs(weight).max()
    found = _after_pulses(weight, straight, 1.0)
    assert np.abs(found - weight).max() <= reach / 11 + 1e-12  # half a level of 2 reach / 11
    curved = Plasticity.from_parameters("Xin2023_rram")
    wrong = _after_pulses(weight, curved, 1.0)
    # the printed curve is up to 0.237 above the line, of a range of 2 reach, and half a level away besides
    assert 2 * reach * 0.2 < np.abs(wrong - weight).max() < 2 * reach * (0.2373 + 0.5 / 11 * 2)


def test_in_place_pulses_follow_the_range_they_are_given() -> None:
    device = {"neuron": _SOT, "method": "inplace", "synapse": _SOT, "devices": 16}
    trainings = {
        "net": {"neuron": _SOT},
        "start": {**device, "range": "start"},
        "wide": {**device, "range": "net"},
        "chance": {**device, "range": "net", "rounding": "stochastic", "trainable": [0.37, 1.28]},
        "ste": {**device, "method": "qat_ste"},
    }
    result = _network(trainings, {name: {"training": name} for name in trainings})
    loss = {name: result.metrics[f"loss.{name}"].number for name in trainings}
    assert loss["start"] > loss["net"]  # trained weights outgrow their initial range: the devices end at their rails
    assert loss["ste"] == pytest.approx(loss["net"], rel=0.02)  # 288 levels are as good as numbers
    low, high = result.metrics["range.k2.chance"].value
    assert 0.37 <= low < high <= 1.28 + 1e-6


def test_the_same_seed_gives_the_same_numbers() -> None:
    trainings = {"net": {"method": "inplace", "synapse": _SOT, "devices": 2, "rounding": "stochastic"}}
    one, two = (_network(trainings, {"net": {"training": "net"}}) for _ in range(2))
    np.testing.assert_array_equal(one.data["loss"].values, two.data["loss"].values)


@pytest.mark.parametrize(
    ("trainings", "systems", "error", "match"),
    [
        ({"net": {"method": "in-place"}}, {"a": {"training": "net"}}, UnknownNameError, "inplace"),
        ({"net": {"nurons": _SOT}}, {"a": {"training": "net"}}, InputError, "no key 'nurons'"),
        ({"net": {}}, {"a": {"training": "nte"}}, UnknownNameError, "net"),
        ({"net": {}}, {"a": {"training": "net", "write": "pulse"}}, UnknownNameError, "pulses"),
    ],
)
def test_misspelt_settings_are_refused(
    trainings: dict[str, Any], systems: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        _network(trainings, systems)


def test_figures_say_what_the_settings_ask_for() -> None:
    rates = {f"r{i}": {"neuron": _SOT, "samples": 200, "learning_rate": rate} for i, rate in enumerate((0.1, 0.5, 1.0))}
    trainings = {**rates, "k": {"neuron": _SOT, "trainable": [0.37, 1.28]}}
    scan = [{"current": "-5 mA", "k": 0.37}, {"current": "-32 mA", "k": 1.28}]
    systems = {name: {"training": name} for name in trainings}
    result = _network(trainings, systems, seeds=1, features="k", scan=scan)
    drawn = {figure.name: figure for figure in result.figures}
    assert set(drawn) == {"accuracy", "training", "features", "learning_rate", "scan"}
    np.testing.assert_allclose(drawn["learning_rate"].panels[0].series[0].x, [0.1, 0.5, 1.0])
    before, after = (panel.heat for panel in drawn["features"].panels)
    assert before is not None
    assert after is not None
    assert before.z.shape == (2 * 8, 5 * 8)  # ten digits of 8 x 8 pixels in two rows
    learned = drawn["scan"].panels[0].series[-1]
    # on the straight line through the printed ends
    np.testing.assert_allclose(learned.y, 0.37 + (learned.x + 5) / (-27) * (1.28 - 0.37), rtol=1e-6)
    assert result.metrics["features.end"].number > result.metrics["features.start"].number
