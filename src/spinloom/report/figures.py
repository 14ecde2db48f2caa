"""Draw a FigureSpec: PNG for slides, SVG for print, the same bytes for the same numbers.

Colours are fixed: published values are vermilion, ours are shades of blue, guides are grey. The pair stays apart under
the common forms of colour blindness and in grey print, and ours also differ by marker and dash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series
from spinloom.experiments.spec import Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PUBLISHED = "#D55E00"
OURS = ("#08306B", "#2171B5", "#6BAED6", "#3F007D", "#807DBA", "#41B6C4")
GUIDE = "#777777"

_OURS_MARKERS = ("o", "s", "^", "v", "P", "X")
_PUBLISHED_MARKERS = ("D", "*", "h", "d", "p", "8")
_DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)), (0, (1, 1)), (0, (9, 2)))

_STYLE: Any = {
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "axes.axisbelow": True,
    "legend.fontsize": 8,
    "legend.frameon": True,
    "legend.framealpha": 0.9,
    "legend.edgecolor": "#CCCCCC",
    "lines.linewidth": 1.5,
    "lines.markersize": 4.5,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "figure.dpi": 100,
    "savefig.dpi": 200,
    # without a fixed salt and a fixed date an SVG differs from run to run
    "svg.hashsalt": "spinloom",
    "svg.fonttype": "path",
}


def draw(spec: FigureSpec, points: Sequence[Point] = ()) -> Figure:
    """A matplotlib figure of a FigureSpec, with published points on top of its panels.

    Parameters
    ----------
    spec : FigureSpec
        What to show.
    points : sequence of Point
        Published points; those whose ``figure`` is this one are drawn.
    """
    import matplotlib
    from matplotlib.figure import Figure

    mine = [point for point in points if point.figure == spec.name]
    panels = [
        replace(panel, series=panel.series + _published(mine, named=i == 0)) for i, panel in enumerate(spec.panels)
    ]
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(5.6 * len(panels), 4.2), layout="constrained")
        axes = np.atleast_1d(figure.subplots(1, len(panels)))
        for axis, panel in zip(axes, panels, strict=True):
            _panel(figure, axis, panel)
        if spec.title:
            figure.suptitle(spec.title, fontsize=11)
    return figure


def _published(points: Sequence[Point], named: bool) -> tuple[Series, ...]:
    """Published points as series; named in one panel's legend only."""
    return tuple(
        Series(
            f"published: {p.label} ({p.where})" if named else "",
            np.array([p.x]),
            np.array([p.y]),
            style="points",
            group="published",
        )
        for p in points
    )


def save(spec: FigureSpec, folder: Path, points: Sequence[Point] = ()) -> bytes:
    """Write ``folder/NAME.png`` and ``NAME.svg``; returns the SVG's bytes."""
    import matplotlib

    folder.mkdir(parents=True, exist_ok=True)
    figure = draw(spec, points)
    with matplotlib.rc_context(_STYLE):
        figure.savefig(folder / f"{spec.name}.png", metadata={"Software": None})
        drawn = BytesIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    (folder / f"{spec.name}.svg").write_bytes(drawn.getvalue())
    return drawn.getvalue()


def _panel(figure: Figure, axis: Axes, panel: Panel) -> None:
    axis.set(xlabel=panel.x_label, ylabel=panel.y_label, xscale=panel.x_scale, yscale=panel.y_scale, title=panel.title)
    if panel.heat is not None:
        _heat(figure, axis, panel.heat)
    count = {"ours": 0, "published": 0, "guide": 0}
    for series in panel.series:
        tone = count[series.group] if series.tone is None else series.tone
        if series.style == "bars":
            _bars(axis, series)
        else:
            _curve(axis, series, tone, on_map=panel.heat is not None)
        count[series.group] += 1
    _ticks(axis, panel)
    if panel.x_limits:
        axis.set_xlim(*panel.x_limits)
    if panel.y_limits:
        axis.set_ylim(*panel.y_limits)
    _legend(axis, [series.label for series in panel.series if series.label])


