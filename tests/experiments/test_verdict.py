"""One verdict a quantity, and one for the whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spinloom.errors import InputError
from spinloom.experiments.spec import Expect
from spinloom.experiments.verdict import Metric, judge, number_text, overall


def _expect(**more: Any) -> Expect:
    table: dict[str, Any] = {"quantity": "q", "label": "q", "published": 2.0, "tolerance": 0.5, "reason": "r", **more}
    if "relation" in more:
        table.pop("tolerance")
    return Expect(**table)


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [(2.0, "agrees"), (2.5, "agrees"), (1.5, "agrees"), (2.51, "disagrees"), (float("nan"), "disagrees")],
)
def test_tolerance_is_inclusive(ours: float, verdict: str) -> None:
    assert judge(_expect(), {"q": Metric(ours)}).verdict == verdict


@pytest.mark.parametrize(
    ("relation", "ours", "verdict"),
    [
        ("increasing", [1.0, 2.0, 3.0], "agrees"),
        ("increasing", [1.0, 2.0, 2.0], "disagrees"),
        ("decreasing", [3.0, 1.0], "agrees"),
        ("<", 1.9, "agrees"),
        ("<", 2.0, "disagrees"),
        (">", 2.1, "agrees"),
        (">", 2.0, "disagrees"),
        (">", float("inf"), "disagrees"),
    ],
)
def test_relations(relation: str, ours: Any, verdict: str) -> None:
    assert judge(_expect(relation=relation), {"q": Metric(ours)}).verdict == verdict


def test_lists_agree_only_as_a_whole() -> None:
    expect = _expect(published=[-3.0, 3.0])
    assert judge(expect, {"q": Metric([-3.4, 2.6])}).verdict == "agrees"
    assert judge(expect, {"q": Metric([-3.6, 3.0])}).verdict == "disagrees"
    with pytest.raises(InputError, match="3 numbers but published as 2"):
        judge(expect, {"q": Metric([1.0, 2.0, 3.0])})


def test_not_measured_and_not_comparable() -> None:
    assert judge(_expect(), {}).verdict == "not run"
    silent = _expect(comparable=False, why="no temperature", tolerance=None)
    found = judge(silent, {"q": Metric(7.0)})
    assert (found.verdict, found.why, found.ours) == ("not comparable", "no temperature", 7.0)
    assert not found.surprising


def test_units_must_match() -> None:
    with pytest.raises(InputError, match="measured in 'A' but expected in 'uA'"):
        judge(_expect(unit="uA"), {"q": Metric(2e-6, "A")})


def test_a_known_disagreement_stays_one_and_is_no_news() -> None:
    known = _expect(finding="disagrees", why="other parameters")
    found = judge(known, {"q": Metric(9.0)})
    assert (found.verdict, found.why, found.surprising) == ("disagrees", "other parameters", False)
    vanished = judge(known, {"q": Metric(2.0)})
    assert (vanished.verdict, vanished.surprising) == ("agrees", True)
    new = judge(_expect(), {"q": Metric(9.0)})
    assert new.surprising
    assert "no cause is known yet" in new.why


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        ([2.0, 9.0], "disagrees"),
        ([2.0, None], "agrees"),
        ([None, None], "not run"),
    ],
)
def test_overall(ours: list[float | None], verdict: str) -> None:
    rows = [judge(_expect(), {} if value is None else {"q": Metric(value)}) for value in ours]
    assert overall(rows) == verdict


def test_overall_without_a_comparable_row() -> None:
    silent = _expect(comparable=False, why="w", tolerance=None)
    assert overall([judge(silent, {"q": Metric(1.0)}), judge(_expect(), {})]) == "not comparable"


def test_json_has_no_nan() -> None:
    row = judge(_expect(), {"q": Metric(float("nan"), "", float("inf"))}).to_json()
    assert json.loads(json.dumps(row, allow_nan=False))["ours"] is None


def test_numbers_for_people() -> None:
    assert Metric(1.40321, "1/uA", 0.0213).text() == "1.403 ± 0.021 1/uA"
    assert Metric(5.0, "", 0.0).text() == "5"
    assert number_text([1.0, -2.5]) == "1, -2.5"
    assert number_text(None) == "–"
