"""How well a task was done."""

from __future__ import annotations

import numpy as np

from spinloom.errors import InputError


def accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Share of samples that are classified correctly.

    Parameters
    ----------
    predicted : array, shape (samples,) or (samples, classes)
        Labels, or one score a class; of scores the largest counts (the first of equal ones).
    truth : array, shape (samples,)
        Labels, counted from 0.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    InputError
        No samples, different numbers of them, scores that are NaN.

    Examples
    --------
    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    predicted, truth = np.asarray(predicted), np.asarray(truth)
    if truth.ndim != 1 or predicted.ndim not in (1, 2) or len(predicted) != len(truth) or not len(truth):
        raise InputError(
            f"accuracy: predictions of shape {predicted.shape} against labels of shape {truth.shape}. "
            "Give (samples,) or (samples, classes) against (samples,), with at least one sample."
        )
    if np.isnan(predicted).any():
        raise InputError("accuracy: the predictions hold NaN; the network that made them has diverged.")
    labels = predicted.argmax(axis=1) if predicted.ndim == 2 else predicted
    return float(np.mean(labels == truth))
