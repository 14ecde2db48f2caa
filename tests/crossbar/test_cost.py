"""Energy, latency and area by hand; what is not known is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import spinloom as sl
from spinloom.crossbar import Cell, Crossbar, Periphery, Programming
from spinloom.errors import InputError, UnitError, UnknownNameError
from spinloom.responses import Plasticity

KNOWN = Plasticity.from_values(
    states=5, low="10 uS", high="100 uS", write_energy=1e-12, write_time=1e-9, read_voltage=0.2, read_time=1e-8
)
AROUND = Periphery(
    dac_energy="1 fJ",
    dac_time="1 ns",
    dac_area="1 um^2",
    adc_energy="2 pJ",
    adc_time="3 ns",
    adc_area="100 um^2",
    driver_energy="5 fJ",
    driver_time="0 s",
    driver_area="2 um^2",
    write_driver_energy="3 pJ",
    adder_energy="7 fJ",
    adder_time="0.5 ns",
    adder_area="4 um^2",
    columns_per_adc=2,
)
WEIGHTS = np.array([[1.0, 0.5, -0.25], [0.0, -1.0, 0.0]])  # 4 + 2 + 1 + 4 pulses


def layer(**more: object) -> Crossbar:
    settings: dict = {"cell": Cell(area="0.1 um^2"), "periphery": AROUND, "tile": (2, 2), **more}
    return Crossbar(WEIGHTS, KNOWN, **settings)


def test_writing_by_hand() -> None:
    cost = layer().cost().sel(operation="write")
    assert float(cost.energy.sel(part="cells")) == pytest.approx(11e-12)
    assert float(cost.energy.sel(part="driver")) == pytest.approx(33e-12)
    assert float(cost.latency.sum()) == pytest.approx(11e-9)


def test_rows_at_once_take_their_longest_cell() -> None:
    # positive array: row 0 takes 4 pulses, row 1 2; negative: row 1 takes 4, row 2 (the second tile) 1; side by side: 6
    cost = layer(programming=Programming(parallel="row")).cost()
    assert float(cost.latency.sel(operation="write").sum()) == pytest.approx(6e-9)


def test_reading_by_hand() -> None:
    cost = layer().cost().sel(operation="read")
    whole = 12 * 10e-6 + (1 + 0.5 + 0.25 + 1) * 90e-6  # two arrays of six cells
    expected = {"cells": whole * 0.04 * 1e-8, "driver": 6 * 5e-15, "DAC": 3e-15, "ADC": 4 * 2e-12, "adder": 2 * 7e-15}
    latency = {"cells": 1e-8, "driver": 0.0, "DAC": 1e-9, "ADC": 2 * 3e-9, "adder": 0.5e-9}
    one = layer(tile=(2, 1)).cost().latency.sel(operation="read", part="ADC")
    assert float(one) == pytest.approx(3e-9)  # one column a tile, though two could share
    shared = layer(periphery=replace(AROUND, columns_per_adc=1)).cost().latency.sel(operation="read", part="ADC")
    assert float(shared) == pytest.approx(3e-9)
    for part in expected:
        assert float(cost.energy.sel(part=part)) == pytest.approx(expected[part]), part
        assert float(cost.latency.sel(part=part)) == pytest.approx(latency[part]), part


def test_inputs_below_full_scale_cost_less() -> None:
    x = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.5]])
    power = (40e-6 + 90e-6) * 0.5 + (40e-6 + 0.25 * 90e-6) * 0.125  # mean square of rows 0 and 2
    cells = layer().cost(x).energy.sel(operation="read", part="cells")
    assert float(cells) == pytest.approx(power * 0.04 * 1e-8)


def test_area_by_hand() -> None:
    area = layer().cost().area
    expected = {"cells": 12 * 0.1, "driver": 6 * 2.0, "DAC": 3.0, "ADC": 2 * 100.0, "adder": 2 * 4.0}
    for part, value in expected.items():
        assert float(area.sel(part=part)) == pytest.approx(value * 1e-12), part


def test_everything_known_leaves_nothing_named() -> None:
    cost = layer().cost()
    assert cost.attrs["unknown"] == ""
    assert (cost.attrs["pulses"], cost.attrs["tiles"], cost.attrs["not_converged"]) == (11, 2, 0)
    assert cost.energy.attrs["units"] == "J"


def test_what_is_not_known_is_zero_and_named() -> None:
    cost = Crossbar(WEIGHTS, Plasticity.from_values(states=5)).cost()
    assert float(cost.energy.sum()) == 0.0
    named = cost.attrs["unknown"].split(", ")
    for name in ("write energy", "write time", "read voltage", "read time", "DAC energy", "ADC time", "cell area"):
        assert name in named
    assert "adder energy" not in named  # one tile, nothing to add
    assert len(named) == len(set(named))


def test_published_converters() -> None:
    around = Periphery.isaac(input_bits=8)
    assert around.adc_energy == pytest.approx(16e-3 / 8 / 1.2e9)  # 1.67 pJ a conversion
    assert around.adc_area == pytest.approx(1.2e-9)
    assert "ISAAC" in sl.cite(Crossbar(WEIGHTS, KNOWN, periphery=around).cost())[0]
    cost = Crossbar(np.ones((128, 128)), KNOWN, periphery=around).cost().sel(operation="read")
    assert float(cost.energy.sel(part="ADC")) == pytest.approx(8 * 128 * 16e-3 / 8 / 1.2e9)
    assert float(cost.energy.sel(part="DAC")) == pytest.approx(8 * 128 * 3.90625e-13)
    assert float(cost.latency.sel(part="ADC")) == pytest.approx(8 * 128 / 1.2e9)  # each read within its 107 ns
    assert "driver energy" in cost.attrs["unknown"]


def test_cells() -> None:
    assert Cell("1T1MTJ", on_resistance="5 kohm").conductance(1e-4) == pytest.approx(1 / 15e3)
    assert Cell("SOT").write_cost(KNOWN) == (1e-12, 1e-9)  # no write path given: the device's own
    with pytest.raises(InputError, match="no transistor"):
        Cell(on_resistance="5 kohm")
    with pytest.raises(InputError, match="together"):
        Cell("SOT", write_current="1 mA")
    with pytest.raises(InputError, match="belong to a cell of kind='SOT'"):
        Cell(write_current="1 mA")
    with pytest.raises(UnknownNameError, match="1T1MTJ"):
        Cell("1T1R")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="area"):
        Cell(area=0.0)


def test_figures_that_are_none() -> None:
    with pytest.raises(InputError, match="adc_energy"):
        Periphery(adc_energy=-1e-12)
    with pytest.raises(UnitError, match="no unit"):
        Periphery(dac_area="3")
    with pytest.raises(InputError, match="columns_per_adc"):
        Periphery(columns_per_adc=0)
