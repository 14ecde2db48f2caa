"""The Bernoulli response: closed forms, bits with known statistics, sets, files, and refusals."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

import spinloom as sl
from spinloom.errors import FitError, InputError, ParameterError, UnknownNameError
from spinloom.responses import Bernoulli

SOURCE = Bernoulli.from_values("0.282 V", "5.1 mV")


def test_closed_forms() -> None:
    assert float(SOURCE(0.282)) == 0.5
    assert float(SOURCE(0.282 + 0.0051 * math.log(3))) == pytest.approx(0.75, rel=1e-14)
    p = np.linspace(0.001, 0.999, 99)
    np.testing.assert_allclose(SOURCE(SOURCE.drive_for(p)), p, rtol=1e-11)  # 0.28 V/5 mV loses two digits
    falling = SOURCE.replace(width=-0.0051)
    assert float(falling(0.282 + 0.0051)) == pytest.approx(1 / (1 + math.e), rel=1e-12)
    assert str(SOURCE) == "P = 1/2 at 282 mV, width 5.1 mV"


def test_the_set_gives_times_and_energies() -> None:
    found = Bernoulli.from_parameters("Zhang2024_sot")
    assert (found.centre, found.width, found.unit) == (0.282, 0.0051, "V")
    # the three points of the caption that the set quotes: 25, 48, 81 %, printed to a per cent and a millivolt
    # (1 mV is 5 % at the centre)
    assert found(np.array([0.275, 0.282, 0.288])) == pytest.approx([0.25, 0.48, 0.81], abs=0.05)
    assert found.time_per_bit == pytest.approx(110e-9, rel=1e-12)
    write, reset = 0.282**2 / 1e3 * 50e-9, 0.4**2 / 1e3 * 50e-9
    read = 0.1**2 * 10e-9 * 0.5 * (1 / 10e3 + 1 / 20e3)
    assert found.energy_per_bit() == pytest.approx(write + reset + read, rel=1e-12)
    more = (float(found.drive_for(0.9)) / 0.282) ** 2
    assert found.energy_per_bit(0.9) == pytest.approx(write * more + reset + read, rel=1e-12)
    assert "switching_voltage" in {name for name, _, _ in found.assumed}
    assert found.references == ("Zhang2024",)


def test_sets_driven_by_a_current_or_without_costs(tmp_path: Path) -> None:
    text = 'name = "mine"\ndevice = "stochastic_switch"\n'
    for name, value in (("switching_current", "100 uA"), ("switching_current_width", "4 uA"), ("pulse_width", "5 ns")):
        text += f'[parameters.{name}]\nvalue = "{value}"\nhow = "yours"\n'
    path = tmp_path / "mine.toml"
    path.write_text(text)
    found = Bernoulli.from_parameters(path)
    assert (found.centre, found.width, found.unit) == (100e-6, 4e-6, "A")
    assert (found.reset_time, found.reset_energy) == (0.0, 0.0)
    assert math.isnan(found.energy_per_bit())
    assert math.isnan(found.time_per_bit)
    heated = Bernoulli.from_parameters(path, write_resistance="2 kohm")
    assert heated.write_energy == pytest.approx(1e-8 * 2e3 * 5e-9)
    with pytest.raises(ParameterError, match="not both"):
        Bernoulli.from_parameters(path, switching_voltage_width="1 mV")
    with pytest.raises(ParameterError, match="not neither"):
        Bernoulli.from_parameters(path, switching_current_width=0)
    with pytest.raises(ParameterError, match="Xin2023_mtj is a magnetic tunnel junction"):
        Bernoulli.from_parameters("Xin2023_mtj")
    with pytest.raises(UnknownNameError, match=r"no dynamics: responses.Bernoulli.*'spinloom device show"):
        sl.device("Zhang2024_sot")


@pytest.mark.parametrize("p", [0.03, 0.5, 0.75])
def test_bits_have_their_probability_and_no_memory(p: float) -> None:
    # 1e6 bits; mean and neighbour correlation within four standard deviations: false alarm 6e-5 each, seed fixed
    bits = SOURCE.bits(p, 1_000_000, seed=5)
    assert bits.dtype == np.uint8
    assert set(np.unique(bits)) == {0, 1}
    assert abs(bits.mean() - p) < 4 * math.sqrt(p * (1 - p) / bits.size)
    centred = bits - bits.mean()
    assert abs((centred[1:] * centred[:-1]).mean()) < 4 * p * (1 - p) / math.sqrt(bits.size)


def test_bits_are_fixed_by_their_seed_at_any_length_and_shape() -> None:
    long = SOURCE.bits(0.3, 600_000, seed=3)  # more than two chunks
    np.testing.assert_array_equal(SOURCE.bits(0.3, 1000, seed=3), long[:1000])
    np.testing.assert_array_equal(SOURCE.bits(0.3, (2, 300_000), seed=3).ravel(), long)
    assert (SOURCE.bits(0.3, 1000, seed=4) != long[:1000]).any()
    # probabilities as an array: the same draws, each against its own threshold
    share = np.full(600_000, 0.3)
    share[::2] = 0.6
    mixed = SOURCE.bits(share, (), seed=3)
    np.testing.assert_array_equal(mixed[1::2], long[1::2])
    assert (mixed[::2] >= long[::2]).all()
    assert SOURCE.bits(np.array([[0.0], [1.0]]), (2, 50)).sum(axis=1).tolist() == [0, 50]
    assert SOURCE.bits(0.5).shape == ()
    assert SOURCE.bits(0.5, 0).shape == (0,)


def test_spread_between_devices() -> None:
    # 20 000 devices: standard deviations within 4/sqrt(2 n) = 2 %, false alarm 6e-5
    source = SOURCE.replace(centre_spread=0.02, width_spread=0.1)
    found = source.spread(20_000, seed=1)
    assert found.centre.std() / 0.282 == pytest.approx(0.02, rel=0.02)
    assert found.width.std() / 0.0051 == pytest.approx(0.1, rel=0.02)
    np.testing.assert_array_equal(source.spread(10, seed=1).centre, found.centre[:10])
    assert found.probability(0.282).shape == (20_000,)
    np.testing.assert_array_equal(SOURCE.spread(3).probability(0.29), np.full(3, SOURCE(0.29)))
    with pytest.raises(InputError, match="at least one device"):
        SOURCE.spread(0)


def _curve(drive: np.ndarray, share: np.ndarray, dim: str, trials: int | None = None) -> xr.DataArray:
    return xr.DataArray(share, dims=dim, coords={dim: drive}, attrs={"trials": trials} if trials else {})


@pytest.mark.parametrize(("dim", "width"), [("voltage", 0.0051), ("voltage", -0.0051), ("current", 0.0051)])
def test_fit_recovers_an_exact_curve(dim: str, width: float) -> None:
    drive, exact = np.linspace(0.26, 0.3, 25), SOURCE.replace(width=width)
    found = Bernoulli.fit(_curve(drive, exact(drive), dim), read_time=1e-8)
    assert (found.centre, found.width) == pytest.approx((0.282, width), rel=1e-5)  # BFGS to a gradient of 1e-6
    assert found.unit == {"voltage": "V", "current": "A"}[dim]
    assert found.read_time == 1e-8
    assert found.centre_interval[0] < 0.282 < found.centre_interval[1]
    assert found.width_interval[0] < width < found.width_interval[1]


def test_intervals_cover_as_often_as_they_say() -> None:
    # 300 simulated experiments of 15 voltages x 200 pulses: 95 +- 5 % (four binomial standard deviations)
    random, drive = np.random.default_rng(2), np.linspace(0.27, 0.295, 15)
    hits = np.zeros(2)
    for _ in range(300):
        found = Bernoulli.fit(_curve(drive, random.binomial(200, SOURCE(drive)) / 200, "voltage", 200))
        pairs = ((found.centre_interval, SOURCE.centre), (found.width_interval, SOURCE.width))
        hits += [low < exact < high for (low, high), exact in pairs]
    assert hits / 300 == pytest.approx([0.95, 0.95], abs=0.05)


def test_from_csv_takes_a_voltage_or_a_current(tmp_path: Path) -> None:
    drive = np.linspace(0.26, 0.3, 15)
    path = tmp_path / "lab.csv"
    rows = [f"{1e3 * v:.6f},{float(SOURCE(v)):.8f},100" for v in drive]
    path.write_text("Write voltage (mV),Psw,trials\n" + "\n".join(rows))
    found = Bernoulli.from_csv(path)
    assert (found.centre, found.width) == pytest.approx((0.282, 0.0051), rel=1e-4)
    assert (found.unit, found.source) == ("V", "lab.csv")
    path.write_text("current [mA],p\n" + "\n".join(f"{v},{float(SOURCE(v)):.8f}" for v in drive))
    assert Bernoulli.from_csv(path).centre == pytest.approx(0.282e-3, rel=1e-4)
    path.write_text("field [T],p\n1,0.5\n")
    with pytest.raises(sl.errors.DataError, match="no column for voltage or current"):
        Bernoulli.from_csv(path)
    path.write_text("voltage,p\n1,0.5\n")
    with pytest.raises(sl.errors.UnitError, match=r"voltage has no unit.*voltage \[V\]"):
        Bernoulli.from_csv(path)


def test_from_device_is_the_devices_own_curve() -> None:
    mtj = sl.device("Xin2023_mtj")
    found = Bernoulli.from_device(mtj, "2uA:14uA:13", "30 ns")
    sigmoid = sl.responses.Sigmoid.fit(mtj.switching_probability("2uA:14uA:13", "30 ns"))
    assert (found.centre, found.width) == pytest.approx((-sigmoid.c, 1 / sigmoid.k), rel=1e-9)
    assert found.write_energy == pytest.approx(mtj.write_energy(found.centre, "30 ns", -1.0))
    assert (found.unit, found.pulse_width, found.source) == ("A", 3e-8, "Xin2023_mtj")


def test_torch_copy_equals_the_curve() -> None:
    drive = torch.linspace(0.26, 0.3, 20, dtype=torch.float64, requires_grad=True)
    out = SOURCE.to_torch()(drive)
    np.testing.assert_allclose(out.detach().numpy(), SOURCE(drive.detach().numpy()), rtol=1e-12)
    out.sum().backward()
    share = out.detach()
    np.testing.assert_allclose(drive.grad.numpy(), (share * (1 - share) / 0.0051).numpy(), rtol=1e-9)  # pyright: ignore[reportOptionalMemberAccess]


@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, 1.2, math.nan])
def test_no_drive_for_certainty(p: float) -> None:
    with pytest.raises(InputError, match="inside 0 and 1"):
        SOURCE.drive_for(np.array([0.5, p]))


@pytest.mark.parametrize("p", [-1e-9, 1.2, math.nan])
def test_bits_refuse_what_is_no_probability(p: float) -> None:
    with pytest.raises(InputError, match="must lie between 0 and 1"):
        SOURCE.bits(np.array([0.5, p]), 2)


def test_other_refusals() -> None:
    with pytest.raises(InputError, match="do not fit bits of shape"):
        SOURCE.bits(np.full(3, 0.5), 4)
    with pytest.raises(InputError, match="negative"):
        SOURCE.bits(0.5, -1)
    with pytest.raises(InputError, match="the width not 0"):
        Bernoulli(0.1, 0.0)
    with pytest.raises(InputError, match="voltage"):
        Bernoulli(0.1, 0.1, "T")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="centre_spread"):
        SOURCE.replace(centre_spread=-0.1)
    with pytest.raises(InputError, match="read_time"):
        SOURCE.replace(read_time=-1.0)
    with pytest.raises(FitError, match=r"no Bernoulli curve: .* range of voltages"):
        Bernoulli.fit(_curve(np.linspace(0, 1, 9), np.full(9, 0.3), "voltage"))
    with pytest.raises(InputError, match="dimensions"):
        Bernoulli.fit(xr.DataArray(np.zeros((2, 2)), dims=("a", "b")))
