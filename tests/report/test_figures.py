"""Figures: what is said is drawn, in the fixed colours, the same bytes each time."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb

from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series
from spinloom.experiments.spec import Point
from spinloom.report import figures

X = np.linspace(1.0, 5.0, 5)
CURVES = Panel(
    "current $I$ (µA)",
    "probability $P$",
    (
        Series("ours", X, X / 5, error=np.full(5, 0.1), style="points"),
        Series("ours, exact", X, X / 5, tone=0),
        Series("second", X, X / 6, band=(X / 7, X / 5)),
        Series("theirs", X, X / 4, style="both", group="published"),
        Series("", X, X / 9, style="dashed", group="guide"),
    ),
    y_limits=(0, 2),
)
SPEC = FigureSpec("f", "A figure", (CURVES,), "Caption.")
POINT = Point(figure="f", label="printed", x=3, y=1.5, where="fig. 1")


def _axes(spec: FigureSpec, points: tuple[Point, ...] = ()) -> list[Axes]:
    return figures.draw(spec, points).axes


def test_axes_are_labelled_and_limited() -> None:
    (axis,) = _axes(SPEC)
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("current $I$ (µA)", "probability $P$")
    assert axis.get_ylim() == (0, 2)


def test_ours_and_published_have_their_fixed_colours() -> None:
    (axis,) = _axes(SPEC, (POINT,))
    colours = {line.get_label(): to_hex(line.get_color()).upper() for line in axis.get_lines()}
    assert colours["theirs"] == figures.PUBLISHED
    assert colours["published: printed (fig. 1)"] == figures.PUBLISHED
    assert colours["ours, exact"] == figures.OURS[0]  # the same tone as its points
    assert colours["second"] in figures.OURS
    assert figures.PUBLISHED not in figures.OURS


def test_published_and_ours_stay_apart_without_colour() -> None:
    """WCAG relative luminance: in grey print and to a colour-blind eye the first two of ours are darker than published.

    A ratio of 1.5 is what two greys need to be told apart side by side; the hues differ as blue and orange, the pair
    that all common forms of colour blindness keep.
    """

    def luminance(colour: str) -> float:
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))

    for ours in figures.OURS[:2]:
        assert (luminance(figures.PUBLISHED) + 0.05) / (luminance(ours) + 0.05) > 1.3
    for colour in (figures.PUBLISHED, *figures.OURS[:2]):
        assert 1.05 / (luminance(colour) + 0.05) > 3  # legible on white


def test_points_lie_on_top() -> None:
    (axis,) = _axes(SPEC, (POINT,))
    order = {line.get_label(): line.get_zorder() for line in axis.get_lines()}
    assert order["published: printed (fig. 1)"] > order["second"]


def test_error_bars_and_bands_are_drawn() -> None:
    (axis,) = _axes(SPEC)
    assert len(axis.containers) == 1
    assert any(type(c).__name__ in ("FillBetweenPolyCollection", "PolyCollection") for c in axis.collections)


def test_legend_keeps_the_order_of_the_series() -> None:
    (axis,) = _axes(SPEC)
    legend = axis.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["ours", "ours, exact", "second", "theirs"]


def test_a_point_of_another_figure_is_not_drawn() -> None:
    (axis,) = _axes(SPEC, (POINT.model_copy(update={"figure": "other"}),))
    assert not any("printed" in str(line.get_label()) for line in axis.get_lines())


def test_bars_lie_with_their_names() -> None:
    lying = Series("", np.array([1.0, 700.0]), np.array([0.0, 1.0]), style="bars")
    bars = Panel("energy (fJ)", "", (lying,), x_scale="log", categories=("a", "b"))
    (axis,) = _axes(FigureSpec("g", "", (bars,)))
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]
    assert axis.yaxis_inverted()  # the first on top
    ends = [patch.get_path().get_extents(patch.get_patch_transform()).x1 for patch in axis.patches]
    assert ends == [1.0, 700.0]


def test_map_has_a_labelled_colour_bar() -> None:
    heat = Heat(X, X, np.add.outer(X, X), "slope $k$ (1/µA)")
    axes = _axes(FigureSpec("m", "", (Panel("t (ns)", "Δ", (Series("way", X, X),), heat),)))
    assert "slope $k$ (1/µA)" in [axis.get_ylabel() for axis in axes]


def test_an_image_has_square_cells_and_no_contours() -> None:
    heat = Heat(X, -X, np.add.outer(X, X), "weight", contours=False)
    axes = _axes(FigureSpec("m", "", (Panel("", "", heat=heat),)))
    assert axes[0].get_aspect() == 1.0
    assert len(axes[0].collections) == 1  # the cells; contour lines would be another


def test_pictures_without_a_label_have_no_colour_bar() -> None:
    heat = Heat(X, -X, np.add.outer(X, X), "", contours=False)
    assert len(_axes(FigureSpec("m", "", (Panel("", "", heat=heat),)))) == 1


def test_files_are_the_same_each_time(tmp_path: Path) -> None:
    figures.save(SPEC, tmp_path / "a", (POINT,))
    figures.save(SPEC, tmp_path / "b", (POINT,))
    for ending in ("png", "svg"):
        one, two = ((tmp_path / folder / f"f.{ending}").read_bytes() for folder in "ab")
        assert one == two
    svg = (tmp_path / "a" / "f.svg").read_text()
    assert "<dc:date>" not in svg
    ET.fromstring(svg)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_scales(scale: str) -> None:
    panel = Panel("x", "y", (Series("", X, X),), x_scale=scale, y_scale=scale)  # pyright: ignore[reportArgumentType]
    (axis,) = _axes(FigureSpec("s", "", (panel,)))
    assert axis.get_xscale() == scale
