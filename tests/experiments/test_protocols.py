"""The protocols on small problems: what they measure, and that an interrupted run goes on to the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from spinloom.errors import InputError, UnknownNameError
from spinloom.experiments import reproduce
from spinloom.experiments.run import RunInterrupted

_DIGITS: dict[str, Any] = {"data": "digits", "sizes": [64, 12, 10], "iterations": 60, "seeds": 2, "at": [20]}


def _network(**changes: Any) -> Any:
    settings = {**_DIGITS, "run": ["fixed", "k"], "compare": [["k", "fixed"]], **changes}
    return reproduce("Xin2023_network", out=None, settings=settings)


def test_network_numbers_come_from_the_histories() -> None:
    result = _network()
    accuracy = result.data["test_accuracy"].sel(system="k").isel(iteration=-1).values * 100
    assert accuracy.shape == (2,)
    assert result.metrics["accuracy.k"].value == pytest.approx(accuracy.mean())
    assert result.metrics["accuracy.k"].error == pytest.approx(accuracy.std(ddof=1) / np.sqrt(2))
    at_20 = result.data["test_accuracy"].sel(system="fixed", iteration=20).values * 100
    assert result.metrics["accuracy20.fixed"].value == pytest.approx(at_20.mean())
    gain = result.metrics["gain.k_over_fixed"].number
    assert gain == pytest.approx(result.metrics["accuracy.k"].number - result.metrics["accuracy.fixed"].number)


def test_fixed_activation_stays_fixed_and_a_limit_holds() -> None:
    systems = {
        "fixed": {"train": []},
        "bounded": {"train": ["k"], "k_init": ["uniform", 4], "k_limit": 1.5, "learning_rate": 1.0},
    }
    result = _network(systems=systems, run=["fixed", "bounded"])
    assert result.metrics["range.k2.fixed"].value == [1.0, 1.0]
    assert result.metrics["range.c3.fixed"].value == [0.0, 0.0]
    low, high = result.metrics["range.k2.bounded"].value
    assert (low, high) == pytest.approx((-1.5, 1.5), rel=1e-6)


def test_same_seed_same_numbers_other_seed_others() -> None:
    one, two = _network(run=["k"], seeds=1), _network(run=["k"], seeds=1)
    xr.testing.assert_identical(one.data, two.data)
    settings = {**_DIGITS, "run": ["k"], "seeds": 1}
    other = reproduce("Xin2023_network", seed=1, out=None, settings=settings)
    assert not np.array_equal(one.data["loss"].values, other.data["loss"].values)


def test_a_system_with_fewer_seeds_leaves_gaps_not_zeros() -> None:
    systems = {"fixed": {"train": []}, "k": {"train": ["k"], "seeds": 1}}
    result = _network(systems=systems)
    assert result.metrics["seeds.k"].value == 1
    assert result.metrics["accuracy.k"].error is None
    assert np.isnan(result.data["loss"].sel(system="k", seed=1)).all()
    # the gain is paired: the one common seed
    common = result.data["test_accuracy"].sel(seed=0).isel(iteration=-1)
    assert result.metrics["gain.k_over_fixed"].value == pytest.approx(
        100 * float(common.sel(system="k") - common.sel(system="fixed"))
    )


def test_never_reached_is_nan_and_disagrees() -> None:
    result = _network(iterations=20)
    found = {row.quantity: row for row in result.expectations}
    assert np.isnan(result.metrics["reach85.k"].number)
    assert found["reach85.k"].verdict == "disagrees"


@pytest.mark.parametrize("stop_at", [35, 130], ids=["in the first seed", "in the third"])
def test_interrupted_training_goes_on_to_the_same_numbers(tmp_path: Path, stop_at: int) -> None:
    """Ctrl-C at an update in the middle of a seed; the finished seeds are read back, the numbers are bit-equal."""
    settings = {**_DIGITS, "run": ["k"], "seeds": 3}
    whole = reproduce("Xin2023_network", out=None, settings=settings)

    def stop(stage: str, done: int, total: int) -> None:
        if done >= stop_at:
            raise KeyboardInterrupt

    with pytest.raises(RunInterrupted, match="--resume"):
        reproduce("Xin2023_network", out=tmp_path, settings=settings, progress=stop)
    seen: list[int] = []
    resumed = reproduce(
        "Xin2023_network", out=tmp_path, settings=settings, resume=True, progress=lambda _s, done, _t: seen.append(done)
    )
    assert len(list((tmp_path / "Xin2023_network").iterdir())) == 1
    finished = 60 * (stop_at // 60)
    assert not {done for done in seen if done < finished and done % 60}  # finished seeds were not trained again
    xr.testing.assert_equal(resumed.data, whole.data)


def test_progress_counts_all_seeds() -> None:
    seen: list[tuple[str, int, int]] = []
    settings = {**_DIGITS, "run": ["fixed"], "iterations": 10}
    reproduce("Xin2023_network", out=None, settings=settings, progress=lambda *state: seen.append(state))
    assert seen[-1] == ("fixed activation", 20, 20)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"run": ["fixd"]}, "There is no system 'fixd'. Did you mean 'fixed'"),
        ({"data": "mnits"}, "There is no data set 'mnits'. Did you mean 'mnist'"),
        ({"systems": {"k": {"tran": []}}, "run": ["k"]}, "System 'k' has no key 'tran'"),
    ],
)
def test_faults_in_settings_are_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        _network(**changes)
    assert said in str(caught.value)


def test_coupled_training_fails_where_uncoupled_does_not() -> None:
    """The thesis's negative control, on 8x8 digits: printed offsets of -11 to -13 saturate every neuron."""
    settings = {**_DIGITS, "run": ["coupled", "uncoupled"], "iterations": 150, "learning_rate": 0.5}
    result = reproduce("Xin2023_coupled", out=None, settings=settings)
    assert result.metrics["accuracy.coupled"].number < 30
    assert result.metrics["accuracy.uncoupled"].number > 80
    # c was on the line through the printed pairs wherever k went: ends of c follow from ends of k
    slope = (-10.85 + 13.29) / (3.27 - 1.38)
    for layer in ("2", "3"):
        final = result.data.sel(system="coupled").isel(iteration=-1)
        k, c = final[f"k{layer}"].values, final[f"c{layer}"].values
        assert c == pytest.approx(-10.85 + slope * (k - 3.27), abs=1e-4)  # float32


def test_switching_needs_a_parameter_set_that_exists() -> None:
    settings = {"devices": {"low": "Xin2023_mjt", "high": "Xin2023_mtj_15kT"}}
    with pytest.raises(UnknownNameError, match="Did you mean 'Xin2023_mtj'"):
        reproduce("Xin2023_switching", out=None, settings=settings)
