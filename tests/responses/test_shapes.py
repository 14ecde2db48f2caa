"""Shapes of potentiation and depression: exact ends, published formulae, inverses, and other programs' parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.errors import InputError, UnknownNameError
from spinloom.responses.shapes import Exponential, Logistic, Tabulated, shape

V = [0.0, 1e-300, 1e-12, 1e-9, 1e-8, 1e-7, 1e-4, 0.02, 0.6, 1.0, 2.8, 5.0, 60.0, 499.0]
CURVES = [
    *(Exponential(sign * v) for v in V for sign in (1, -1)),
    *(Logistic(sign * v) for v in V for sign in (1, -1)),
    Tabulated((3.0, 5.0, 5.0, 11.0)),
]
P = np.linspace(0.0, 1.0, 201)


@pytest.mark.parametrize("curve", CURVES, ids=str)
def test_ends_are_exact_and_the_curve_rises(curve):
    g = curve(P)
    assert g[0] == 0.0
    assert g[-1] == 1.0
    assert (np.diff(g) >= 0).all()
    assert curve.inverse(0.0) == 0.0
    assert curve.inverse(1.0) == 1.0


@pytest.mark.parametrize("curve", CURVES[:-1], ids=str)
def test_inverse(curve):
    inner = P[(curve(P) > 1e-9) & (curve(P) < 1 - 1e-9)]  # beyond, steep curves have no digits of P left in g
    slope = np.gradient(curve(P), P)[1:-1].min()
    # an error of 1e-16 in g is one of 1e-16/slope in P; the flattest of these curves has a slope near 1e-7
    tolerance = 1e-13 if slope > 1e-3 else 1e-6
    np.testing.assert_allclose(curve.inverse(curve(inner)), inner, atol=tolerance)


@pytest.mark.parametrize("kind", [Exponential, Logistic])
def test_small_v_goes_over_into_the_straight_line(kind):
    np.testing.assert_array_equal(kind(0.0)(P), P)
    for v in (1e-9, 1.1e-8, 1e-6, 1e-3):
        # both deviate from the line by at most |v|/8
        assert np.abs(kind(v)(P) - P).max() <= v / 8 + 1e-15


@pytest.mark.parametrize("v", [0.6, 1.6, 2.0, 2.4, 2.8, 5.0])
def test_thesis_formulae_4_1_to_4_3(v):
    rise = (1 - np.exp(-v * P)) / (1 - np.exp(-v))
    np.testing.assert_allclose(Exponential(v)(P), rise, atol=1e-15)
    mirrored = 1 - (1 - np.exp(-v * (1 - P))) / (1 - np.exp(-v))
    np.testing.assert_allclose(Exponential(-v)(P), mirrored, atol=1e-15)


def test_thesis_formula_4_4():
    v, low, high = 1.0, 0.0, 1.0
    printed = (high - low) * (math.e**v + 1) / (math.e**v - 1) / (1 + np.exp(-2 * v * (P - 0.5)))
    printed = printed + low - (high - low) / (math.e**v - 1)
    np.testing.assert_allclose(Logistic(v)(P), printed, atol=1e-15)
    # 0.0153: computed for FACTS A2; the thesis states a linearity error below 4.19 %
    assert np.abs(Logistic(1.0)(P) - P).max() == pytest.approx(0.0153, abs=5e-5)


@pytest.mark.parametrize(("v", "published"), [(2.0, 0.24), (-5.0, 0.48), (-0.6, 0.075), (-2.8, 0.32), (-1.6, 0.19)])
def test_deviation_from_the_straight_line(v, published):
    curve = Exponential(v)
    fine = np.linspace(0, 1, 20001)
    away = curve(fine) - fine
    assert curve.deviation == pytest.approx(away[np.argmax(np.abs(away))], abs=1e-8)  # grid of 5e-5, quadratic top
    assert abs(curve.deviation) == pytest.approx(published, abs=0.0055)  # two digits, with the rounding of the last


@pytest.mark.parametrize("v", [-7.0, -1.0, 0.0, 0.3, 4.0])
@pytest.mark.parametrize("pulses", [7, 63])
def test_one_pulse_is_linear_in_g(v, pulses):
    g = Exponential(v)(np.arange(pulses + 1) / pulses)
    steps = np.diff(g)
    straight = np.polyfit(g[:-1], steps, 1)
    np.testing.assert_allclose(np.polyval(straight, g[:-1]), steps, atol=1e-14)
    assert -straight[0] == pytest.approx(Exponential(v).step(pulses), abs=1e-12)


@pytest.mark.parametrize("label", [-9.0, -4.88, -0.01, 0.0, 1e-6, 0.2, 2.4, 9.0])
def test_neurosim_labels_go_there_and_back(label):
    curve = Exponential.from_label(label)
    assert curve.label == pytest.approx(label, rel=1e-9, abs=1e-15)  # the series near 0 holds to 1e-11
    assert math.copysign(1, curve.v) == math.copysign(1, label) or label == 0


@pytest.mark.parametrize(
    ("label", "a"),
    # MLP_NeuroSim V3.0, table of the normalised parameter A for labels of 0.01 to 9, six digits after the point
    [(0.01, 126.268958), (0.1, 12.625807), (0.6, 2.097877), (1.51, 0.819477), (3.01, 0.385310), (6.01, 0.135117),
     (9.0, 0.022810)],
)  # fmt: skip
def test_neurosim_table_is_computed(label, a):
    assert Exponential.from_label(label).normalised_a == pytest.approx(a, abs=6e-7)
    assert Exponential.from_normalised_a(a).label == pytest.approx(label, rel=2e-5)


def test_neurosim_a_goes_there_and_back():
    for v in (-4.0, 0.5, 3.0):
        assert Exponential.from_normalised_a(Exponential(v).normalised_a).v == pytest.approx(v, rel=1e-15)
    assert Exponential(0.0).normalised_a == math.inf
    assert Exponential.from_normalised_a(math.inf).v == 0.0


def test_soft_bounds():
    step, pulses = 0.15, 20
    g = [0.0]
    for _ in range(pulses):
        g.append(g[-1] + step * (1 - g[-1]))
    curve = Exponential.soft_bounds(step, pulses)
    np.testing.assert_allclose(curve(np.arange(pulses + 1) / pulses), np.array(g) / g[-1], atol=1e-15)
    assert curve.step(pulses) == pytest.approx(step, rel=1e-14)


def test_table_is_scaled_and_may_have_plateaus():
    table = Tabulated((10.0, 20.0, 20.0, 20.0, 50.0))
    np.testing.assert_allclose(table.levels, (0.0, 0.25, 0.25, 0.25, 1.0))
    assert table.inverse(0.25) == 0.5  # the middle of the plateau
    assert table(0.125) == 0.125
    assert Tabulated((0.0, 0.0, 1.0, 1.0)).inverse(np.array([0.0, 0.5, 1.0])).tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Exponential(math.nan), "finite number between -500 and 500"),
        (lambda: Logistic(501.0), "finite number between -500 and 500"),
        (lambda: Tabulated((1.0,)), "at least two"),
        (lambda: Tabulated((0.0, math.nan, 1.0)), "NaN"),
        (lambda: Tabulated((0.0, 0.6, 0.5, 1.0)), "must rise"),
        (lambda: Tabulated((1.0, 1.0)), "must rise"),
        (lambda: Exponential.from_label(10.0), "at most 9.95"),
        (lambda: Exponential.from_normalised_a(0.0), "infinite A"),
        (lambda: Exponential.soft_bounds(1.0, 5), "step below 1"),
        (lambda: Exponential.soft_bounds(0.1, 0), "at least one pulse"),
    ],
)
def test_what_is_no_curve(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_shapes_by_name():
    assert shape("linear") == Exponential(0.0)
    assert shape("exponential", 2.0) == Exponential(2.0)
    assert shape("logistic", 1.0) == Logistic(1.0)
    assert shape("tabulated", levels=(0, 1)) == Tabulated((0.0, 1.0))
    with pytest.raises(UnknownNameError, match="Did you mean 'logistic'"):
        shape("logistik")
