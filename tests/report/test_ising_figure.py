"""Figures of a search: what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinloom.report.figures import save
from spinloom.report.ising import histogram, search_figure, tour_figure


def test_search_figure(tmp_path: Path) -> None:
    spec = search_figure("G1", "cut", [0.1, 0.5, 1.0], [10.0, 12.0, 13.0], [11.0, 13.0, 13.0], target=14.0)
    clock, spread = spec.panels
    best, target = clock.series
    np.testing.assert_array_equal(best.x, [0.1, 0.5, 0.5, 1.0, 1.0])  # a value holds until the next
    np.testing.assert_array_equal(best.y, [10.0, 10.0, 12.0, 12.0, 13.0])
    np.testing.assert_array_equal(target.y, [14.0, 14.0])
    assert (clock.x_label, clock.y_label) == ("time $t$ (s)", "cut")
    assert spread.series[0].y.max() == 2
    save(spec, tmp_path)
    assert (tmp_path / "search.png").stat().st_size > 1000
    assert len(search_figure("G1", "cut", [0.1], [10.0], [10.0]).panels) == 1  # one read does not spread


@pytest.mark.parametrize(
    ("values", "bins"),
    [([3.0, 5.0, 5.0, 9.0], 4), ([1.0, 1.0], 1), ([0.0, 1.0, 1000.0], 40), ([0.1, 0.5, np.pi], 40)],
)
def test_every_read_is_in_the_histogram(values: list[float], bins: int) -> None:
    edges, counts = histogram(np.array(values))
    assert (edges.size, counts.size, counts.sum()) == (bins + 1, bins, len(values))


def test_tour_figure() -> None:
    (panel,) = tour_figure("three", np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]]), [2, 0, 1], 12.0).panels
    np.testing.assert_array_equal(panel.series[0].x, [3.0, 0.0, 3.0, 3.0])
    np.testing.assert_array_equal(panel.series[0].y, [4.0, 0.0, 0.0, 4.0])
    assert panel.series[0].label == "length 12"
