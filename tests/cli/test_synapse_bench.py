"""``spinloom synapse bench``: from a laboratory's file to an accuracy, an energy and a verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spinloom.responses import Exponential, Plasticity

Say = Callable[..., tuple[int, str, str]]

DEVICE = Plasticity.from_values(16, "10 uS", "100 uS", Exponential(1.0), Exponential(-1.0))
QUICK = ("--data", "digits", "--epochs", "2", "--hidden", "25", "--method", "in-place")


@pytest.fixture
def lab(say: Say) -> str:
    """One cycle of a 16-state device, in the folder in which ``say`` runs."""
    rows = [
        f"{i},{1e6 * g:.3f},{word}"
        for way, word in (("potentiation", "P"), ("depression", "D"))
        for i, g in enumerate(DEVICE.conductance(np.arange(16), way))  # pyright: ignore[reportArgumentType]
    ]
    Path("lab.csv").write_text("pulse,conductance [uS],direction\n" + "\n".join(rows) + "\n")
    return "lab.csv"


def test_from_a_file_to_a_verdict(say: Say, lab: str) -> None:
    code, out, err = say("synapse", "bench", lab, *QUICK, "--out", "results")
    assert (code, err) == (0, "")
    for text in ("float network", "16 levels", "wires of 2 ohm", "8-bit converters", "in-place", "verdict"):
        assert text in out
    assert "energy not known" in out  # a file of conductances holds no energies, and none is invented
    table = json.loads(Path("results/bench.json").read_text())
    assert len(table["inference"]) == 5
    for name in ("cost.nc", "figures/accuracy.png", "figures/accuracy.svg"):
        assert Path("results", name).stat().st_size


def test_what_the_file_cannot_hold_is_given_by_the_user(say: Say, lab: str) -> None:
    figures = ("--set", "write_energy=1pJ", "--set", "read_voltage=0.1V", "--set", "read_time=10ns")
    code, out, _ = say("synapse", "bench", lab, *QUICK, *figures, "--json")
    assert code == 0
    table = json.loads(out)
    assert table["write_energy_J"] > 0
    # V^2 G t of 2 x (64 x 25 + 25 x 10) devices of 10 to 100 uS, for inputs of at most full scale
    assert 0 < table["read_energy_J"] < 2 * 1850 * 0.1**2 * 1e-4 * 10e-9


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("absent.csv",), "There is no file 'absent.csv'"),
        (("Huang2022_sto",), "Did you mean 'Huang2022_sot'?"),
        (("lab.csv", "--method", "inplace"), "Did you mean 'in-place'?"),
        (("lab.csv", "--epochs", "0"), "epochs = 0"),
        (("lab.csv", "--wires", "2 m"), "is no resistance"),
        (("lab.csv", "--set", "write_enrgy=1pJ"), "Did you mean 'write_energy'?"),
        (("lab.csv", "--data", "mnits"), "Did you mean 'mnist'?"),
    ],
)
def test_a_mistake_is_answered_before_anything_is_trained(
    say: Say, lab: str, words: tuple[str, ...], said: str
) -> None:
    code, out, err = say("synapse", "bench", *words)
    assert (code, out) == (2, "")
    assert said in err
