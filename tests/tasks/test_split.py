from __future__ import annotations

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.tasks import Split, accuracy, digits, iris


def arrays(samples: int = 10, features: int = 3) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(samples * features, dtype=float).reshape(samples, features), np.arange(samples) % 2


def test_from_arrays_deals_each_class_three_to_one_to_one() -> None:
    x, y = arrays(20)
    split = Split.from_arrays(x, y)
    assert (len(split.train_y), len(split.valid_y), len(split.test_y)) == (12, 4, 4)
    for part in (split.train_y, split.valid_y, split.test_y):
        assert np.mean(part) == 0.5
    together = np.concatenate([split.train_x, split.valid_x, split.test_x])
    assert np.array_equal(np.unique(together, axis=0), x.astype(np.float32))  # every sample in exactly one part


def test_arrays_become_float32_and_int64() -> None:
    split = Split.from_arrays(*arrays())
    assert split.train_x.dtype == np.float32
    assert split.train_y.dtype == np.int64
    whole = Split.from_arrays(arrays()[0], arrays()[1].astype(float))
    assert whole.train_y.dtype == np.int64


def test_the_fingerprint_follows_the_numbers() -> None:
    x, y = arrays()
    same, other = Split.from_arrays(x, y), Split.from_arrays(x + 1, y)
    assert same.sha256 == Split.from_arrays(x, y, name="another name").sha256
    assert same.sha256 != other.sha256


def test_first_keeps_the_first_samples() -> None:
    split = digits()
    few = split.first(100, 50)
    assert np.array_equal(few.train_x, split.train_x[:100])
    assert np.array_equal(few.test_y, split.test_y[:50])
    assert few.sha256 != split.sha256
    with pytest.raises(InputError, match="at least one sample"):
        split.first(0)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((4, 2)), np.zeros(3, int), "do not belong together"),
        (np.zeros(4), np.zeros(4, int), "do not belong together"),
        (np.array([[0.0], [np.nan], [1.0]]), np.zeros(3, int), "first is row 1. Remove them"),
        (np.zeros((3, 1)), np.array([0, -1, 1]), "from 0 upwards"),
        (np.zeros((3, 1)), np.array([0, 0.5, 1]), "whole numbers"),
        (np.zeros((1, 1)), np.array([0]), "test part is empty"),
    ],
)
def test_unusable_arrays_are_refused(x: np.ndarray, y: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Split.from_arrays(x, y)


def test_parts_of_different_width_are_refused() -> None:
    x, y = arrays()
    with pytest.raises(InputError, match="differ in their number of features"):
        Split(x, y, x, y, x[:, :2], y)


@pytest.mark.parametrize(("split", "features", "classes"), [(digits(), 64, 10), (iris(), 4, 3)])
def test_built_in_sets_fill_the_unit_range(split: Split, features: int, classes: int) -> None:
    assert (split.features, split.classes) == (features, classes)
    assert split.train_x.min() == 0.0
    assert max(split.train_x.max(), split.valid_x.max(), split.test_x.max()) == 1.0
    shares = [np.bincount(part, minlength=classes) / len(part) for part in (split.train_y, split.test_y)]
    # dealing class by class leaves less than one sample a class to rounding: 1/30 in the smallest part
    assert np.allclose(shares[0], shares[1], atol=1 / 30)
    assert repr(split).startswith(f"Split('{split.name}'")


def test_accuracy_of_labels_and_of_scores() -> None:
    assert accuracy(np.array([1, 2, 3, 3]), np.array([1, 2, 3, 0])) == 0.75
    assert accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1])) == 0.5


@pytest.mark.parametrize(
    ("predicted", "truth", "message"),
    [
        (np.zeros(3), np.zeros(2), "against labels of shape"),
        (np.zeros(0), np.zeros(0), "at least one sample"),
        (np.array([[np.nan, 1.0]]), np.array([0]), "diverged"),
    ],
)
def test_accuracy_refuses_what_it_cannot_count(predicted: np.ndarray, truth: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        accuracy(predicted, truth)
