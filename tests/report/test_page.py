"""The page: complete, self-contained, honest about what was assumed, changed or left out."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from spinloom.errors import OutputError
from spinloom.experiments import reproduce
from spinloom.report import write_together
from spinloom.report.tables import expectation_table, first_clause, readable


class _Page(HTMLParser):
    """Text, addresses that would be fetched, and whether every tag is closed."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.text, self.fetched, self.open = "", list[str](), list[str]()
        self.images: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "img":
            self.images.append(dict(attrs))
        self.fetched += [v or "" for k, v in attrs if k in ("src", "href", "srcset") and not (v or "").startswith("#")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert page.open == []
    return page


def test_the_page_is_whole_and_needs_no_network(system: str, tmp_path: Path) -> None:
    path = reproduce(system, out=None).report(tmp_path)
    page = _read(path)
    assert all(address.startswith("data:image/svg+xml;base64,") for address in page.fetched)
    assert "@import" not in path.read_text()
    assert "url(" not in path.read_text()
    svg = base64.b64decode(page.fetched[0].split(",")[1])
    assert svg == (tmp_path / "figures" / "doubled.svg").read_bytes()
    assert "All of them." in (page.images[0]["alt"] or "")
    for words in (
        "mean of the doubled seeds",
        "2 ± 0.1 µA",  # published with its band
        "2.000 ± 0.010 µA",  # ours with its error
        "table 1",
        "printed with one decimal",
        "the printed value belongs to another system",
        "the paper gives no temperature",
        "The mean is 2.000 ± 0.010 µA, nothing is (not run).",
        "Checks of our own",
        "it is not printed",  # why an input was assumed
        "--seed 0",
        "Xin, Yue",
        "@mastersthesis{Xin2023,",
        "3 agree, 1 disagree, 1 not comparable",
        "numpy",
    ):
        assert words in page.text, words
    assert "LeCun1998" in (tmp_path / "citations.bib").read_text()


def test_quick_and_changed_settings_are_said(system: str, tmp_path: Path) -> None:
    page = _read(reproduce(system, out=None, quick=True, settings={"factor": 4.0}).report(tmp_path))
    assert "A short look." in page.text
    assert "factor = 4.0" in page.text
    assert "differs from the finding recorded" in page.text


def test_text_from_a_file_is_escaped(system: str, tmp_path: Path) -> None:
    text = Path(system).read_text().replace("Doubles a seed.", "<script>alert(1)</script>")
    Path(system).write_text(text)
    path = reproduce(system, out=None).report(tmp_path)
    assert "<script" not in path.read_text()


def test_several_results_on_one_page(system: str, tmp_path: Path) -> None:
    results = [reproduce(system, out=None), reproduce("Xin2023_energy", out=None)]
    page = _read(write_together(results, tmp_path, "Two", "A lead."))
    assert "A lead." in page.text
    assert page.text.count("Repeat it") == 2
    assert (tmp_path / "figures" / "energy.svg").is_file()
    assert page.text.count("@article{LeCun1998,") == 1


def test_a_folder_that_cannot_be_written_is_an_output_error(system: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="report cannot be written"):
        reproduce(system, out=None).report(tmp_path / "taken")


def test_terminal_table(system: str) -> None:
    result = reproduce(system, out=None)
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(expectation_table(result.expectations))
    console.print(expectation_table(result.expectations, brief=True))
    text = console.export_text()
    assert re.search(r"mean of the doubled seeds +2 ± 0\.1 µA +2\.000 ± 0\.010 µA +agrees", text)
    assert "disagrees (1)" in text
    assert "(1) the printed value belongs to another system" in text
    assert "disagrees: the printed value belongs to another system" in text
    assert re.search(r"values rise +increasing +0, 2, 4 +agrees", text)


def test_units_as_on_paper() -> None:
    assert readable("k = 2.2 1/uA at 5 kohm, 1.1e6 J/m^3, 3 uA") == "k = 2.2 /µA at 5 kΩ, 1.1e6 J/m³, 3 µA"
    assert readable("Xin2023_manual") == "Xin2023_manual"
    assert first_clause("does not follow: k|c| is 4. More.") == "does not follow"
    assert first_clause("1.5 of the last digit") == "1.5 of the last digit"
