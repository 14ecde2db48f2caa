"""The tuning curve: closed forms, flips against cycles, rows, fits with known answers, files, and refusals."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

import spinloom as sl
from spinloom.devices.two_state import TwoState
from spinloom.errors import DataError, FitError, InputError, ParameterError, UnitError
from spinloom.responses import Tuning

BELL = Tuning.from_parameters("Zhang2022_mtj")
FAST = Tuning(1e9, 10.0, 100e-6, 5e-6)
"""45 000 flips/s at 5 uA, half width 13.2 uA."""
CURRENT = np.linspace(-40e-6, 50e-6, 19)


def test_closed_forms() -> None:
    # FACTS: f0 1 GHz, Delta 17.7, I_c 293.15 uA -> 20.6 flips/s (10.3 cycles/s), half width 21.8 uA
    assert pytest.approx(1e9 * math.exp(-17.7), rel=1e-12) == BELL.peak
    assert pytest.approx(20.6, abs=0.05) == BELL.peak
    assert pytest.approx(21.8e-6, abs=0.05e-6) == BELL.half_width
    assert BELL.centre == -16.27e-6
    for side in (-1, 1):
        assert float(BELL(BELL.centre + side * BELL.half_width)) == pytest.approx(0.5 * BELL.peak, rel=1e-12)
    assert float(BELL(BELL.centre)) == pytest.approx(BELL.peak, rel=1e-14)
    assert str(BELL) == "20.6 flips/s at -16.3 µA, half width 21.8 µA"


def test_energy_of_a_read() -> None:
    # FACTS: 6.58e-9 J for one sampling time at the largest current
    assert float(BELL.energy(100e-6, "326.5 us")) == pytest.approx(6.58e-9, abs=0.005e-9)
    assert math.isnan(float(FAST.energy(1e-6, 1.0)))


def test_a_cycle_is_two_flips() -> None:
    np.testing.assert_allclose(BELL(CURRENT, per="cycle"), 0.5 * BELL(CURRENT), rtol=1e-15)
    tau_p, tau_ap = sl.device("Zhang2022_mtj").dwell_times(CURRENT)
    np.testing.assert_allclose(BELL(CURRENT, per="cycle"), 1 / (tau_p + tau_ap), rtol=1e-12)
    with pytest.raises(InputError, match="'flip' or each 'cycle'"):
        BELL(0.0, per="spike")  # pyright: ignore[reportArgumentType]


def test_a_row_of_biased_copies_covers_a_range() -> None:
    row = BELL.row(12, "-100 uA", "100 uA")
    assert row.count == 12
    assert row.spacing == pytest.approx(200e-6 / 11)
    rates = row(row.centres)
    assert rates.shape == (12, 12)
    np.testing.assert_allclose(np.diag(rates), BELL.peak, rtol=1e-12)
    # the biases are what TwoState.shifted takes
    shifted = TwoState(*(np.full(12, getattr(BELL, name)) for name in _FOUR)).shifted(row.bias)
    np.testing.assert_allclose(shifted.flip_rate(CURRENT[:, None]), row(CURRENT), rtol=1e-9)
    assert BELL.row(1, 0.0, "20 uA").centres == pytest.approx([10e-6])
    with pytest.raises(InputError, match="at least one junction"):
        BELL.row(0, 0.0, 1e-6)
    with pytest.raises(InputError, match="from low to high"):
        BELL.row(3, "5 uA", "-5 uA")


_FOUR = ("attempt_frequency", "thermal_stability", "critical_current", "offset_current")


def test_sampled_rate_and_noise_match_simulation() -> None:
    # 4000 junctions at one current; mean and variance of counts within four standard errors (false alarm 6e-5 each).
    one = TwoState(*(np.full(4000, getattr(FAST, name)) for name in _FOUR))
    for amperes in (5e-6, 25e-6):
        time = 60 / float(FAST(amperes))
        counts, _ = one.flips(amperes, time, seed=3)
        assert counts.mean() / time == pytest.approx(float(FAST(amperes)), abs=4 * counts.std() / time / 4000**0.5)
        # the noise holds for long times: at 60 flips the variance is within 2 % of its limit, and 4 sqrt(2/4000) = 9 %
        assert counts.var() == pytest.approx(float(FAST.noise(amperes, time) * time) ** 2, rel=0.11)
        step = 0.5 * float(one.correlation_time(amperes)[0])
        states = one.states(amperes, step, 50, seed=4)
        seen = (np.diff(states.astype(int), axis=0) != 0).sum(axis=0) / (49 * step)
        assert seen.mean() == pytest.approx(float(FAST.sampled(amperes, step)), abs=4 * seen.std() / 4000**0.5)
    assert float(FAST.sampled(0.0, 1e-12)) == pytest.approx(float(FAST(0.0)), rel=1e-6)
    assert float(FAST.noise(0.0, 1.0, per="cycle")) == pytest.approx(0.5 * float(FAST.noise(0.0, "1 s")))


def _curve(rate: np.ndarray, current: np.ndarray = CURRENT, **attrs) -> xr.DataArray:
    return xr.DataArray(rate, {"current": current}, ("current",), attrs=attrs)


@pytest.mark.parametrize("attrs", [{}, {"error": 10.0}, {"duration": 1.0, "trials": 5}])
def test_fit_recovers_an_exact_curve(attrs: dict) -> None:
    found = Tuning.fit(_curve(FAST(CURRENT), **attrs))
    for name in (*_FOUR, "peak", "half_width"):
        assert getattr(found, name) == pytest.approx(getattr(FAST, name), rel=1e-6)  # least squares to 1e-12 of its sum
    cycles = Tuning.fit(_curve(FAST(CURRENT, per="cycle"), **attrs), per="cycle")
    assert cycles.peak == pytest.approx(FAST.peak, rel=1e-6)
    other = Tuning.fit(_curve(FAST(CURRENT), **attrs), attempt_frequency="10 GHz")
    np.testing.assert_allclose(other(CURRENT), FAST(CURRENT), rtol=1e-6)
    assert other.thermal_stability == pytest.approx(10 + math.log(10), rel=1e-6)


def test_intervals_cover_as_often_as_they_say() -> None:
    # 300 simulated experiments, 19 currents, about 80 flips at the peak: 95 +- 5 % for each of the five (four binomial
    # standard deviations: false alarm 3e-4 for all)
    time = 80 / FAST.peak
    junction = TwoState(1e9, 10.0, 100e-6, 5e-6)  # pyright: ignore[reportArgumentType]
    counts, _ = junction.flips(np.broadcast_to(CURRENT[None, :, None], (300, 19, 1)), time, seed=7)
    hits = dict.fromkeys(("peak", "centre", "half_width", "thermal_stability", "critical_current"), 0)
    p_values = []
    for row in counts[..., 0]:
        found = Tuning.fit(_curve(row / time, duration=time))
        p_values.append(found.goodness["p_value"])
        for name in hits:
            low, high = found.intervals[name]
            hits[name] += low < getattr(FAST, name) < high
    for name, count in hits.items():
        assert count / 300 == pytest.approx(0.95, abs=0.05), name
    assert np.mean(np.array(p_values) < 1e-3) < 0.03


def test_scatter_alone_gives_intervals_too() -> None:
    # 300 curves with 5 % of noise of the peak and no errors told: Student intervals, 95 +- 5 %
    random = np.random.default_rng(1)
    hits = np.zeros(3)
    for _ in range(300):
        found = Tuning.fit(_curve(np.abs(FAST(CURRENT) + 0.02 * FAST.peak * random.standard_normal(19))))
        for i, name in enumerate(("peak", "centre", "half_width")):
            low, high = found.intervals[name]
            hits[i] += low < getattr(FAST, name) < high
    assert hits / 300 == pytest.approx([0.95] * 3, abs=0.05)


def test_what_is_no_bell_is_refused() -> None:
    with pytest.raises(FitError, match=r"no bell: its rates reach from 5 to 5/s"):
        Tuning.fit(_curve(np.full(19, 5.0)))
    with pytest.raises(FitError, match="no bell: its rates reach"):
        Tuning.fit(_curve(np.zeros(19), duration=1.0))
    with pytest.raises(FitError, match="rise and fall"):
        Tuning.fit(_curve(np.exp(CURRENT / 2e-5)))
    with pytest.raises(FitError, match="rise and fall"):
        Tuning.fit(_curve(FAST(CURRENT[:10]), CURRENT[:10]))
    comb = np.where(np.arange(19) % 3 == 1, 0.2, 1.0)
    with pytest.raises(FitError, match=r"misses the rates by .*rms"):
        Tuning.fit(_curve(FAST(CURRENT) * comb))
    with pytest.raises(FitError, match="too narrow for its currents: 1 of them"):
        Tuning.fit(_curve(np.where(np.arange(19) == 9, 10.0, 0.0)))
    with pytest.raises(InputError, match="at least four currents"):
        Tuning.fit(_curve(np.ones(3), CURRENT[:3]))
    with pytest.raises(InputError, match="NaN"):
        Tuning.fit(_curve(np.where(CURRENT > 0, np.nan, 1.0)))
    with pytest.raises(InputError, match="rates are 0 or more"):
        Tuning.fit(_curve(FAST(CURRENT) - 1e4))
    with pytest.raises(InputError, match="not below the attempt frequency"):
        Tuning.fit(_curve(FAST(CURRENT)), attempt_frequency="10 kHz")
    with pytest.raises(InputError, match="dimensions"):
        Tuning.fit(xr.DataArray(np.zeros((2, 2)), dims=("a", "b")))
    with pytest.raises(InputError, match="duration of the curve"):
        Tuning.fit(_curve(FAST(CURRENT), duration=0.0))


def test_from_csv(tmp_path: Path) -> None:
    path = tmp_path / "lab.csv"
    rows = "\n".join(f"{1e6 * i:.4f},{1e-3 * float(FAST(i, per='cycle')):.8f},2" for i in CURRENT)
    path.write_text(f"# a junction\ncurrent [uA],cycle rate [kHz],duration [s]\n{rows}\n")
    found = Tuning.from_csv(path)
    assert (found.peak, found.centre, found.half_width) == pytest.approx((FAST.peak, 5e-6, FAST.half_width), rel=1e-4)
    assert found.source == "lab.csv"
    path.write_text(f"current [uA],rate [kHz],duration [s]\n{rows}\n")
    assert Tuning.from_csv(path, per="cycle").peak == pytest.approx(FAST.peak, rel=1e-4)
    assert Tuning.from_csv(path, per="flip").peak == pytest.approx(FAST.peak / 2, rel=1e-4)
    with pytest.raises(InputError, match=r"does not say whether it counts flips .* or cycles"):
        Tuning.from_csv(path)
    path.write_text(f"current [uA],flip rate [kHz],duration [s]\n{rows}\n")
    with pytest.raises(InputError, match=r"counts flips, but per='cycle'"):
        Tuning.from_csv(path, per="cycle")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("current,flip rate [Hz]\n1,2\n", UnitError, r"current has no unit"),
        ("current [uA],flip rate\n1,2\n", UnitError, r"rate has no unit.*flip rate \[Hz\]"),
        ("current [uA],flip rate [uA]\n1,2\n", UnitError, "no frequency"),
        ("current [uA],height [m]\n1,2\n", DataError, "no column for rate"),
        ("current [uA],flip rate [Hz]\n1,2\n2,nan\n3,-1\n4\n5,x\n", DataError,
         "line 3: rate is nan; line 4: rate -1 is negative; line 5: 1 cells.*; line 6: 'x' is no number"),
        ("current [uA],flip rate [Hz],duration [s]\n1,2,0\n", DataError, "duration 0 is not more than 0"),
        ("1,2\n3,4\n", DataError, "no column for current and rate"),
    ],
)  # fmt: skip
def test_malformed_files_are_named_by_line(tmp_path: Path, text: str, error: type[Exception], message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(error, match=message):
        Tuning.from_csv(path)


def test_from_device_closed_or_counted() -> None:
    mtj = sl.device("Zhang2022_mtj", thermal_stability=10, thermal_stability_spread=0.05)
    closed = Tuning.from_device(mtj)
    assert closed.peak == pytest.approx(1e9 * math.exp(-10), rel=1e-12)  # the mean junction: no spread in it
    warm = Tuning.from_device(mtj, temperature="330 K")
    assert warm.thermal_stability == pytest.approx(10 * 300 / 330)
    counted = Tuning.from_device(mtj, "-150uA:120uA:21", duration="2 ms", trials=10, seed=2)
    for name in ("peak", "centre", "half_width"):  # 5 standard errors, 2.5 half intervals
        low, high = counted.intervals[name]
        assert getattr(counted, name) == pytest.approx(getattr(closed, name), abs=1.25 * (high - low))
    with pytest.raises(InputError, match="current and duration"):
        Tuning.from_device(mtj, "-10uA:10uA:5")
    with pytest.raises(ParameterError, match="this response needs"):
        Tuning.from_parameters("Xin2023_mtj")


def test_a_fit_becomes_a_device(tmp_path: Path) -> None:
    found = Tuning.fit(_curve(FAST(CURRENT), duration=1.0))
    path = tmp_path / "mine.toml"
    path.write_text(found.to_toml("Mine2026_mtj"))
    mtj = sl.device(path)
    np.testing.assert_allclose(mtj.flip_rate(CURRENT), FAST(CURRENT), rtol=1e-4)  # six digits
    how = {item.name: item.source.how for item in mtj.parameters.parameters.values()}
    assert (how["attempt_frequency"], how["critical_current"]) == ("assumed", "fitted")
    assert Tuning.from_parameters(path).half_width == pytest.approx(found.half_width, rel=1e-5)
    with pytest.raises(InputError, match="needs a name"):
        found.to_toml(" ")


def test_torch_copy_equals_the_curve_and_has_its_gradient() -> None:
    current = torch.linspace(-5e-4, 5e-4, 41, dtype=torch.float64, requires_grad=True)
    out = FAST.to_torch()(current)
    np.testing.assert_allclose(out.detach().numpy(), FAST(current.detach().numpy()), rtol=1e-11)
    out.sum().backward()
    x = (current.detach().numpy() - 5e-6) * 10.0 / 100e-6
    expected = -FAST(current.detach().numpy()) * np.tanh(x) * 10.0 / 100e-6
    np.testing.assert_allclose(current.grad.numpy(), expected, rtol=1e-9)  # pyright: ignore[reportOptionalMemberAccess]
