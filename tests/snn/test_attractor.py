"""The network of junctions: fixed points, invariance, criticality, wandering, tracking, coupled networks."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError, SpinloomWarning
from spinloom.snn import AttractorNetwork, Axis, Depression, Sensors

JUNCTION = TwoState(1e9, 12.0, 24e-6, -3e-6)  # numbers stand for all junctions
PEAK = 1e9 * math.exp(-12.0)
TAU = 100.0 / PEAK


def _network(count: int = 64, **rest: object) -> AttractorNetwork:
    return AttractorNetwork(Axis(count), JUNCTION, **{"time_constant": TAU, **rest})


def _quietly(**rest: object) -> AttractorNetwork:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpinloomWarning)
        return _network(**rest)


def test_scales_are_those_of_the_junction() -> None:
    network = _network()
    assert network.current_width == pytest.approx(2e-6, rel=1e-12)
    assert network.peak_rate == pytest.approx(PEAK, rel=1e-12)
    assert network.rate(np.zeros((1, 64))) == pytest.approx(PEAK / math.cosh(3.0))  # three widths below the peak
    full = network.weights @ np.full(64, PEAK)  # excitation 8, inhibition 10 widths: the Gaussian's tails fit the ring
    assert full == pytest.approx((8.0 - 10.0) * 2e-6, rel=1e-6)


def test_the_bump_is_a_fixed_point_wherever_it_stands() -> None:
    """Places between junctions are as good: the lattice pulls by less than 1e-6 w in 50 tau."""
    network = _network()
    axis, w = network.axis, network.current_width
    for at in (1.0, 3.0, 3.0 + 0.37 * axis.spacing):
        fields = network.bump(at)
        later = network.run(fields, 100, 0.5 * TAU).field[-1]
        assert np.abs(later - fields).max() < 1e-6 * w
        assert axis.difference(network.position(fields)[0], at) == pytest.approx(0.0, abs=2e-3)
    middle, other = network.bump(0.0), network.bump(float(axis.positions[13]))
    assert np.abs(np.roll(middle, 13, axis=1) - other).max() < 1e-9 * w


def test_a_bump_stays_above_the_critical_coupling_and_decays_below() -> None:
    network = _network()
    start, critical = network.bump(), network.critical_coupling()
    for factor, stays in ((0.98, False), (1.02, True)):
        other = _quietly(coupling=factor * critical)
        left = other.run(start, 2000, 0.5 * TAU, every=100).field[-1]
        assert bool(other.holds(left)[0]) is stays


def test_a_coupling_too_weak_is_said_with_the_critical_one() -> None:
    with pytest.warns(SpinloomWarning, match=r"cannot hold a bump.*must be above 6\.5"):
        _network(coupling=5.0)


def test_wandering_follows_the_closed_form_and_falls_as_one_over_n() -> None:
    """300 runs: 8.2 % standard error of a mean square; the band of 30 % is 3.7 of them (2e-4 a size, fixed seed)."""
    theory = []
    for count in (32, 64):
        network = _network(count)
        track = network.run(np.tile(network.bump(), (300, 1, 1)), 120, 0.5 * TAU, seed=count, every=60)
        moved = network.axis.difference(network.position(track.field)[..., 0], math.pi)
        expected = network.diffusion()
        assert (moved[1] ** 2).mean() == pytest.approx(2.0 * expected * 60.0 * TAU, rel=0.3)
        assert abs(moved[1].mean()) < 4.0 * math.sqrt(2.0 * expected * 60.0 * TAU / 300.0)
        theory.append(expected)
    assert theory[0] == pytest.approx(2.0 * theory[1], rel=1e-3)  # 32 junctions resolve the bump's flanks to 2e-4


def test_a_weak_cue_is_followed_at_the_distance_of_the_motion_mode() -> None:
    """First order in the cue: 5 % at a strength of 0.02 w; above the largest speed it is lost."""
    network = _network(32)
    sensors = Sensors(network.axis, JUNCTION)
    strength = 0.02
    distances = np.linspace(0.0, 2.0, 401)
    pull = network.pull_speed(lambda x: network.feed(sensors.rates(x), strength), distances)
    rising = slice(0, int(pull.argmax()) + 1)
    for ratio in (0.3, 0.6, 1.3):
        step = ratio * pull.max() * 0.5 * TAU
        windows = 4000

        def cue(n: int, step: float = step) -> np.ndarray:
            return network.feed(sensors.rates(float(network.axis.wrap(math.pi + step * (n + 0.5)))), strength)

        track = network.run(network.bump(), windows, 0.5 * TAU, cue, every=windows // 4)
        lags = network.axis.difference(
            math.pi + step * windows * np.arange(1, 5) / 4, network.position(track.field)[:, 0]
        )
        expected = np.interp(ratio * pull.max(), pull[rising], distances[rising])
        if ratio < 1.0:
            assert lags[-1] == pytest.approx(expected, rel=0.05)
        else:
            assert lags[-1] > distances[pull.argmax()]  # beyond the distance of the strongest pull, and still growing
            assert lags[-1] - lags[-2] > 0.1


def test_depressing_synapses_settle_where_loss_equals_recovery() -> None:
    """X = 1/(1 + loss r recovery) for a constant rate; here the rate at rest, with no coupling to speak of."""
    network = _quietly(coupling=1e-9)
    rest = PEAK / math.cosh(3.0)
    deep = Depression(recovery=10.0 * TAU, loss=2e-3)
    field = network.run(np.zeros((1, 64)), 400, 0.5 * TAU, depression=deep).field[-1] / network.current_width
    full = network.run(np.zeros((1, 64)), 400, 0.5 * TAU).field[-1] / network.current_width
    # the window's own discreteness: half a window's loss, 0.5 * 0.5 tau * r * loss = 0.5 %
    assert (field / full).mean() == pytest.approx(1.0 / (1.0 + deep.loss * rest * deep.recovery), rel=0.01)


@pytest.mark.parametrize(("loss", "ahead"), [(0.0, False), (5e-4, True)])
def test_depressing_synapses_run_ahead_of_a_slow_cue(loss: float, ahead: bool) -> None:
    """Constant synapses stay behind at any speed; 1000 flips at the peak rate, a loss of 0.5, drive the bump on."""
    network = _network(32, coupling=12.0)
    sensors, step = Sensors(network.axis, JUNCTION), 0.02 * 0.5
    deep = Depression(recovery=10.0 * TAU, loss=loss)

    def cue(n: int) -> np.ndarray:
        return network.feed(sensors.rates(float(network.axis.wrap(math.pi + step * (n + 0.5)))), 0.5)

    track = network.run(network.bump(), 800, 0.5 * TAU, cue, depression=deep, every=800)
    lag = float(network.axis.difference(math.pi + 800 * step, network.position(track.field[-1])[0]))
    assert lag < -0.03 if ahead else lag > 0.3


def test_two_coupled_networks_go_to_the_weighted_mean_of_weak_cues() -> None:
    """Pulls grow as strengths, so z = (g1 x1 + g2 x2)/(g1 + g2); the rest is the networks' own difference."""
    network = _network(32, networks=2, reciprocal=0.5)
    sensors = Sensors(network.axis, JUNCTION)
    cues = np.stack([network.feed(sensors.rates(math.pi + x), g) for x, g in ((0.1, 0.15), (-0.1, 0.05))])
    track = network.run(network.bump(), 1500, 0.5 * TAU, cues, every=500)
    found = network.position(track.field[-1]) - math.pi
    assert found.mean() == pytest.approx(0.05, abs=0.01)
    assert abs(found[0] - found[1]) < 0.01


