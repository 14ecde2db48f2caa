"""Generated images of edges: counts, truth, seeds."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.experiments.protocols.edge_images import edge_image


@pytest.mark.parametrize("outline", ["circle", "square"])
def test_outline_and_clutter(outline) -> None:
    image = edge_image(3, outline, figure=12, clutter=7, jitter=0.0)
    assert image.segments.shape == (19, 2, 2)
    assert image.figure.sum() == 12
    length = np.linalg.norm(image.segments[:, 1] - image.segments[:, 0], axis=1)
    assert length == pytest.approx(length[0], rel=1e-12)
    middle = image.segments[:12].mean(axis=1)
    radius = np.linalg.norm(middle - middle.mean(axis=0), axis=1)
    if outline == "circle":
        assert radius == pytest.approx(0.3, rel=1e-9)
        # a tangent stands on its radius
        along = image.segments[:12, 1] - image.segments[:12, 0]
        assert ((middle - middle.mean(axis=0)) * along).sum(axis=1) == pytest.approx(0.0, abs=1e-12)
    else:
        assert radius.min() == pytest.approx(0.27, rel=1e-9)
    assert np.array_equal(image.segments, edge_image(3, outline, 12, 7, 0.0).segments)
    assert not np.array_equal(image.segments, edge_image(4, outline, 12, 7, 0.0).segments)


def test_refusals() -> None:
    with pytest.raises(InputError, match="4, 8, 12"):
        edge_image(0, "square", figure=10)
