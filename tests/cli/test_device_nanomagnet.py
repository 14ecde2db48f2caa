from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from spinloom.cli.app import app


def test_show_a_nanomagnet() -> None:
    found = CliRunner().invoke(app, ["device", "show", "Debashis2016_magnet", "--json"])
    assert found.exit_code == 0, found.output
    rows = json.loads(found.stdout)["derived"]
    assert rows["coupling_along_x"]["value"] < 0 < rows["coupling_along_y"]["value"]
    # M_s pi/4 l w t
    assert rows["moment"] == {"value": pytest.approx(8e5 * 0.785398163 * 100e-9 * 80e-9 * 1.2e-9), "unit": "A m^2"}
