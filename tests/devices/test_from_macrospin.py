"""Two-state rates from the macrospin: Brown's limits, the linear law's tangent, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.devices import device
from spinloom.devices.from_macrospin import escape_rates, two_state_parameters
from spinloom.devices.superparamagnetic_junction import SuperparamagneticJunction
from spinloom.errors import InputError, ParameterError
from spinloom.parameters import load
from spinloom.physics import macrospin
from spinloom.physics import pulse_switching as forms


@pytest.fixture(scope="module")
def junction():
    return device("Xin2023_mtj")


def test_rates_under_current_are_browns(junction):
    # Delta = 15: Brown's form within 2 % towards the current, 4 % against it, up to 0.3 I_c
    here = device("Xin2023_mtj_15kT")
    p = here.model
    c = forms.relaxation_rate(p.damping, p.gyromagnetic_ratio, here.anisotropy_field())
    ratio = np.array([-0.3, -0.1, 0.0, 0.1, 0.3])
    found = escape_rates(here, ratio * here.critical_current())
    brown = np.array([forms.perpendicular_escape_rate(c, here.thermal_stability(), x) for x in ratio])
    np.testing.assert_allclose(found.leave_antiparallel, brown, rtol=0.04)
    np.testing.assert_allclose(found.leave_parallel, brown[::-1], rtol=0.04)
    np.testing.assert_allclose(found.leave_antiparallel[2:], brown[2:], rtol=0.02)
    # the parallel state under +I is the antiparallel one under -I: exact
    np.testing.assert_allclose(found.leave_parallel[::-1], found.leave_antiparallel, rtol=1e-9)


def test_two_state_model_is_the_tangent(junction):
    model = SuperparamagneticJunction.from_macrospin(junction)
    delta, critical = junction.thermal_stability(), junction.critical_current()
    assert model.thermal_stability() == delta
    p = junction.model
    brown = macrospin.escape_rate(p.damping, p.gyromagnetic_ratio, junction.anisotropy_field(), delta)
    attempt = model.parameters.value("attempt_frequency")
    assert attempt == pytest.approx(brown * math.exp(delta), rel=0.02)
    assert model.parameters.value("offset_current") == 0.0
    exact = escape_rates(junction, [0.0, 1e-3 * critical])
    down, up = model.rates([0.0, 1e-3 * critical])
    np.testing.assert_allclose(up, exact.leave_antiparallel, rtol=1e-4)
    np.testing.assert_allclose(down, exact.leave_parallel, rtol=1e-4)
    # both rates far out: too fast by exp(Delta i^2), up to the prefactor's (1 - i^2) and higher orders, 10 % here
    exact, (down, up) = escape_rates(junction, 0.2 * critical), model.rates(0.2 * critical)
    both = math.sqrt(up[0] * down[0] / (exact.leave_antiparallel.item() * exact.leave_parallel.item()))
    assert both == pytest.approx(math.exp(delta * 0.04), rel=0.1)


def test_critical_current_tends_to_half(junction):
    # barriers Delta (1 -+ i)^2 have the slope of a linear law with I_c/2: the prefactor adds 1/(2 Delta) and falls away
    deep = device("Xin2023_mtj_15kT", temperature="60 K")
    model = SuperparamagneticJunction.from_macrospin(deep)
    assert deep.thermal_stability() == pytest.approx(76.5, abs=0.1)
    assert model.critical_current() / deep.critical_current() == pytest.approx(0.5, abs=0.005)


def test_voltage_lowers_the_barrier():
    # the exact rate under a voltage against Brown's with Delta(V) and B_k(V): within his 1.2 % for Delta = 8..20
    here = device("Xin2023_mtj_15kT", vcma_coefficient="100 fJ/(V m)")
    v, p, delta = here.parameters.value, here.model, here.thermal_stability()
    for volts in (-1.0, 0.5, 1.0):
        left = forms.voltage_barrier(delta, v("vcma_coefficient"), volts, p.area, v("barrier_thickness"), 300.0)
        field = here.anisotropy_field() * left / delta
        brown = macrospin.escape_rate(p.damping, p.gyromagnetic_ratio, field, left)
        assert escape_rates(here, 0.0, volts).leave_parallel.item() == pytest.approx(brown, rel=0.012)
        assert 8 < left < 21
    # the two-state model has the same barrier
    model = SuperparamagneticJunction.from_macrospin(here)
    assert float(model.two_state(voltage="1 V").thermal_stability[0]) == pytest.approx(left, rel=1e-9)
    with pytest.raises(InputError, match="one state only"):
        escape_rates(here, 0.0, "3 V")


def test_field_is_balanced_by_a_current(junction):
    # a field h along the axis acts like the current I_c0 h: exactly cancelled by I_0 = -h I_c0
    here = junction.with_parameters(applied_field_z="10 mT")
    model = SuperparamagneticJunction.from_macrospin(here)
    h = 0.01 / junction.anisotropy_field()
    assert model.parameters.value("offset_current") == pytest.approx(-h * junction.critical_current(), rel=1e-6)
    assert model.critical_current() == pytest.approx(
        SuperparamagneticJunction.from_macrospin(junction).critical_current(), rel=1e-4
    )


def test_set_says_where_it_comes_from(junction, tmp_path):
    found = two_state_parameters(junction.with_parameters(vcma_coefficient="30 fJ/(V m)", tmr=1.0))
    assert found.parameters["attempt_frequency"].source.how == "computed"
    assert found.value("tmr") == 1.0
    assert found.value("anisotropy_field") == junction.anisotropy_field()
    per_volt = 2 * 30e-15 / (1.3e-9 * 1e-9 * junction.model.magnetisation)
    assert found.value("barrier_voltage") == pytest.approx(junction.anisotropy_field() / per_volt)
    assert found.assumed() == []
    file = tmp_path / "mine.toml"
    file.write_text(found.to_toml(), encoding="utf-8")
    assert load(file).value("attempt_frequency") == found.value("attempt_frequency")


def test_bad_input(junction):
    with pytest.raises(ParameterError, match="no two states"):
        two_state_parameters(junction.with_parameters(temperature="1500 K"))
    with pytest.raises(InputError, match="not symmetric about z"):
        two_state_parameters(device("Lee2017_vcma"))
    with pytest.raises(InputError, match="temperature is 0"):
        two_state_parameters(junction.with_parameters(temperature=0.0))
    with pytest.raises(ParameterError, match="easy axis"):
        two_state_parameters(junction.with_parameters(uniaxial_anisotropy=0.0))
    with pytest.raises(ParameterError, match="Lower the applied field"):
        two_state_parameters(junction.with_parameters(applied_field_z="150 mT"))
    with pytest.raises(InputError, match="one state only"):
        escape_rates(junction, 2 * junction.critical_current())
    with pytest.raises(InputError, match="finite"):
        escape_rates(junction, [np.inf])
