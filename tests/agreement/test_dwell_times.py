"""Three descriptions of one junction, Delta = 5, give the same dwell times: LLGS, Fokker-Planck, telegraph process.

Counting crossings of m_z = 0 would not do: a trajectory crosses many times before it settles, and a threshold further
out costs a correction of order 1/Delta. What has no such choice in it is the relaxation of the populations. From either
start the share of parallel states runs to the same p as p + A exp(-t/tau*), so the shares at t_2 against those at t_1,
for both starts, lie on a line of slope q = exp(-(t_2 - t_1)/tau*) through (p, p). Then tau_AP = tau*/p and
tau_P = tau*/(1 - p). The line is exact once motion within a well has died out, whatever the starts and the state's
exact definition; the slope is the Fokker-Planck eigenvalue, and p an integral over its equilibrium.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.devices import Drive, device
from spinloom.devices.from_macrospin import escape_rates
from spinloom.devices.superparamagnetic_junction import SuperparamagneticJunction

COPIES = 24_000
SIGMAS = 4.5
"""Six comparisons at 4.5 standard deviations: a false alarm in 4e-5 of all seeds (the seed is fixed)."""
DAMPING, RATIO = 0.1, 0.03
"""Damping makes the run short, a current of 0.03 I_c the two dwell times differ by a factor 1.8."""


@pytest.fixture(scope="module")
def junction():
    found = device("Xin2023_mtj", damping=DAMPING, temperature="452.2 K")
    assert found.thermal_stability() == pytest.approx(5.0, abs=0.01)
    return found


def _dwell_times(early: np.ndarray, late: np.ndarray, apart: float) -> tuple[np.ndarray, np.ndarray]:
    """(tau_P, tau_AP) and their relative standard errors, from shares parallel (start AP, start P) at two times."""

    def estimate(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        q = (y[1] - y[0]) / (x[1] - x[0])
        p = (y[0] - q * x[0]) / (1.0 - q)
        tau = apart / -math.log(q)
        return np.log([tau / (1.0 - p), tau / p])

    found, variance = estimate(early, late), np.zeros(2)
    # propagation of the binomial errors; early and late shares of one run are positively correlated, which only helps
    for index in range(2):
        for which, shares in enumerate((early, late)):
            moved = [early.copy(), late.copy()]
            error = math.sqrt(shares[index] * (1.0 - shares[index]) / COPIES)
            moved[which][index] += error
            variance += (estimate(*moved) - found) ** 2
    return np.exp(found), np.sqrt(variance)


def test_dwell_times_agree(junction):
    current = RATIO * junction.critical_current()
    exact = escape_rates(junction, current)
    leave = np.array([exact.leave_parallel.item(), exact.leave_antiparallel.item()])
    correlation = 1.0 / leave.sum()
    # motion within a well dies out as exp(-2 c t) or faster: after 3 ns, 2 c t = 18
    early, late = 3e-9, 3e-9 + round(correlation / 1e-9) * 1e-9

    # with 120,000 copies: within 1 % at the default step of 5 ps, about 1.5 % slow at 10 ps (second order in the step)
    shares = []
    for seed, start in enumerate(("antiparallel", "parallel")):
        run = junction.trajectories(Drive(current=current), late, COPIES, seed, "1 ns", start=start)
        parallel = (run.m.sel(component="z") > -RATIO).mean("trajectory")  # the barrier's top is at m_z = -I/I_c
        shares.append(parallel.sel(time=[early, late], method="nearest").values)
    trajectories, error = _dwell_times(*np.transpose(shares), late - early)
    assert (error < 0.02).all()  # the test can see 2 % x 4.5
    assert (np.abs(np.log(trajectories * leave)) < SIGMAS * error).all(), (trajectories * leave, error)

    # the telegraph model of the same junction: its linear law is Delta (I/I_c)^2 = 0.45 % off at this current
    model = SuperparamagneticJunction.from_macrospin(junction).two_state(COPIES)
    shares = [
        model.states(current, 1e-9, round(late * 1e9), seed, start=first)[[2, -1]].mean(axis=1)
        for seed, first in enumerate((0, 1))
    ]
    telegraph, error = _dwell_times(*np.transpose(shares), late - early)
    linear = junction.thermal_stability() * RATIO**2
    assert (np.abs(np.log(telegraph * leave)) < SIGMAS * error + linear).all(), (telegraph * leave, error)
    # and its rates themselves, without chance: within the same 0.5 %
    np.testing.assert_allclose(np.concatenate(model[0].rates(current)), leave, rtol=1.2 * linear)
