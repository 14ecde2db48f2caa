"""Digits in a spiking layer: pieces that are kept, and images of what was learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinloom.experiments import load_reproduction
from spinloom.experiments.context import Context
from spinloom.experiments.protocols.spiking_digits import Digits, fields_image, run

TINY = {
    "data": "digits", "systems": [[9, "junctions"]], "presentations": 40, "pieces": 2, "look": 10, "label_images": 20,
    "test_images": 20, "steps": 60, "seeds": 1,
}  # fmt: skip


def test_stopped_and_resumed_is_the_same(tmp_path: Path) -> None:
    """Ctrl-C in the second piece; what was kept goes on to the same weights and accuracy."""
    spec = load_reproduction("DiehlCook2015_mnist").with_settings(TINY)
    whole = run(spec, Context())

    def stop(stage: str, done: int, _total: int) -> None:
        if stage.startswith("9 outputs") and done == 31:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(spec, Context(folder=tmp_path, progress=stop))
    again = run(spec, Context(folder=tmp_path))
    np.testing.assert_array_equal(again.data["junctions9_weights"].values, whole.data["junctions9_weights"].values)
    assert again.metrics["accuracy.9.junctions"].value == whole.metrics["accuracy.9.junctions"].value


def test_every_image_is_shown_once_a_round() -> None:
    digits = Digits(np.zeros((7, 4)), np.zeros(7, int), np.zeros((1, 4)), np.zeros(1, int))
    order = digits.order(18, seed=2)
    assert sorted(order[:7]) == sorted(order[7:14]) == list(range(7))
    assert not np.array_equal(order[:7], order[7:14])


def test_fields_stand_in_their_places() -> None:
    """Neuron 1 of three is the second square of the upper row; a map's first row is drawn at the bottom."""
    weights = np.zeros((9, 3))
    weights[0, 1] = 1.0  # its upper left pixel
    image = fields_image(weights)[::-1]
    assert image.shape == (7, 7)
    assert image[0, 4] == 1.0
    assert image.sum() == 1.0
