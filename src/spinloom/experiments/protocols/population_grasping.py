"""Grasping a ball: two populations learn by trial and error which arm angle belongs to a seen direction."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from spinloom import device
from spinloom.devices.superparamagnetic_junction import SuperparamagneticJunction
from spinloom.snn import Learning, Population, Transfer, chain
from spinloom.snn.transfer import Trained

_VIEW, _REACH = math.pi / 4.0, 0.8
"""Half of the camera's angle of view [rad]; distance of the balls' line over the arm's length."""


@dataclass(frozen=True)
class Plan:
    """One experiment: junctions, times, rule, and what is wrong with the junctions.

    Attributes
    ----------
    junction : SuperparamagneticJunction
    count : int
        Junctions of each of the two populations.
    duration : float
        Acquisition time of each population [s].
    reach, margin : float
        Inputs are coded by -reach..reach [A]; centres stand up to ``margin`` [A] beyond.
    learning : Learning
    bump, span, bits, calibrated
        As in :class:`spinloom.snn.Transfer`.
    trials, tests : int
    delta_spread, critical_spread, dead : float
        Relative spreads of barrier and critical current, share of junctions that never flip (of both populations).
    """

    junction: SuperparamagneticJunction
    count: int
    duration: float
    reach: float
    margin: float
    learning: Learning
    bump: float = 0.08
    span: float = 8.0
    bits: int | None = 8
    trials: int = 4000
    tests: int = 2000
    delta_spread: float = 0.0
    critical_spread: float = 0.0
    dead: float = 0.0
    calibrated: bool = False

    def with_changes(self, **changes) -> Plan:
        """A copy with some attributes changed."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Result:
    """Errors of tests as shares of the range: rms with and without counting noise, and the share of hits."""

    error: float
    systematic: float
    success: float


def arm(value: np.ndarray) -> np.ndarray:
    """The arm's angle (0..1 of its range) for a ball seen in a direction (0..1 of the angle of view).

    The ball stands on a line in front: its height is d tan(theta), and the arm of length L reaches it at
    sin(phi) = (d/L) tan(theta).
    """
    theta = (2.0 * np.asarray(value, float) - 1.0) * _VIEW
    return 0.5 + np.arcsin(_REACH * np.tan(theta)) / (2.0 * math.asin(_REACH))


def direction(value: np.ndarray) -> np.ndarray:
    """The inverse of :func:`arm`: where the ball is seen that an arm's angle reaches."""
    phi = (2.0 * np.asarray(value, float) - 1.0) * math.asin(_REACH)
    return 0.5 + np.arctan(np.sin(phi) / _REACH) / (2.0 * _VIEW)


def build(plan: Plan, seed: int) -> Transfer:
    """Two populations as made, with their spread and their dead."""
    spread = {"thermal_stability_spread": plan.delta_spread, "critical_current_spread": plan.critical_spread}
    made = device(plan.junction.parameters.replace(**spread))
    chance = np.random.default_rng([seed, 0xDEAD])
    first = made.two_state(plan.count, 2 * seed + 1)
    inputs = Population.covering(first, -plan.reach, plan.reach, plan.margin)
    if plan.dead:
        inputs = inputs.without(chance.random(plan.count) < plan.dead)
    alive = chance.random(plan.count) >= plan.dead
    rules = {"bump": plan.bump, "span": plan.span, "bits": plan.bits, "alive": alive, "calibrated": plan.calibrated}
    return Transfer.between(inputs, made.two_state(plan.count, 2 * seed + 2), plan.duration, **rules)


def teach(
    transfer: Transfer,
    plan: Plan,
    seed: int,
    *,
    task: Callable[[np.ndarray], np.ndarray] = arm,
    weights: np.ndarray | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Trained:
    """Show balls at random places, one a trial."""
    values = np.random.default_rng([seed, 0xBA11]).random(plan.trials)
    return transfer.train(values, task(values), plan.learning, seed, weights=weights, progress=progress)


def examine(transfer: Transfer, weights: np.ndarray, plan: Plan, seed: int) -> Result:
    """Show new balls to the trained map."""
    values = np.random.default_rng([seed, 0x7E57]).random(plan.tests)
    error = transfer(weights, values, seed + 10**6) - arm(values)
    quiet = transfer.without_noise(weights, values) - arm(values)
    return Result(
        float(np.sqrt((error**2).mean())),
        float(np.sqrt((quiet**2).mean())),
        float((np.abs(error) < plan.learning.tolerance).mean()),
    )


def broken_and_healed(plan: Plan, share: float, relearn: int, seed: int) -> tuple[Result, Result]:
    """A trained map loses junctions: at once, and after ``relearn`` more trials."""
    whole = build(plan, seed)
    weights = teach(whole, plan, seed).weights
    chance = np.random.default_rng([seed, 0xDEAD])
    inputs = whole.inputs.without(chance.random(plan.count) < share)
    broken = replace(whole, inputs=inputs, alive=chance.random(plan.count) >= share)
    short = plan.with_changes(trials=relearn)
    healed = teach(broken, short, seed + 7, weights=weights).weights
    return examine(broken, weights, plan, seed), examine(broken, healed, plan, seed)


def there_and_back(plan: Plan, seed: int) -> tuple[float, float]:
    """Rms errors of one map, and of a chain that turns the arm's angle back into the direction seen.

    The second map listens to the first one's output junctions; it is trained after the first.
    """
    first = build(plan, seed)
    weights = teach(first, plan, seed).weights
    second = build(plan, seed + 500)
    values = np.random.default_rng([seed, 0xC4A1]).random(plan.trials)
    middle = first.respond(weights, first.sense(values, seed + 1000), seed + 1000)
    back = second.train(values, values, plan.learning, seed + 2000, activity=middle).weights
    tests = np.random.default_rng([seed, 0x7E57]).random(plan.tests)
    _, found = chain([(first, weights), (second, back)], tests, seed + 3000)
    return examine(first, weights, plan, seed).error, float(np.sqrt(((found - tests) ** 2).mean()))


def train_grasping(junctions: int = 128, trials: int = 4000, seed: int = 0) -> float:
    """Train the standard experiment once and return its share of hits: what a benchmark times."""
    plan = Plan(device("Mizrahi2018_mtj"), junctions, 0.02, 100e-6, 60e-6, Learning(), trials=trials)
    transfer = build(plan, seed)
    return examine(transfer, teach(transfer, plan, seed).weights, plan, seed).success