def _legend(axis: Axes, labels: list[str]) -> None:
    """In the order of the series: matplotlib itself would put lines before error bars."""
    if not labels:
        return
    handles, found = axis.get_legend_handles_labels()
    order = sorted(range(len(found)), key=lambda i: labels.index(found[i]))
    handles, found = [handles[i] for i in order], [found[i] for i in order]
    if len(labels) > 4:  # a large legend inside hides points
        axis.legend(handles, found, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    else:
        axis.legend(handles, found, loc="best")


def _ticks(axis: Axes, panel: Panel) -> None:
    """Names on a category axis; plain numbers on a logarithmic one."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for side, scale, limits in (
        (axis.xaxis, panel.x_scale, axis.get_xlim()),
        (axis.yaxis, panel.y_scale, axis.get_ylim()),
    ):
        if scale == "log":
            decades = np.log10(max(limits) / max(min(limits), 1e-300))
            side.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < 2.5 else (1.0,)))
            side.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            side.set_minor_formatter(NullFormatter())
    if panel.categories:
        lying = any(series.style == "bars" for series in panel.series)
        names = axis.set_yticks if lying else axis.set_xticks
        names(range(len(panel.categories)), panel.categories)
        axis.grid(visible=False, axis="y" if lying else "x")
        if lying:
            axis.invert_yaxis()


def _look(series: Series, index: int, on_map: bool = False) -> tuple[str, str, Any]:
    """Colour, marker and dash of the index-th series of its group; black over a map, where grey is lost."""
    if on_map:
        return "black", "o", "-"
    if series.group == "published":
        return PUBLISHED, _PUBLISHED_MARKERS[index % len(_PUBLISHED_MARKERS)], _DASHES[index % len(_DASHES)]
    if series.group == "guide":
        return GUIDE, ".", _DASHES[(index + 1) % len(_DASHES)]
    return OURS[index % len(OURS)], _OURS_MARKERS[index % len(_OURS_MARKERS)], _DASHES[index % len(_DASHES)]


def _curve(axis: Axes, series: Series, index: int, on_map: bool) -> None:
    colour, marker, dash = _look(series, index, on_map)
    front = {"guide": 2, "ours": 3, "published": 5}[series.group]
    if series.band is not None:
        axis.fill_between(series.x, *series.band, color=colour, alpha=0.18, linewidth=0, zorder=front - 1)
    line: Any = {"line": dash, "both": dash, "dashed": (0, (4, 2)), "points": "none"}[series.style]
    marks = marker if series.style in ("points", "both") else ""
    size = (9 if marker == "*" else 6.5) if series.group == "published" else None
    common: dict[str, Any] = {"color": colour, "linestyle": line, "marker": marks, "zorder": front}
    common |= {"markersize": size} if size else {}
    common |= {"markeredgecolor": "white", "markeredgewidth": 0.6} if marks else {}
    label = series.label or "_nolegend_"
    if series.error is None:
        axis.plot(series.x, series.y, label=label, **common)
    else:
        axis.errorbar(series.x, series.y, yerr=series.error, label=label, capsize=2, elinewidth=0.9, **common)


def _bars(axis: Axes, series: Series) -> None:
    colour = _look(series, 0 if series.group != "ours" else 1)[0]
    drawn = axis.barh(series.y, series.x, height=0.62, color=colour, label=series.label, zorder=3)
    axis.bar_label(drawn, labels=[f"{value:.3g}" for value in series.x], padding=3, fontsize=8.5)


def _heat(figure: Figure, axis: Axes, heat: Heat) -> None:
    shading = "gouraud" if heat.contours else "nearest"
    drawn = axis.pcolormesh(heat.x, heat.y, heat.z, cmap="cividis", shading=shading, rasterized=True)
    if heat.label:
        figure.colorbar(drawn, ax=axis, label=heat.label)
    if not heat.contours:
        if not heat.stretched:
            axis.set(aspect="equal", xticks=[], yticks=[])
    elif np.ptp(heat.z[np.isfinite(heat.z)]) > 0:
        lines = axis.contour(heat.x, heat.y, heat.z, colors="white", linewidths=0.8)
        axis.clabel(lines, fontsize=7.5)
    axis.grid(visible=False)
