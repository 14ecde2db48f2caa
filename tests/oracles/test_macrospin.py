"""Known answers of the macrospin: threshold, equilibrium, Fokker-Planck, escape rate, precession, integrators."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binomtest

from spinloom.devices import Drive, Samples, Solver, device
from spinloom.devices.ensemble import operator
from spinloom.engines.drift_diffusion import Grid
from spinloom.physics import macrospin

UP = np.array([0.0, 0.0, 1.0])


@pytest.fixture(scope="module")
def junction():
    return device("Xin2023_mtj")


# ---- 1. threshold ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ratio", "grows"), [(0.95, False), (1.05, True)])
def test_threshold_of_a_perpendicular_layer(junction, ratio, grows):
    cold = junction.with_parameters(temperature=0.0)
    drive = Drive(current=ratio * cold.critical_current())
    m = cold.trajectories(drive, "60 ns", initial="2 deg").m.sel(component="z").values[:, 0].astype(float)
    # the angle grows or decays as exp(alpha gamma B_k (I/I_c - 1) t): a factor 3 over 60 ns at 5 % from threshold
    growth = (1.0 + m[-1]) / (1.0 + m[0])
    assert growth > 2 if grows else growth < 0.5


def test_thesis_figures(junction):
    # Xin 2023: 0.169 T (eq. 3.5), 5.8 uA (eq. 3.6), 7.5 kT (eq. 3.7), 15 kT (fig. 3.14); the last printed digit
    assert junction.anisotropy_field() == pytest.approx(0.169, abs=1e-3)
    assert junction.critical_current() == pytest.approx(5.8e-6, abs=0.05e-6)
    assert junction.thermal_stability() == pytest.approx(7.5, abs=0.05)
    assert device("Xin2023_mtj_15kT").thermal_stability() == pytest.approx(15.0, abs=0.5)
    assert junction.write_energy("15 uA", "15 ns") == pytest.approx(16.875e-15, rel=1e-9)


def test_spin_orbit_threshold_with_in_plane_field(junction):
    # J_sw = (2e/hbar)(M_s t/theta)(B_k/2 - B_x/sqrt 2): at large damping the layer follows its quasi-static path. With
    # sigma along +y and B_x > 0 a positive current reverses m_z < 0. The closed form misses terms of order (B_x/B_k)^2,
    # 0.3 % at B_x = 0.1 B_k; a ramp of 0.4 % per ns lags by the layer's nanosecond or two
    bk = junction.anisotropy_field()
    sot = {"spin_hall_angle": 0.3, "applied_field_x": 0.1 * bk, "damping": 0.5, "temperature": 0.0}
    here = junction.with_parameters(**sot)
    value = here.parameters.value
    density = macrospin.spin_orbit_critical_current_density(
        0.3, here.model.magnetisation, value("thickness"), bk, 0.1 * bk
    )
    threshold = density * value("channel_width") * value("channel_thickness")
    ramp = Samples([0.0, 100e-9], [0.8, 1.2])
    drive = Drive(spin_orbit_current=threshold, waveform=ramp)
    z = here.trajectories(drive, "100 ns", initial="1 deg").m.sel(component="z").values[:, 0]
    switched = float(ramp(np.array([np.argmax(z > 0.0) * 0.2e-9]))[0])
    assert z[0] < -0.99
    assert z[-1] > 0.0
    assert switched == pytest.approx(1.0, abs=0.02)


# ---- 2. equilibrium -------------------------------------------------------------------------------------------------


def _moments(delta: float, xi: float) -> tuple[float, float]:
    weight = lambda z: math.exp(delta * (z * z - 1.0) + xi * z)  # noqa: E731
    norm = quad(weight, -1, 1)[0]
    return tuple(quad(lambda z, p=p: z**p * weight(z), -1, 1)[0] / norm for p in (1, 2))  # type: ignore[return-value]


@pytest.mark.parametrize("general", [False, True])
@pytest.mark.parametrize(("delta", "xi"), [(0.0, 2.0), (2.0, 0.7)])
def test_equilibrium_is_boltzmanns(junction, delta, xi, general):
    # p(m_z) ~ exp(Delta m_z^2 + xi m_z). 20000 independent trajectories after 12 or more relaxation times
    # (exp(-12) is nothing); limits are 5 standard errors (8 looks, false alarm 5e-6) + 0.002 for the 5 ps step
    kt = 1.380649e-23 * 300.0
    moment = junction.model.moment
    bk = 2 * delta * kt / moment
    field = xi * kt / moment
    stiffness = 1.25663706212e-6 * junction.model.magnetisation + bk  # thin-film demagnetisation, made up for
    here = junction.with_parameters(
        damping=0.5, uniaxial_anisotropy=0.5 * stiffness * junction.model.magnetisation, applied_field_z=field,
        applied_field_x=1e-12 if general else 0.0,
    )  # fmt: skip
    m = here.trajectories(duration="12 ns", copies=20_000, record_every="12 ns", initial=UP, seed=3).m.values[-1]
    z = m[:, 2].astype(float)
    mean, square = _moments(delta, xi)
    error = 5.0 / math.sqrt(z.size)
    assert z.mean() == pytest.approx(mean, abs=error * z.std() + 0.002)
    assert (z**2).mean() == pytest.approx(square, abs=error * (z**2).std() + 0.002)
    if delta == 0.0:
        assert mean == pytest.approx(1.0 / math.tanh(xi) - 1.0 / xi, rel=1e-9)  # Langevin's function


@pytest.mark.parametrize(("scheme", "step"), [("splitting", "5 ps"), ("rk4", "2 ps"), ("heun", "1 ps")])
def test_width_of_the_distribution_in_a_well(scheme, step):
    # Delta = 26 (the prism): <sin^2 theta> against quadrature; -> 1/Delta. 20000 trajectories from the axis after 2.5
    # relaxation times 1/(alpha gamma B_k), whose remainder exp(-5) is 0.7 % and expected; 5 standard errors are 3.5 %
    here = device("Xin2023_mtj", demagnetisation="prism", damping=0.1)
    delta = here.thermal_stability()
    time = 2.5 / (0.1 * here.model.gyromagnetic_ratio * here.anisotropy_field())
    run = here.trajectories(
        duration=time, copies=20_000, record_every=time - 1e-11, initial="axis", solver=Solver(scheme, step)
    )
    m = run.m.values[-1].astype(float)
    sine2 = 1.0 - (m[:, 2] / np.linalg.norm(m, axis=1)) ** 2
    weight = lambda z: math.exp(delta * (z * z - 1.0))  # noqa: E731
    exact = 1.0 - quad(lambda z: z * z * weight(z), 0, 1)[0] / quad(weight, 0, 1)[0]
    assert exact == pytest.approx(1.0 / delta, rel=2.0 / delta)
    assert sine2.mean() == pytest.approx(exact * (1 - math.exp(-5.0)), rel=0.035 + 0.01)


def test_states_drawn_in_the_well_are_in_equilibrium(junction):
    # 40000 draws: mean of sin^2 within 5 standard errors of quadrature over one well (false alarm 6e-7)
    run = junction.trajectories(duration="5 ps", copies=40_000, initial="well", start="parallel")
    z = run.m.values[0, :, 2].astype(float)
    delta = junction.thermal_stability()
    weight = lambda v: math.exp(delta * (v * v - 1.0))  # noqa: E731
    exact = quad(lambda v: (1 - v * v) * weight(v), 0, 1)[0] / quad(weight, 0, 1)[0]
    sample = 1 - z**2
    assert (z > 0).all()
    assert sample.mean() == pytest.approx(exact, abs=5 * sample.std() / 200 + 2e-5)


# ---- 3. Fokker-Planck -----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("initial", ["axis", "well"])
def test_trajectories_at_5_ps_equal_fokker_planck(junction, initial):
    # the default integrator at 5 ps against the exact solution: n = 20000 at each of 6 currents, 4.5 standard
    # deviations (false alarm 4e-5 over six points) + 0.002 for the step (damping wrong by (omega dt)^5/(144 alpha) =
    # 5e-5 of itself, and the pulse's end rounded to 5 ps)
    run = {"current": "1uA:8uA:6", "pulse_width": "30 ns", "initial": initial}
    exact = junction.switching_probability(**run).values
    found = junction.switching_probability(**run, method="llgs", trials=20_000, seed=2).values
    limit = 4.5 * np.sqrt(exact * (1 - exact) / 20_000) + 0.002
    assert (np.abs(found - exact) < limit).all(), (found - exact) / limit


@pytest.mark.slow
def test_trajectories_equal_fokker_planck_for_a_stiff_layer():
    # the prism (26 kT, 16 GHz), where Heun at 5 ps is wrong by several tenths
    here = device("Xin2023_mtj", demagnetisation="prism")
    current = np.array([0.55, 0.65, 0.75]) * here.critical_current()
    exact = here.switching_probability(current, "30 ns", initial="axis").values
    found = here.switching_probability(current, "30 ns", method="llgs", trials=8000, initial="axis").values
    # 4.5 standard deviations + 0.01: RK4 takes 2 % from the damping here, and dP/dln(alpha) is about 0.5
    limit = 4.5 * np.sqrt(exact * (1 - exact) / 8000) + 0.01
    assert 0.02 < exact[0] < exact[-1] < 0.98
    assert (np.abs(found - exact) < limit).all(), (found - exact) / limit


def test_fokker_planck_has_the_reversed_symmetry(junction):
    # turning current and starting well over leaves the probability as it is: exact
    current = np.linspace(0, 1e-5, 11)
    up = junction.switching_probability(current, "20 ns", start="antiparallel").values
    down = junction.switching_probability(-current, "20 ns", start="parallel").values
    np.testing.assert_allclose(up, down, atol=1e-9)


# ---- 4. escape rate -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delta", [5.0, 7.5, 10.0, 15.0, 20.0])
def test_escape_rate_of_brown(junction, delta):
    # half the smallest eigenvalue against Brown's asymptotic formula: it is 1.9 % high at worst, near Delta = 7.5
    per_delta = 1.380649e-23 * 300.0 / junction.model.volume
    here = junction.with_parameters(
        uniaxial_anisotropy=junction.parameters.value("uniaxial_anisotropy")
        + (delta - junction.thermal_stability()) * per_delta
    )
    assert here.thermal_stability() == pytest.approx(delta, rel=1e-9)
    solver = operator(here.model, np.zeros((4, 1)), UP, Grid.of())
    p = here.model
    brown = macrospin.escape_rate(p.damping, p.gyromagnetic_ratio, here.anisotropy_field(), delta)
    assert 0.5 * solver.slowest_rate() == pytest.approx(brown, rel=0.02)


def test_eigenvalue_against_the_mean_first_passage_time(junction):
    # an independent route: T(-1 -> 0) by quadrature of Kramers' double integral; the escape rate is 1/(2 T(-1 -> 0)),
    # exact up to terms of order exp(-Delta) Delta = 0.4 %
    delta = junction.thermal_stability()
    d = junction.model.diffusion
    inner = lambda y: quad(lambda z: math.exp(delta * (z * z - y * y)), -1, y)[0] / (d * (1 - y * y))  # noqa: E731
    time = quad(inner, -1 + 1e-12, 0.0, limit=200)[0]
    solver = operator(junction.model, np.zeros((4, 1)), UP, Grid.of())
    assert 0.5 * solver.slowest_rate() == pytest.approx(0.5 / time, rel=0.01)


@pytest.mark.slow
def test_trajectories_escape_at_browns_rate(junction):
    # Delta = 5 at alpha = 0.1: 4000 trajectories from the well, fraction reversed after t against the two-state law
    # with the exact eigenvalue; false alarm 1e-5 (two-sided binomial test)
    per_delta = 1.380649e-23 * 300.0 / junction.model.volume
    base = junction.parameters.value("uniaxial_anisotropy")
    here = junction.with_parameters(
        damping=0.1, uniaxial_anisotropy=base + (5.0 - junction.thermal_stability()) * per_delta
    )
    rate = operator(here.model, np.zeros((4, 1)), UP, Grid.of()).slowest_rate()
    time = 0.5 / rate
    m = here.trajectories(duration=time, copies=4000, record_every=time - 5e-12, seed=9).m.values[-1, :, 2]
    expected = here.switching_probability(0.0, time, relaxation=0.0).item()
    assert expected == pytest.approx(0.5 * (1 - math.exp(-rate * time)), abs=0.01)  # one mode up to its prefactor
    assert binomtest(int((m > 0).sum()), 4000, expected).pvalue > 1e-5


# ---- 5. Kittel ------------------------------------------------------------------------------------------------------


def _frequency(m: np.ndarray, dt: float) -> float:
    """Mean frequency from the unwrapped phase of m_x + i m_y (or of the two transverse components given)."""
    phase = np.unwrap(np.angle(m[:, 0] + 1j * m[:, 1]))
    return abs(phase[-1] - phase[0]) / (2 * np.pi * dt * (len(m) - 1))


def test_kittel_frequency_perpendicular(junction):
    here = junction.with_parameters(damping=0.0, temperature=0.0, applied_field_z=-0.05)
    run = here.trajectories(duration="5 ns", initial="0.5 deg", record_every="5 ps", solver=Solver(precision="float64"))
    exact = macrospin.kittel_perpendicular(here.model.gyromagnetic_ratio, 0.05, here.anisotropy_field()) / (2 * np.pi)
    # amplitude 0.5 deg shifts B_k cos theta by 4e-5; RK4's phase error is (omega dt)^4/120 = 1e-5
    assert _frequency(run.m.values[:, 0, :2], 5e-12) == pytest.approx(exact, rel=2e-4)


def test_kittel_frequency_in_plane(junction):
    # an easy-plane film with a field along x: omega = gamma sqrt(B (B + mu0 M_eff))
    here = junction.with_parameters(damping=0.0, temperature=0.0, uniaxial_anisotropy=0.0, applied_field_x=0.1)
    effective = here.model.stiffness[0] - here.model.stiffness[2]
    start = np.array([np.cos(0.01), np.sin(0.01), 0.0])
    run = here.trajectories(
        duration="5 ns", initial=start, record_every="1 ps", solver=Solver(time_step="1 ps", precision="float64")
    )
    y = run.m.values[:, 0, 1]
    crossings = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
    times = crossings - y[crossings] / (y[crossings + 1] - y[crossings])
    found = (len(times) - 1) / ((times[-1] - times[0]) * 1e-12)
    exact = macrospin.kittel_in_plane(here.model.gyromagnetic_ratio, 0.1, effective) / (2 * np.pi)
    assert found == pytest.approx(exact, rel=3e-4)  # amplitude 0.01 rad: nonlinear shift below 1e-4


def test_line_width_in_plane(junction):
    # ring-down of the same film: the amplitude decays at alpha gamma (2B + mu0 M_eff)/2
    here = junction.with_parameters(damping=0.005, temperature=0.0, uniaxial_anisotropy=0.0, applied_field_x=0.1)
    effective = here.model.stiffness[0] - here.model.stiffness[2]
    start = np.array([np.cos(0.02), np.sin(0.02), 0.0])
    run = here.trajectories(
        duration="2 ns", initial=start, record_every="1 ps", solver=Solver(time_step="1 ps", precision="float64")
    )
    y = run.m.values[:, 0, 1]
    peaks = np.flatnonzero((y[1:-1] > y[:-2]) & (y[1:-1] > y[2:])) + 1
    slope = np.polyfit(peaks * 1e-12, np.log(y[peaks]), 1)[0]
    exact = 0.5 * 0.005 * here.model.gyromagnetic_ratio * (0.2 + effective)
    assert -slope == pytest.approx(exact, rel=0.01)  # peaks are located to one step of 1/70 period


# ---- 8. integrators -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_weak_order_of_the_default_integrator():
    """The mean of m_z of a noisy, overdamped spin converges with the square of the step.

    Free rotational diffusion plus a constant field has <m_z> in closed form through the drift-diffusion operator; the
    error at three long steps is far above chance (4e5 trajectories: 0.001) and falls by 4 a halving, within chance.
    """
    junction = device("Xin2023_mtj", damping=0.3)
    drive = Drive(current="10 uA")
    exact_grid = Grid.of(1600)
    drives = np.zeros((4, 1))
    drives[0] = 10e-6
    solver = operator(junction.model, drives, UP, exact_grid)
    start = np.zeros((1, 1600))
    start[0, 0] = 1.0 / exact_grid.widths[0]
    density = solver.evolve(start, 0.24e-9, 640)[0]
    exact = (exact_grid.centres * density * exact_grid.widths).sum()
    errors = []
    for step in (24e-12, 12e-12):
        run = junction.trajectories(
            drive, 0.24e-9, 400_000, seed=1, initial="axis", record_every=0.24e-9, solver=Solver(time_step=step)
        )
        z = run.m.values[-1, :, 2].astype(float)
        errors.append(abs(z.mean() - exact))
        chance = z.std() / math.sqrt(z.size)
    assert errors[1] < errors[0] / 2.0 + 5 * chance
    assert errors[1] < 0.004
