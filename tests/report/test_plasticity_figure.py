"""The figure of a synapse says what was measured and what was made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spinloom.report.figures import draw, save
from spinloom.report.plasticity import plasticity_figure
from spinloom.responses import Exponential, Plasticity
from spinloom.responses.sweeps import Sweep

SYNAPSE = Plasticity.from_values(
    8, "10 uS", "100 uS", Exponential(2.0), Exponential(-3.0), depression_states=5, source="lab.csv"
)
SWEEPS = [
    Sweep("potentiation", 1, np.arange(8), SYNAPSE.conductance(np.arange(8))),
    Sweep("depression", 1, np.arange(5), SYNAPSE.conductance(np.arange(5), "depression")),
    Sweep("potentiation", 2, np.arange(8), SYNAPSE.conductance(np.arange(8))),
]


def test_curve_points_and_steps() -> None:
    spec = plasticity_figure(SYNAPSE, SWEEPS, "mine")
    curve, steps = spec.panels
    assert curve.y_label == "conductance $G$ (µS)"
    measured, back, rise, fall = curve.series
    assert (measured.label, back.label) == ("measured, 2 cycles", "")
    assert measured.x.size == 16
    assert back.x[0] == rise.x[-1] == fall.x[0] == 7
    np.testing.assert_allclose([rise.y[0], rise.y[-1], fall.y[0], fall.y[-1]], [10, 100, 100, 10])
    up, down, equal = steps.series
    np.testing.assert_allclose([up.y.sum(), down.y.sum()], 100)  # both go all the way
    np.testing.assert_allclose(equal.y, 100 / 7)
    assert "2 measured cycles" in spec.caption


def test_drawn_without_measurement(tmp_path: Path) -> None:
    spec = plasticity_figure(SYNAPSE)
    assert len(draw(spec).get_axes()) == 2
    save(spec, tmp_path)
    assert (tmp_path / "plasticity.svg").is_file()
    big = plasticity_figure(SYNAPSE.replace(low=0.0, high=2e-9, states=300))
    assert big.panels[0].y_label == "conductance $G$ (nS)"
    assert big.panels[0].series[0].style == "line"  # 300 marks would hide the curve
