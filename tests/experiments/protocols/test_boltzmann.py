"""The Boltzmann protocol: samples, pictures, a small run that learns, and one that is interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from spinloom.errors import InputError
from spinloom.experiments import load_reproduction, reproduce
from spinloom.experiments.protocols import boltzmann_tasks
from spinloom.experiments.protocols.boltzmann_figures import mosaic
from spinloom.experiments.run import RunInterrupted

_SMALL: dict[str, Any] = {
    "panels": dict.fromkeys(("image8", "image28", "speech"), "digits"),
    "updates": 10,
    "judge_updates": 10,
    "recall_chains": 8,
    "recall_sweeps": 5,
    "seeds": 1,
    "more": {"label_units": 2, "updates": 10},
    "spreads": [0, 0.05],
    "chips": 1,
    "drive_bits": [4],
    "pairs": 50,
}


def test_samples_are_cut_at_a_level_or_at_the_median() -> None:
    settings = load_reproduction("Li2024_rbm").settings
    half = boltzmann_tasks.load("image8", "digits", settings, lambda done, total: None)
    assert set(np.unique(half.split.train_x)) == {0.0, 1.0}
    middle = boltzmann_tasks.load("speech", "digits", settings, lambda done, total: None)
    assert (middle.split.train_x.mean(axis=0) <= 0.5).all()  # above the median of its own training samples
    x, y = half.of(2, "test")
    assert set(y) == {0, 1}
    assert len(x) == len(y) == 71
    with pytest.raises(InputError, match="a number or 'median'"):
        boltzmann_tasks.load(
            "image8", "digits", {**settings, "threshold": {"image8": "mean"}}, lambda done, total: None
        )


def test_pictures_stand_in_rows() -> None:
    samples = np.arange(2 * 3 * 4, dtype=float).reshape(2, 3, 4)
    field = mosaic(samples)
    assert field.shape == (2 * 3 - 1, 3 * 3 - 1)
    assert np.array_equal(field[:2, :2], [[0, 1], [2, 3]])
    assert np.array_equal(field[3:, 6:], [[20, 21], [22, 23]])
    assert np.isnan(field[2]).all()
    assert np.isnan(field[:, 2]).all()


def test_a_small_run_learns_and_a_nominal_junction_is_ideal() -> None:
    """8 x 8 digits in every panel, 300 updates: far above chance (50 and 10 %), bands of what other seeds give too."""
    more = {"updates": 300, "judge_updates": 200, "recall_chains": 20, "recall_sweeps": 20}
    result = reproduce("Li2024_rbm", out=None, settings={**_SMALL, **more})
    metrics = {name: metric.value for name, metric in result.metrics.items()}
    assert metrics["recognition.image8.0"] > 95
    assert metrics["recognition.image8.1"] > 95
    assert metrics["recall.image8.0"] > 70
    assert metrics["recognition.ten.image8"] > 50
    assert metrics["cross.joint.image8"] > 70
    assert metrics["ideal.gap"] == 0
    # 50 sweeps with 64 inputs held: 100 hidden and 2 label units; the energy of a bit from the parameter set
    assert metrics["recognise.bits.image8"] == 50 * 102
    assert metrics["recognise.energy.image8"] == pytest.approx(5100 * float(metrics["bit.energy"]) * 1e-3, rel=1e-12)
    assert metrics["recognise.time.image8"] == pytest.approx(100 * float(metrics["bit.time"]) * 1e-3, rel=1e-12)


def test_an_interrupted_run_goes_on_to_the_same_numbers(tmp_path: Path) -> None:
    whole = reproduce("Li2024_rbm", out=None, settings=_SMALL)
    calls = []

    def stop(stage: str, done: int, total: int) -> None:
        calls.append(stage)
        if len(calls) == 4:
            raise KeyboardInterrupt

    with pytest.raises(RunInterrupted, match="--resume"):
        reproduce("Li2024_rbm", out=tmp_path, settings=_SMALL, progress=stop)
    (kept,) = (tmp_path / "Li2024_rbm").iterdir()
    assert list(kept.glob("parts/*.nc"))
    resumed = reproduce("Li2024_rbm", out=tmp_path, settings=_SMALL, resume=True)
    xr.testing.assert_equal(resumed.data, whole.data)
    drawn = {figure.name: figure for figure in resumed.figures}
    assert set(drawn) == {"drawn", "accuracy", "learning", "junctions"}
    assert all(panel.heat is not None for panel in drawn["drawn"].panels)
