"""``spinloom synapse``: from a laboratory's file to metrics, a figure and a parameter set, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spinloom.responses import Exponential, Plasticity, Tabulated

Say = Callable[..., tuple[int, str, str]]

DEVICE = Plasticity.from_values(16, "10 uS", "100 uS", Exponential(2.0), Exponential(-3.5))


@pytest.fixture
def lab(say: Say) -> str:
    """Three cycles of a 16-state device with 1 % of read noise, in the folder in which ``say`` runs."""
    random = np.random.default_rng(1)
    rows = [
        f"{i},{1e6 * g + 0.9 * random.standard_normal():.2f},{cycle},{word}"
        for cycle in (1, 2, 3)
        for way, word in (("potentiation", "P"), ("depression", "D"))
        for i, g in enumerate(DEVICE.conductance(np.arange(16), way))  # pyright: ignore[reportArgumentType]
    ]
    Path("lab.csv").write_text("pulse,conductance [uS],cycle,direction\n" + "\n".join(rows) + "\n")
    return "lab.csv"


def test_fit_prints_the_metrics(say: Say, lab: str) -> None:
    code, out, err = say("synapse", "fit", lab)
    assert (code, err) == (0, "")
    assert "6 sweeps, 3 cycles" in out
    for text in ("states", "linearity error", "NeuroSim label", "on/off ratio", "asymmetry", "cycle to cycle"):
        assert text in out
    assert "16 levels" in out
    assert "--out DIR" in out


def test_fit_writes_a_set_that_the_other_commands_read(say: Say, lab: str) -> None:
    code, out, _ = say("synapse", "fit", lab, "--out", "results", "--json")
    assert code == 0
    table = json.loads(out)
    assert table["metrics"]["states"] == 16
    assert table["cycles"] == 3
    assert table["misfit"]["rms"] < 0.01
    assert table["files"] == ["results/lab.toml", "results/figures/lab.png", "results/figures/lab.svg"]
    assert all(Path(name).stat().st_size for name in table["files"])
    got = Plasticity.from_parameters("results/lab.toml")
    assert got == Plasticity.from_csv(lab).replace(source="lab")
    code, out, _ = say("synapse", "show", "results/lab.toml", "--json")
    assert code == 0
    shown = json.loads(out)
    assert shown["metrics"] == table["metrics"]
    assert shown["levels"] == table["levels"]
    assert say("parameters", "check", "results/lab.toml")[0] == 0


def test_shapes(say: Say, lab: str) -> None:
    table = json.loads(say("synapse", "fit", lab, "--shape", "exponential", "--json")[1])
    assert table["shapes"]["potentiation"].startswith("exponential, v = 2")
    assert isinstance(Plasticity.from_csv(lab).potentiation, Tabulated)
    assert "exponential" in say("synapse", "fit", lab, "--shape", "best")[1]


def test_show_a_published_synapse(say: Say) -> None:
    code, out, _ = say("synapse", "show", "Huang2022_sot", "--set", "read_noise=0.02", "--out", "shown")
    assert code == 0
    assert "logistic, v = 1" in out
    assert "2 % of the conductance" in out
    assert Path("shown/figures/Huang2022_sot.svg").is_file()
    table = json.loads(say("synapse", "show", "Huang2022_sot", "--json")[1])
    assert table["metrics"]["on_off_ratio"] is None  # a normalised device: from 0
    assert table["assumed"]


def test_one_direction_warns(say: Say) -> None:
    Path("up.csv").write_text("pulse,resistance [kohm]\n0,100\n1,50\n2,25\n")
    code, out, err = say("synapse", "fit", "up.csv")
    assert code == 0
    assert "warning: The file holds no depression" in err
    assert "states" in out


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("", ("fit", "absent.csv"), "There is no file 'absent.csv'."),
        ("conductance [uS]\n1\n2\n", ("fit", "a.csv"), "'a.csv' has one column"),
        ("pulse,conductance\n0,1\n1,2\n", ("fit", "a.csv"), "the conductance has no unit. Write it into the header"),
        ("pulse,g [uS]\n0,1\n1,nan\n", ("fit", "a.csv"), "line 3: conductance is nan"),
        ("pulse,g [uS]\n0,1\n1,-2\n", ("fit", "a.csv"), "line 3: conductance -2 is negative"),
        ("pulse,g [uS]\n0,1\n", ("fit", "a.csv"), "fewer than two states"),
        ("pulse,g [uS]\n0,1\n1,2\n", ("fit", "a.csv", "--shape", "bst"), "Did you mean 'best'?"),
        ("pulse,g [uS]\n0,1\n1,2\n", ("fit", "a.csv", "--out", "a.csv"), "The output folder 'a.csv' cannot be written"),
        ("", ("show", "Huang2022_sto"), "Did you mean 'Huang2022_sot'?"),
        ("", ("show", "Xin2023_mtj"), "is a magnetic tunnel junction; a plasticity needs a set for one of"),
        ("", ("show", "Huang2022_sot", "--set", "read_nose=1"), "Did you mean 'read_noise'?"),
        ("", ("fti", "a.csv"), "No such command 'fti'. Did you mean 'fit'?"),
    ],
)
def test_a_mistake_is_answered_in_one_paragraph(say: Say, text: str, words: tuple[str, ...], said: str) -> None:
    if text:
        Path("a.csv").write_text(text)
    code, out, err = say("synapse", *words)
    assert code == 2
    assert out == ""
    assert said in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_help_has_examples(say: Say) -> None:
    code, out, _ = say("synapse", "fit", "--help")
    assert code == 0
    assert "spinloom synapse fit lab.csv" in out
    assert "conductance [uS]" in out
