"""Non-volatile p-bits: the parts of the protocol whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.devices.pulsed_bit import PulsedBit
from spinloom.experiments.context import Context
from spinloom.experiments.protocols import nonvolatile_problems as problems
from spinloom.experiments.protocols import nonvolatile_studies as studies

BIT = PulsedBit(1.0, 0.02, pulse_time=10e-9, pulse_energy=1e-12, read_time=2e-9)


def test_factorisation_knows_its_solutions() -> None:
    """35 = 5 x 7 either way round: bits (x1 x2 y1 y2) of 5, 7 are 0 1 1 1 and of 7, 5 are 1 1 0 1."""
    problem, goal, beta, sweeps = problems.factorisation(35, [2, 2])
    assert sorted(goal.tolist()) == [0b1011, 0b1110]
    assert problem.size == 4
    assert beta > 0
    assert sweeps > 1


def test_costs_of_factors() -> None:
    """Time is sweeps times four decisions of 12 ns; digital decisions are 1 fJ, in as many sweeps as ideal ones."""
    settings = {
        "factors": {"numbers": [35], "splits": [[2, 2]], "reads": 200, "sweeps": 300}, "cmos": "1 fJ",
    }  # fmt: skip
    table = problems.factors(settings, {"ours": BIT}, {}, Context(seed=3)).sel(number=35)
    sweeps = float(table["sweeps"].sel(device="ours"))
    assert float(table["time"].sel(device="ours")) == pytest.approx(sweeps * 4 * 12e-9)
    assert float(table["cmos"]) == pytest.approx(problems.factorisation(35, [2, 2])[3] * 4 * 1e-15)
    # one comparison of 200 simulated first passages: z of 4.5, false alarms 7e-6
    assert float(table["deviation"].sel(device="ours")) < 4.5
    assert float(table["mode"].sel(device="ours")) == 1.0


def test_lattice_of_one_sign_is_cut_whole() -> None:
    """A 4 x 4 torus with all weights +1 has two colours, whose cut takes all 32 edges; every weight -1: none."""
    from spinloom.ising.encodings.max_cut import MaxCut

    place = np.arange(16).reshape(4, 4)
    ends = np.concatenate([np.roll(place, -1, axis=0).ravel(), np.roll(place, -1, axis=1).ravel()])
    starts = np.concatenate([place.ravel()] * 2)
    settings = {"sweeps": 60, "reads": 8, "temperatures": [3.0, 0.2]}
    for sign, wanted in ((1.0, 32.0), (-1.0, 0.0)):
        task = MaxCut(16, starts, ends, np.full(32, sign))
        table = problems._cuts(task, settings, {"ours": BIT}, Context(), "test", np.nan)
        assert float(table["best"]) == wanted
        assert int(table["steps"]) == 2
        assert float(table["read_time"].sel(device="ours")) == pytest.approx(60 * 2 * 12e-9)


def test_measured_decay_is_one() -> None:
    """100 000 junctions a start: standard error 0.006; z of 4.5, false alarms 7e-6."""
    slope, error = studies._decay(BIT.replace(rate=1e8), 100_000, 5)
    assert error < 0.01
    assert abs(slope - 1.0) < 4.5 * error


def test_spread_shrinks_with_calibration() -> None:
    settings = {"middle": 0.02, "width": 0.05, "beta": 0.5, "chips": 3, "pulses": [0, 10_000]}
    table = studies.spread(settings, {"ours": BIT, "fair": BIT.replace(comparator_bits=8)}, Context())
    assert table["device"].values.tolist() == ["ours"]
    away = table["distance"].sel(device="ours").mean("chip")
    assert float(away.sel(pulses=0)) > 0.1 > float(away.sel(pulses=10_000))
