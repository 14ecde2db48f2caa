"""The sigmoid response: fits with known answers, files, torch, and complaints."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr

import spinloom as sl
from spinloom.errors import DataError, FitError, InputError, UnitError
from spinloom.responses import Sigmoid


def _curve(current, probability, trials=None, **attrs):
    data = xr.DataArray(np.asarray(probability, float), dims="current", coords={"current": np.asarray(current, float)})
    data.attrs = {**attrs, **({"trials": trials} if trials else {})}
    return data


def test_fit_recovers_an_exact_logistic_curve():
    current = np.linspace(5e-6, 18e-6, 40)
    exact = Sigmoid.from_values("2.2 /uA", "-11.8 uA")
    fit = Sigmoid.fit(_curve(current, exact(current)))
    assert fit.in_microamperes() == pytest.approx((2.2, -11.8), rel=1e-5)  # BFGS to a gradient of 1e-6
    assert fit.goodness["largest_deviation"] < 1e-5
    falling = Sigmoid.fit(_curve(current, exact(current)[::-1]))
    assert falling.k < 0


def test_intervals_cover_as_often_as_they_say():
    # 300 simulated experiments of 20 currents x 100 trials: 95 % intervals cover in 95 +- 5 % (four binomial standard
    # deviations: false alarm 1e-4 for the two)
    random = np.random.default_rng(8)
    current = np.linspace(8e-6, 16e-6, 20)
    exact = Sigmoid.from_values("2.2 /uA", "-11.8 uA")
    hits = np.zeros(2)
    for _ in range(300):
        fit = Sigmoid.fit(_curve(current, random.binomial(100, exact(current)) / 100, trials=100))
        hits += [fit.k_interval[0] < exact.k < fit.k_interval[1], fit.c_interval[0] < exact.c < fit.c_interval[1]]
        assert fit.goodness["p_value"] > 1e-6
    assert hits / 300 == pytest.approx([0.95, 0.95], abs=0.05)


def test_goodness_of_fit_complains():
    current = np.linspace(0, 20e-6, 40)
    with pytest.raises(FitError, match=r"no sigmoid: its probabilities reach from 0.3 to 0.3"):
        Sigmoid.fit(_curve(current, np.full(40, 0.3)))
    bump = np.exp(-(((current - 10e-6) / 3e-6) ** 2))
    with pytest.raises(FitError, match="misses it by"):
        Sigmoid.fit(_curve(current, bump))
    with pytest.raises(FitError, match="jumps from 0 to 1"):
        Sigmoid.fit(_curve(current, current > 10e-6))
    with pytest.raises(InputError, match="at least three points"):
        Sigmoid.fit(_curve([1e-6, 2e-6], [0.1, 0.9]))
    with pytest.raises(InputError, match="NaN"):
        Sigmoid.fit(_curve(current, np.where(current > 1e-5, np.nan, 0.5)))
    two = sl.device("Xin2023_mtj").switching_probability("1uA:8uA:8", ["10 ns", "30 ns"])
    with pytest.raises(InputError, match="Select one"):
        Sigmoid.fit(two)


def test_fit_from_a_device_carries_its_sources():
    curve = sl.device("Xin2023_mtj").switching_probability("0uA:12uA:49", "30 ns", initial="axis")
    fit = Sigmoid.fit(curve)
    # 200 independent RK4 trajectories a point at these parameters gave k = 1.40 /uA, c = -2.91 uA: their standard error
    # in c is 1/(k sqrt(sum n p(1-p))) = 0.06 uA at a spacing of 1 uA; three of them
    assert fit.in_microamperes() == pytest.approx((1.40, -2.91), abs=0.18)
    assert fit.pulse_width == pytest.approx(30e-9)
    assert fit.references == ("Xin2023",)
    assert fit.source == "Xin2023_mtj"
    assert str(fit).startswith("k = 1.4")


def test_csv_is_the_same_door(tmp_path):
    exact = Sigmoid.from_values("1.4 /uA", "-2.9 uA")
    rows = ["# measured on a Tuesday", "trials, probability ,current [uA]"]
    rows += [f"1000,{float(exact(i * 1e-6)):.6f},{i}" for i in np.arange(6.0, -0.1, -0.5)]
    file = tmp_path / "lab.csv"
    file.write_text("\n".join(rows) + "\n\n", encoding="utf-8-sig")
    fit = Sigmoid.from_csv(file)
    assert fit.in_microamperes() == pytest.approx((1.4, -2.9), rel=1e-4)  # six printed digits
    assert fit.source == "lab.csv"
    milli = tmp_path / "milli.csv"
    milli.write_text("current (mA),p\n" + "\n".join(f"{i * 1e-3},{float(exact(i * 1e-6))}" for i in range(7)))
    assert Sigmoid.from_csv(milli).in_microamperes() == pytest.approx((1.4, -2.9), rel=1e-4)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("current,probability\n1,0.5\n", UnitError, r"has no unit.*current \[uA\]"),
        ("current [furlong],probability\n1,0.5\n", UnitError, "no current"),
        ("voltage [V],probability\n1,0.5\n", DataError, "no column for current"),
        ("current [uA]\n1\n", DataError, "no column for probability"),
        ("current [uA],probability\n", DataError, "no data"),
        ("current [uA],probability\n1,0.1\n2,high\n3,nan\n4\n5,1.2\n", DataError,
         "line 3: 'high' is no number for probability; line 4: probability is nan; line 5: 1 cells.*; line 6: .* 1.2"),
        ("current [uA],probability,trials\n1,0.1,2.5\n", DataError, "line 2: trials 2.5 is no whole number"),
    ],
)  # fmt: skip
def test_malformed_files_are_named_by_line(tmp_path, text, error, message):
    file = tmp_path / "bad.csv"
    file.write_text(text)
    with pytest.raises(error, match=message):
        Sigmoid.from_csv(file)


def test_missing_and_binary_files(tmp_path):
    with pytest.raises(DataError, match="There is no file"):
        Sigmoid.from_csv(tmp_path / "none.csv")
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DataError, match="cannot be read as text"):
        Sigmoid.from_csv(tmp_path / "x.csv")


def test_torch_copy_equals_the_curve_and_has_its_gradient():
    fit = Sigmoid.from_values("2.2 /uA", "-11.8 uA")
    current = torch.linspace(5e-6, 18e-6, 50, dtype=torch.float64, requires_grad=True)
    out = fit.to_torch()(current)
    np.testing.assert_allclose(out.detach().numpy(), fit(current.detach().numpy()), rtol=1e-12)
    out.sum().backward()
    p = out.detach()
    np.testing.assert_allclose(current.grad.numpy(), (fit.k * p * (1 - p)).numpy(), rtol=1e-10)


def test_layer_starts_at_the_curves_slope():
    layer = Sigmoid.from_values("1.4 /uA", "-2.9 uA").layer(3, train=("k",))
    z = torch.tensor([[0.0, 1.0, -2.0]])
    np.testing.assert_allclose(layer(z).detach().numpy(), 1 / (1 + np.exp(-1.4 * z.numpy())), rtol=1e-6)
    assert [name for name, _ in layer.named_parameters()] == ["k"]


@pytest.mark.parametrize(("k", "message"), [("2.2", "needs a unit"), ("2.2 /furlong", "no current")])
def test_slope_needs_its_unit(k, message):
    with pytest.raises(InputError, match=message):
        Sigmoid.from_values(k, "1 uA")
