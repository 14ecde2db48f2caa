"""The junction: what it measures, what travels with a result, and what it says to bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

import spinloom as sl
from spinloom.devices import Drive, Pulse, Solver, device
from spinloom.devices.testing import assert_device_api
from spinloom.errors import InputError, ParameterError, SpinloomWarning, TimeStepError, UnitError, UnknownNameError


@pytest.fixture(scope="module")
def junction():
    return device("Xin2023_mtj")


def test_junction_does_what_every_device_does():
    assert_device_api("Xin2023_mtj")


def test_relaxation_ends_on_the_nearer_pole(junction):
    # Xin 2023, fig. 3.3: 45 degrees from +z goes to +z, 135 degrees to -z
    s = np.sqrt(0.5)
    for z in (s, -s):
        m = junction.relax([s, 0.0, z], duration="30 ns").m.values[-1, 0]
        assert m[2] == pytest.approx(np.sign(z), abs=1e-6)  # exp(-2 c t) at c = 3.6e8/s is 3e-10


def test_in_plane_layer_relaxes_into_the_plane():
    flat = device("Xin2023_mtj", demagnetisation="prism", length="40 nm", uniaxial_anisotropy=0.0)
    assert flat.easy_axis() == "x"
    solver = Solver(time_step="2 ps")
    m = flat.relax([0.6, 0.1, 0.8], duration="4 ns", solver=solver).m.values[-1, 0]
    assert abs(m[0]) == pytest.approx(1.0, abs=0.02)
    with pytest.raises(ParameterError, match="easy axis is x"):
        flat.critical_current()
    # and switching is counted along the easy axis: no current, no switching in 1 ns
    quiet = flat.switching_probability("0 A", "1 ns", trials=64, solver=solver, relaxation="1 ns")
    assert quiet.attrs["method"] == "llgs"
    assert quiet.item() == 0.0


def test_result_carries_everything_and_survives_the_disk(junction, tmp_path):
    curve = junction.switching_probability(sl.span("2 uA", "10 uA", 5), ["10 ns", "30 ns"], seed=5)
    assert curve.dims == ("pulse_width", "current")
    assert curve["current"].attrs["units"] == "A"
    for key in ("parameters", "references", "spinloom_version", "method", "method_reason", "relaxation", "units"):
        assert key in curve.attrs
    assert json.loads(curve.attrs["parameters"])["parameters"]["damping"]["value"] == 0.0122
    file = tmp_path / "curve.nc"
    curve.to_netcdf(file, engine="h5netcdf")
    with xr.load_dataarray(file, engine="h5netcdf") as back:
        xr.testing.assert_equal(back, curve)
        assert back.attrs["parameters"] == curve.attrs["parameters"]
        assert list(np.atleast_1d(back.attrs["references"])) == curve.attrs["references"]
    run = junction.trajectories(duration="0.1 ns", copies=2, seed=1)
    run.to_netcdf(tmp_path / "run.nc", engine="h5netcdf")
    with xr.load_dataset(tmp_path / "run.nc", engine="h5netcdf") as back:
        xr.testing.assert_equal(back, run)


def test_auto_takes_fokker_planck_where_it_holds_and_says_so(junction):
    assert junction.switching_probability("5 uA", "10 ns").attrs["method"] == "fokker-planck"
    tilted = junction.with_parameters(applied_field_x="5 mT")
    few = tilted.switching_probability("5 uA", "1 ns", trials=64)
    assert few.attrs["method"] == "llgs"
    assert "not symmetric about z" in few.attrs["method_reason"]
    with pytest.raises(InputError, match=r"not symmetric about z.*method='llgs'"):
        tilted.switching_probability("5 uA", "1 ns", method="fokker-planck")


def test_overrides_are_marked(junction):
    warm = device("Xin2023_mtj", temperature="350 K")
    assert "temperature = 350 K (yours)" in warm.attributes()["yours"]
    assert warm.thermal_stability() == pytest.approx(junction.thermal_stability() * 300 / 350)
    hot = junction.switching_probability("5 uA", "10 ns", temperature="350 K")
    assert hot.attrs["yours"] == ["temperature = 350 K (yours)"]


def test_drive_takes_any_waveform_per_trajectory(junction):
    cold = junction.with_parameters(temperature=0.0)
    drive = Drive(current="30 uA", waveform=[Pulse("8 ns"), Pulse("1 ns", rise="0.5 ns", delay="1 ns")])
    m = cold.trajectories(drive, "12 ns", 2, initial="5 deg").m.values[-1, :, 2]
    assert m[0] > 0 > m[1]  # the long pulse switches, the short one does not
    by_channel = Drive(current="30 uA", voltage="0.1 V", waveform={"current": Pulse("8 ns")})
    assert cold.trajectories(by_channel, "12 ns", initial="5 deg").m.values[-1, 0, 2] > 0


def test_voltage_lowers_the_threshold():
    # VCMA of 60 fJ/(V m) and 1 V take 2 xi V/(t d M_s) = 0.073 T from 0.170 T: the threshold falls by that share
    cold = device("Xin2023_mtj", temperature=0.0, vcma_coefficient="60 fJ/(V m)")
    current = 0.8 * cold.critical_current()
    still, moved = (
        cold.trajectories(Drive(current=current, voltage=v), "100 ns", initial="5 deg").m.values[-1, 0, 2]
        for v in (0.0, 1.0)
    )
    assert still < -0.99
    assert moved > 0.99


def test_resistance_and_read_signal():
    junction = device("Xin2023_mtj", tmr=1.0, resistance_parallel="5 kohm", tmr_half_voltage="0.4 V")
    assert junction.resistance(1.0) == pytest.approx(5e3)
    assert junction.resistance(-1.0) == pytest.approx(10e3)
    assert junction.resistance(-1.0, "0.4 V") == pytest.approx(7.5e3)
    assert junction.read_signal("1 nA") == pytest.approx(1e-9 * 5e3, rel=1e-6)
    volts = junction.read_signal("20 uA") + 20e-6 * 5e3
    assert volts == pytest.approx(20e-6 * junction.resistance(-1.0, volts), rel=1e-9)  # self-consistent
    area = device("Xin2023_mtj", resistance_area="1 ohm um^2")
    assert area.resistance(1.0) == pytest.approx(1e-12 / (15e-9) ** 2)
    assert area.resistance_area() == pytest.approx(1e-12)
    run = junction.trajectories(duration="50 ps", initial="axis", solver=Solver(precision="float64"))
    assert run.resistance.values[0, 0] == pytest.approx(10e3, rel=1e-6)


def test_ellipse_has_its_area_and_shape_anisotropy():
    ellipse = device("Xin2023_mtj", shape="ellipse", demagnetisation="ellipsoid", length="30 nm")
    assert ellipse.model.volume == pytest.approx(np.pi / 4 * 30e-9 * 15e-9 * 1.3e-9)
    x, y, _z = ellipse.model.stiffness
    assert x > y  # the long axis costs less


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"length": "-15 nm"}, ParameterError, "length = -15 nm is not physical: .* must be more than 0"),
        ({"damping": 0.0}, ParameterError, "damping = 0 with a temperature above 0.*temperature='0 K'"),
        ({"temperature": "-1 K"}, ParameterError, "temperature = -1 K is not physical"),
        ({"thickness": "1.3 parsnip"}, UnitError, "a unit that is not known"),
        ({"saturation_magnetisation": "1.58 T"}, UnitError, "write '1.2573e\\+06 A/m'"),
        ({"applied_field_z": "10 kA/m"}, UnitError, "write '0.01257 T'"),
        ({"damping": float("nan")}, UnitError, "NaN"),
        ({"dampin": 0.1}, UnknownNameError, "Did you mean 'damping'"),
        ({"shape": "rectangel"}, UnknownNameError, "Did you mean 'rectangle'"),
        ({"polarisation": 1.4}, ParameterError, "more than 0 and at most 1"),
    ],
)
def test_unphysical_parameters_are_refused_with_advice(parameters, error, message):
    with pytest.raises(error, match=message):
        device("Xin2023_mtj", **parameters)


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        ({"trials": 0}, InputError, "trials must be at least 1, not 0"),
        ({"current": float("nan")}, UnitError, "current: the value is NaN"),
        ({"current": "3 mK"}, UnitError, "'3 mK' is no current"),
        ({"current": "3"}, UnitError, "has no unit"),
        ({"current": "1uA:2uA"}, UnitError, "from:to:points"),
        ({"pulse_width": "0 ns"}, InputError, "pulse_width must be more than 0"),
        ({"pulse_width": "30 nm"}, UnitError, "is no time"),
        ({"method": "fokkerplanck"}, UnknownNameError, "Did you mean 'fokker-planck'"),
        ({"temperature": "0 K"}, InputError, "give initial as an angle"),
        ({"initial": "wel"}, UnitError, "initial angle"),
        ({"start": "up"}, InputError, "'antiparallel' or 'parallel'"),
        ({"seed": -1, "method": "llgs"}, InputError, "seed"),
        ({"current": float("inf")}, InputError, "finite"),
    ],
)
def test_impossible_requests_say_what_to_change(junction, request_, error, message):
    with pytest.raises(error, match=message):
        junction.switching_probability(**{"current": "5 uA", "pulse_width": "1 ns", "trials": 64, **request_})


def test_current_far_from_the_critical_one_warns_of_the_unit(junction):
    with pytest.warns(SpinloomWarning, match=r"3 mA are 519 times the critical current 5.79 µA. Is the unit right"):
        junction.switching_probability("3 mA", "1 ns")
    with pytest.warns(SpinloomWarning, match="Is the unit right"):
        junction.switching_probability("3 nA", "1 ns")


def test_step_that_changes_the_physics_is_refused_with_one_that_does_not():
    # PEERS: Heun at 5 ps adds 144 % of the physical damping in the thesis's prism
    prism = device("Xin2023_mtj", demagnetisation="prism")
    run = {"current": "1 uA", "pulse_width": "0.1 ns", "method": "llgs", "trials": 64}
    with pytest.raises(TimeStepError, match=r"anti-damping would be 14\d% .* Use time_step='1.6\d ps'") as refused:
        prism.switching_probability(**run, solver=Solver("heun"))
    prism.switching_probability(**run, solver=Solver("heun", refused.value.accepted))
    prism.switching_probability(**run)  # the default scheme takes 5 ps
    with pytest.raises(InputError, match="must be more than 0"):
        Solver(time_step="0 ps")
    with pytest.raises(UnknownNameError, match="Did you mean 'splitting'"):
        Solver("spliting")


def test_duration_and_recording_are_checked(junction):
    with pytest.raises(InputError, match="at least one time step"):
        junction.trajectories(duration="1 fs")
    with pytest.raises(InputError, match="record_every"):
        junction.trajectories(duration="1 ns", record_every="1 ps")
    with pytest.raises(InputError, match="at least 1, not 0"):
        junction.trajectories(duration="1 ns", copies=0)
    with pytest.raises(InputError, match="2 values for 3 trajectories"):
        junction.trajectories(Drive(current=["1 uA", "2 uA"]), "1 ns", 3)
    with pytest.raises(InputError, match="2 waveforms for 3"):
        junction.trajectories(Drive(waveform=[Pulse("1 ns")] * 2), "1 ns", 3)


def test_set_without_a_device_yet_is_named():
    with pytest.raises(UnknownNameError, match=r"spin_orbit_synapse.*Plasticity\.from_parameters\('Huang2022_sot'\)"):
        device("Huang2022_sot")
