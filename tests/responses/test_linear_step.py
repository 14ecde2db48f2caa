"""aihwkit's LinearStep rule, as its documentation states it, lands on our levels."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.responses import Exponential, Logistic, Plasticity, Tabulated
from spinloom.responses.linear_step import LinearStep


def _documented_rule(settings, start, sign, pulses):
    """w <- clip(w - dw^d (gamma^d w + 1)) with dw^d = -d dw_min (1 + d beta), gamma^d = -|gamma|/b^d of aihwkit's docs.

    (The documentation writes the step with the sign of the error, so that its minus makes an up pulse raise w.)
    """
    bound = settings["w_max"] if sign > 0 else settings["w_min"]
    gamma = -settings["gamma_up" if sign > 0 else "gamma_down"] / bound
    step = sign * settings["dw_min"] * (1 + sign * settings["up_down"])
    seen = [start]
    for _ in range(pulses):
        w = seen[-1] + step * (gamma * seen[-1] + 1)
        seen.append(min(max(w, settings["w_min"]), settings["w_max"]))
    return np.array(seen)


@pytest.mark.parametrize(("rise", "fall"), [(2.5, -4.0), (0.0, 0.0), (5.0, -0.3), (-1.5, 2.0)])
@pytest.mark.parametrize("w_max", [0.6, 1.0])
def test_the_documented_rule_lands_on_our_levels(rise, fall, w_max):
    synapse = Plasticity.from_values(16, 0.0, 1.0, Exponential(rise), Exponential(fall), depression_states=41)
    settings = LinearStep.of(synapse, w_max).settings()
    for direction, sign in (("potentiation", 1), ("depression", -1)):
        pulses = synapse.curve(direction)[1]
        w = _documented_rule(settings, -sign * w_max, sign, pulses)
        ours = w_max * (2 * synapse.conductance(np.arange(pulses + 1), direction) - 1)
        np.testing.assert_allclose(w, ours, atol=1e-12)
    assert settings["allow_increasing"] == (rise < 0)


@pytest.mark.parametrize(("rise", "fall"), [(2.5, -4.0), (0.0, -1.0), (-1.5, 2.0)])
def test_there_and_back(rise, fall):
    synapse = Plasticity.from_values(
        16, "10 uS", "100 uS", Exponential(rise), Exponential(fall), depression_states=41, cycle_to_cycle=0.01
    )
    back = LinearStep.of(synapse, 0.7).plasticity("10 uS", "100 uS")
    assert (back.states, back.depression_states, back.low, back.high) == (16, 41, synapse.low, synapse.high)
    assert back.potentiation.v == pytest.approx(rise, rel=1e-12)
    assert back.depression.v == pytest.approx(fall, rel=1e-12)
    assert back.cycle_to_cycle == pytest.approx(0.01, rel=1e-12)


def test_a_step_that_the_bound_cuts_becomes_a_table():
    device = LinearStep(dw_min=0.3, gamma_up=0.5, gamma_down=0.4, up_down=0.1)
    synapse = device.plasticity()
    assert isinstance(synapse.potentiation, Tabulated)
    for direction, sign in (("potentiation", 1), ("depression", -1)):
        pulses = synapse.curve(direction)[1]
        w = _documented_rule(device.settings(), -float(sign), sign, pulses)
        assert w[-1] == sign
        assert abs(w[-2]) < 1
        np.testing.assert_allclose(2 * synapse.conductance(np.arange(pulses + 1), direction) - 1, w, atol=1e-12)


def test_what_is_no_linear_step():
    with pytest.raises(InputError, match="exponential shapes alone"):
        LinearStep.of(Plasticity.from_values(8, 0.0, 1.0, Logistic(1.0)))
    with pytest.raises(InputError, match="soft_bounds"):
        LinearStep(0.1, gamma_up=1.0)
    with pytest.raises(InputError, match="above 0"):
        LinearStep(0.0)
