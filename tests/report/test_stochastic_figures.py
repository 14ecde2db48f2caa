"""Figures of tuning curves and telegraph signals: what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import spinloom as sl
from spinloom.report.figures import save
from spinloom.report.telegraph import telegraph_figure
from spinloom.report.tuning import tuning_figure
from spinloom.responses import Telegraph, Tuning
from spinloom.responses.telegraph_measure import measure_traces
from spinloom.responses.telegraph_rates import rates_of_dwells


@pytest.mark.parametrize("per", ["flip", "cycle"])
def test_tuning_figure(per, tmp_path: Path) -> None:
    mtj = sl.device("Zhang2022_mtj")
    bell, current = Tuning.from_device(mtj), np.linspace(-80e-6, 50e-6, 7)
    spec = tuning_figure(bell, current, mtj.tuning(current, "5 s", 4, 1), per)
    (panel,) = spec.panels
    counted, line, guide = panel.series
    assert counted.label == "counted for 5 s, 4 times"
    assert counted.error is not None
    np.testing.assert_allclose(line.y, bell(line.x * 1e-6, per), rtol=1e-9)
    assert np.ptp(guide.x) == pytest.approx(2e6 * bell.half_width)
    assert guide.y[0] == pytest.approx(0.5 * float(bell(bell.centre, per)))
    assert f"{per}s/s" in panel.y_label
    assert len(tuning_figure(bell, current).panels[0].series) == 2
    save(spec, tmp_path)
    assert (tmp_path / "tuning.svg").stat().st_size > 1000


def test_telegraph_figure(tmp_path: Path) -> None:
    junction = sl.device("Zhang2022_mtj", thermal_stability=10, tmr=0.5)
    path = tmp_path / "trace.csv"
    lines = ["time [us],current [uA],resistance [ohm]"]
    for amperes in (-30, -15):
        trace = junction.trace("2 ms", "1 us", f"{amperes} uA", seed=2)["resistance"].values[:, 0]
        lines += [f"{i},{amperes},{r:.1f}" for i, r in enumerate(trace)]
    path.write_text("\n".join(lines))
    found = measure_traces(path)
    signal = Telegraph.fit([rates for _, rates in found])
    spec = telegraph_figure(signal, [trace for trace, _ in found])
    raw, dwells, rates = spec.panels
    assert raw.title == "at -15 µA"  # nearest to balance
    assert [series.label for series in raw.series] == ["signal", "levels", ""]
    assert dwells.y_scale == rates.y_scale == "log"
    points = dwells.series[0]
    assert points.y.max() == 1.0
    assert points.y.min() == pytest.approx(1 / signal.measured[1].parallel.times.size)
    assert rates.series[0].y == pytest.approx([one.parallel.rate for one in signal.measured])
    assert rates.series[1].y[0] == pytest.approx(1 / float(signal.dwell_times(-30e-6)[0]))
    save(spec, tmp_path)
    few = Telegraph.fit([rates_of_dwells(np.array([1.0]), np.array([2.0, 3.0]))])
    assert len(telegraph_figure(few).panels) == 1
    save(telegraph_figure(few, name="few"), tmp_path)