def test_two_networks_wander_half_as_much_as_one() -> None:
    both = _network(32, networks=2, reciprocal=0.3)
    assert both.diffusion() == pytest.approx(0.5 * _network(32).diffusion(), rel=1e-6)


def test_scatter_pins_the_bump_and_trimming_frees_it() -> None:
    chance = np.random.default_rng(1)
    drawn = TwoState(1e9, 12.0 * (1.0 + 0.02 * chance.standard_normal(64)), 24e-6, 0.0)
    moved = {}
    for trimmed in (False, True):
        network = AttractorNetwork(Axis(64), drawn, time_constant=TAU, trimmed=trimmed)
        settled = network.run(_network().bump(), 400, 0.5 * TAU, every=400).field[-1]
        moved[trimmed] = abs(float(network.axis.difference(network.position(settled)[0], math.pi)))
    assert moved[True] < 0.5 * moved[False]


def test_dead_junctions_never_flip() -> None:
    dead = np.arange(64) % 16 == 0
    network = _network(dead=dead)
    track = network.run(network.bump(), 10, 0.5 * TAU, seed=1)
    assert track.flips[:, 0, dead].sum() == 0
    assert track.flips[:, 0, ~dead].sum() > 0


def test_the_same_seed_gives_the_same_flips() -> None:
    network = _network(16)
    first, again, other = (network.run(network.bump(), 20, 0.5 * TAU, seed=s).flips for s in (4, 4, 5))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": 3}, "at least 4"),
        ({"coupling": 0.0}, "coupling must be more than 0"),
        ({"inhibition": -1.0}, "not be negative"),
        ({"reciprocal": 0.5}, "two of them"),
        ({"dead": np.zeros(3, bool)}, "each of the 64"),
    ],
)
def test_bad_input(changes: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        _network(**changes)


def test_a_place_outside_a_long_window_and_wrong_numbers_are_refused() -> None:
    network = _network()
    with pytest.raises(InputError, match=r"outside the range of the junctions, 0 to 6\.28"):
        network.bump(7.0)
    with pytest.raises(InputError, match="half the time constant"):
        network.run(network.bump(), 1, TAU)
    with pytest.raises(InputError, match="64 junctions"):
        AttractorNetwork(Axis(64), JUNCTION[np.zeros(5, int)])
    with pytest.raises(InputError, match="recovery time"):
        Depression(0.0, 0.1)


def test_a_line_holds_a_bump_away_from_its_ends() -> None:
    network = AttractorNetwork(Axis(64, -4.0, 4.0, periodic=False), JUNCTION, inhibition=1.6, time_constant=TAU)
    fields = network.bump(0.5)
    assert network.holds(fields)[0]
    assert network.position(fields)[0] == pytest.approx(0.5, abs=0.1)
