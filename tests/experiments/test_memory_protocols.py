"""Associative memories, power gating and fingerprints: what their protocols promise beyond the catalogue's tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from spinloom.crossbar import associative
from spinloom.errors import InputError, UnknownNameError
from spinloom.experiments import reproduce
from spinloom.experiments.protocols.associative_chips import Chip, make_task, read_patterns, teach
from spinloom.experiments.run import RunInterrupted
from spinloom.responses.plasticity import Plasticity

_PATTERNS = ["010 010 010", "111 100 111", "111 010 010"]
_FEW: dict[str, dict[str, Any]] = {
    "Borders2017_associative": {
        "chips": 6,
        "block": 2,
        "iterations": 5,
        "spreads": [0.1],
        "steps": [1],
        "levels": [64],
    },
    "Puf2023_mram": {"chips": 6, "block": 2, "bits": 256, "reads": 3, "key": 16, "ratios": [0.1]},
    "Jarollahi2014_associative": {"networks": [2, 2, 1], "queries": 20, "densities": [0.05, 0.1], "flips": [0.0]},
}


def _chip(**changes: Any) -> Chip:
    synapse = changes.pop("synapse", None) or Plasticity.from_parameters("Borders2017_sot")
    return Chip(
        **{"synapse": synapse, "offset": 0.05, "threshold": 0.05, "rule": "delta", "step": 1, "iterations": 60}
        | changes
    )


def test_the_task_is_what_ideal_weights_do_without_ties() -> None:
    """17 of 27 one-neuron errors: I 7, C 6 and T 4, counted by hand from the fields; T's middle errors meet a zero."""
    patterns = read_patterns(_PATTERNS)
    task = make_task(patterns, errors=True)
    found = [int((task.wanted[3:] == pattern).all(axis=1).sum()) for pattern in patterns]
    assert found == [7, 6, 4]
    np.testing.assert_array_equal(associative.recall(task.weights, task.shown).states, task.wanted)
    # however little the weights are disturbed, and in whichever order neurons answer to them, nothing changes
    chance = np.random.default_rng(0)
    disturbed = task.weights + 1e-9 * associative.from_pairs(chance.standard_normal((200, 36)))
    assert (associative.recall(disturbed, task.shown).states == task.wanted).all()


def test_ideal_devices_hold_the_ideal_weights() -> None:
    """Straight, equal devices of 64 levels: -3, -1, 1, 3 fall on levels 0, 21, 42, 63 exactly."""
    straight = Plasticity.from_values(states=64)
    task = make_task(read_patterns(_PATTERNS), errors=True)
    found = teach(task, _chip(synapse=straight, offset=0.0, threshold=0.0), 3, np.random.default_rng(0))
    assert (found["iterations"] == 0).all()
    ideal = associative.to_pairs(task.weights)
    np.testing.assert_allclose(found["first"], np.broadcast_to(ideal, (3, 36)), atol=1e-12)
    assert (found["pulses"] == 0).all()


def test_learning_repairs_what_spread_and_curve_break() -> None:
    """40 chips. Hardly one works as written: if 10 % did, more than half of them would by a chance of 1e-10."""
    task = make_task(read_patterns(_PATTERNS), errors=True)
    found = teach(task, _chip(), 40, np.random.default_rng(1))
    finished = found["iterations"].to_numpy()
    assert (finished == 0).mean() < 0.5
    assert np.isfinite(finished).all()
    assert np.median(finished) < 20
    right = found["right"].to_numpy()
    assert right[np.arange(40), finished.astype(int)].min() == 1.0


def test_the_same_chance_gives_the_same_chips() -> None:
    task = make_task(read_patterns(_PATTERNS), errors=False)
    once, again = (teach(task, _chip(rule="correlation"), 5, np.random.default_rng(2)) for _ in range(2))
    xr.testing.assert_identical(once, again)


@pytest.mark.parametrize("name", list(_FEW))
def test_an_interrupted_monte_carlo_goes_on_to_the_same_numbers(name: str, tmp_path: Path) -> None:
    """Ctrl-C after the second piece; what was finished is read back, and the numbers are bit-equal."""
    whole = reproduce(name, out=None, settings=_FEW[name])
    calls = []

    def stop(stage: str, done: int, total: int) -> None:
        calls.append(done)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(RunInterrupted, match="--resume"):
        reproduce(name, out=tmp_path, settings=_FEW[name], progress=stop)
    (kept,) = (tmp_path / name).iterdir()
    assert list(kept.glob("parts/*.nc"))
    resumed = reproduce(name, out=tmp_path, settings=_FEW[name], resume=True)
    xr.testing.assert_equal(resumed.data, whole.data)


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("Borders2017_associative", {"patterns": ["010", "0110"]}, "texts of 0 and 1 of equal length"),
        ("Borders2017_associative", {"step": 0}, "give at least one pulse"),
        ("Jarollahi2014_associative", {"erased": 8}, "erase at least one and not all"),
        ("Ma2016_gated", {"power": "600 K"}, "power"),
        ("Ma2016_gated", {"leakage": 1.5}, "leakage = 1.5"),
        ("Puf2023_mram", {"key": 300}, "needs 1500 bits; there are 1024"),
    ],
)
def test_faults_in_settings_are_named(name: str, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        reproduce(name, out=None, settings=changes)
    assert said in str(caught.value)


def test_an_unknown_rule_is_named() -> None:
    with pytest.raises(UnknownNameError, match="delta"):
        _chip(rule="dleta")
    with pytest.raises(InputError, match="no device_to_device"):
        _chip(synapse=Plasticity.from_values(states=8)).scaled(0.1)


def test_gating_claims_nothing_that_does_not_follow() -> None:
    result = reproduce("Ma2016_gated", out=None)
    assert result.verdict == "not comparable"
    assert result.surprises == ()
    assert result.metrics["check.counted"].number < 1e-12
    assert result.metrics["leakage.least"].number == pytest.approx(91.2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "fewer"),
    [
        ("Borders2017_associative", {}),
        ("Jarollahi2014_associative", {"densities": [0.2, 0.4], "steps": 2}),
        ("Puf2023_mram", {}),
    ],
)
def test_is_as_recorded(name: str, fewer: dict[str, Any]) -> None:
    """Full size where that takes a few seconds, else fewer loads; fixed seed. Each band is four standard errors or a
    bound far away, as its row says."""
    result = reproduce(name, out=None, settings=fewer)
    assert [row.quantity for row in result.surprises] == []
    assert result.verdict == "agrees"
