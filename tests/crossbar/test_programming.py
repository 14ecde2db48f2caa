"""Programming: pulses, reads, energy and time counted; verification; stuck cells."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.crossbar import Cell, Programming, program
from spinloom.errors import InputError, UnknownNameError
from spinloom.responses import Exponential, Plasticity

SYNAPSE = Plasticity.from_values(
    states=11, low="10 uS", high="110 uS", write_energy=2e-12, write_time=5e-9, read_voltage=0.1, read_time=1e-8
)
VERIFY = Programming("write-verify")


def test_open_loop_sends_the_pulses_to_the_nearest_level() -> None:
    done = program(np.array([0.0, 0.3, 0.34, 0.36, 1.0]), SYNAPSE)
    assert done.pulses_up.tolist() == [0, 3, 3, 4, 10]
    assert done.states == pytest.approx([0.0, 0.3, 0.3, 0.4, 1.0], abs=1e-14)
    assert done.energy == pytest.approx(20 * 2e-12)
    assert done.time == pytest.approx(20 * 5e-9)
    assert done.failed == 0
    assert done.unknown == ()
    assert not done.pulses_down.any()
    assert not done.reads.any()


def test_from_the_high_end_uses_the_curve_of_depression() -> None:
    down = Exponential(3.0)
    synapse = SYNAPSE.replace(depression=down, depression_states=5)
    done = program(down(np.array([0.25, 0.5, 1.0])), synapse, Programming(from_="high"))
    assert done.pulses_down.tolist() == [3, 2, 0]
    assert done.states == pytest.approx(down(np.array([0.25, 0.5, 1.0])), abs=1e-14)


def test_a_cell_that_holds_something_is_reset_or_moved() -> None:
    start, target = np.array([0.9]), np.array([0.5])
    reset = program(target, SYNAPSE, start=start)
    assert (reset.pulses_down[0], reset.pulses_up[0]) == (10, 5)
    moved = program(target, SYNAPSE, Programming(from_="here"), start=start)
    assert (moved.pulses_down[0], moved.pulses_up[0]) == (4, 0)
    assert reset.states == pytest.approx(moved.states)


def test_write_errors_lose_their_share_of_pulses() -> None:
    # 4000 cells x 10 pulses at 20 %: mean 0.8, standard error sqrt(0.16/40000) = 0.002; five of them, false alarm 6e-7
    done = program(np.ones(4000), SYNAPSE.replace(write_error=0.2), chance=1)
    assert done.states.mean() == pytest.approx(0.8, abs=0.01)


def test_verification_repairs_write_errors() -> None:
    target = np.random.default_rng(0).random(3000)
    noisy = SYNAPSE.replace(write_error=0.2)
    done = program(target, noisy, VERIFY, chance=1)
    assert done.failed == 0
    assert np.abs(done.states - target).max() <= 0.05 + 1e-9  # half a level
    assert np.abs(program(target, noisy, chance=1).states - target).max() > 0.2
    assert (done.reads >= 1).all()


def test_verification_counts_reads_with_their_energy() -> None:
    done = program(np.array([0.5]), SYNAPSE, VERIFY)
    assert done.reads.tolist() == [1]
    read = 0.1**2 * 60e-6 * 1e-8
    assert done.energy == pytest.approx(5 * 2e-12 + read)
    assert done.time == pytest.approx(5 * 5e-9 + 1e-8)


def test_verification_sees_the_spread_between_devices() -> None:
    target = np.random.default_rng(0).uniform(0.3, 0.7, 2000)
    factor = np.exp(0.1 * np.random.default_rng(1).standard_normal(2000))

    def error(how: Programming) -> float:
        seen = SYNAPSE.to_state(SYNAPSE.to_conductance(program(target, SYNAPSE, how, factor=factor).states) * factor)
        return float(np.abs(seen - target).max())

    # factors scale a device's own steps too: half a level of the strongest one (about 4 sigma, 1.4) is 0.07
    assert error(Programming("write-verify", tolerance=0.08)) <= 0.08 + 1e-9
    assert error(Programming()) > 0.15


def test_a_tolerance_finer_than_the_levels_ends_at_the_last_pulse() -> None:
    done = program(np.array([0.25]), SYNAPSE, Programming("write-verify", tolerance=0.001, max_pulses=9))
    assert done.failed == 1
    short = program(np.array([1.0]), SYNAPSE, Programming("write-verify", max_pulses=12), start=np.array([0.5]))
    assert short.failed == 0  # ten to reset it, ten to write it: more than allowed, but never corrected
    lost = program(np.ones(50), SYNAPSE.replace(write_error=0.9), Programming("write-verify", max_pulses=13), chance=1)
    assert (lost.pulses_up + lost.pulses_down).max() == 13
    assert lost.failed > 0
    assert done.pulses_up[0] + done.pulses_down[0] == 9


def test_uneven_levels_have_uneven_tolerances() -> None:
    synapse = SYNAPSE.replace(potentiation=Exponential(5.0))  # the first step is nearly half of the range
    target = np.linspace(0, 1, 200)
    done = program(target, synapse, VERIFY)
    assert done.failed == 0
    assert done.reads.max() == 1


def test_stuck_cells_never_move() -> None:
    stuck = np.array([np.nan, 0.0, 1.0])
    done = program(np.full(3, 0.5), SYNAPSE, VERIFY, stuck=stuck)
    assert done.states == pytest.approx([0.5, 0.0, 1.0])
    assert done.converged.tolist() == [True, False, False]
    assert done.failed == 2
    assert done.pulses_up[1] == 4 * 20  # all that a cell may have


def test_the_same_seed_gives_the_same_states() -> None:
    noisy = SYNAPSE.replace(cycle_to_cycle=0.02, read_noise=0.05, write_error=0.1)
    target = np.random.default_rng(0).random((5, 7))
    one, two, other = (program(target, noisy, VERIFY, chance=seed).states for seed in (3, 3, 4))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert np.array_equal(program(target, noisy, chance=None).states, program(target, SYNAPSE).states)


def test_unknown_costs_are_named() -> None:
    silent = Plasticity.from_values(states=3)
    assert program(np.ones(2), silent).unknown == ("write energy", "write time")
    done = program(np.ones(2), silent, VERIFY)
    assert done.unknown == ("write energy", "write time", "read energy", "read time")
    assert done.energy == 0.0


def test_a_sot_cell_pays_for_its_channel() -> None:
    cell = Cell("SOT", write_current="1 mA", channel_resistance="500 ohm", pulse="2 ns")
    done = program(np.array([0.3]), SYNAPSE, cell=cell)
    assert done.energy == pytest.approx(3 * 1e-6 * 500 * 2e-9)
    assert done.time == pytest.approx(6e-9)


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan])
def test_targets_outside_the_range(bad: float) -> None:
    with pytest.raises(InputError, match="1 of 2 targets lie outside the range"):
        program(np.array([0.5, bad]), SYNAPSE)
    with pytest.raises(InputError, match="1 of 2 starts"):
        program(np.array([0.5, 0.5]), SYNAPSE, start=np.array([0.5, bad]))


def test_settings_that_make_no_sense() -> None:
    with pytest.raises(InputError, match="starts have the shape"):
        program(np.ones(3), SYNAPSE, start=np.ones(2))
    with pytest.raises(UnknownNameError, match="write-verify"):
        Programming("write-verifi")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="here"):
        Programming(from_="there")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="tolerance"):
        Programming(tolerance=0.0)
    with pytest.raises(InputError, match="max_pulses"):
        Programming(max_pulses=0)
