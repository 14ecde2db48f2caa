from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from spinloom.cli.app import app


def test_show_a_p_bit() -> None:
    found = CliRunner().invoke(app, ["device", "show", "Faria2021_stt", "--set", "power=10uW", "--json"])
    assert found.exit_code == 0, found.output
    rows = json.loads(found.stdout)["derived"]
    # (1 + tanh x)/2 = 3/4 at x = ln(3)/2
    assert rows["voltage_at_3/4"]["value"] == pytest.approx(0.05 * 0.5493061443, rel=1e-9)
    assert rows["energy_per_update"] == {"value": pytest.approx(1.5e-15, rel=1e-12), "unit": "J"}
    assert rows["updates_per_second"]["value"] == pytest.approx(1 / 150e-12, rel=1e-12)
