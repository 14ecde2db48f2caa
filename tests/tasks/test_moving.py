"""The synthetic event camera: what was drawn is what passes."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.tasks.moving import moving_blocks


def test_events_lie_on_the_lanes_that_were_driven() -> None:
    """Without noise every event is within a passage and on its lane; nine tenths of 2 x 48 a passage are seen.

    200 passages x 96 chances of 0.9: mean within 5 standard deviations of 17 280 (false alarm 6e-7).
    """
    stream = moving_blocks(200, noise=0.0, seed=3)
    column = stream.which % 16
    for time, lane in zip(stream.times[::50], column[::50] // 4, strict=True):
        there = (stream.start <= time) & (time <= stream.end + 0.01)
        assert lane in stream.lane[there]
    assert abs(stream.times.size - 17_280) < 5 * np.sqrt(19_200 * 0.09)
    assert (np.diff(stream.times) >= 0).all()
    assert stream.inputs == 512


def test_noise_has_its_rate() -> None:
    """0.5 events a second of 512 addresses: Poisson, 5 standard deviations."""
    quiet, noisy = (moving_blocks(50, noise=rate, seed=1) for rate in (0.0, 0.5))
    expected = 0.5 * 512 * noisy.duration
    assert abs(noisy.times.size - quiet.times.size - expected) < 5 * np.sqrt(expected)


def test_bad_sizes_are_named() -> None:
    with pytest.raises(InputError, match="8 lanes"):
        moving_blocks(5, lanes=8)
    with pytest.raises(InputError, match="nothing passes"):
        moving_blocks(0)
