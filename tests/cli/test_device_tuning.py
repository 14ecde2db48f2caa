"""``spinloom device tuning``, and ``show`` for junctions that flip or are switched by chance."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spinloom.responses import Bernoulli, Tuning

Say = Callable[..., tuple[int, str, str]]


def test_show_a_superparamagnetic_junction(say: Say) -> None:
    code, out, err = say("device", "show", "Zhang2022_mtj")
    assert (code, err) == (0, "")
    for text in (
        "dwell time parallel",
        "peak flip rate",
        "20.6 flips/s",
        "10.3 cycles/s",
        "21.8 µA",
        "correlation time",
    ):
        assert text in out
    derived = json.loads(say("device", "show", "Zhang2022_mtj", "--json")[1])["derived"]
    assert derived["peak_flip_rate"]["value"] == pytest.approx(1e9 * math.exp(-17.7))
    tau = [derived[f"dwell_time_{state}"]["value"] for state in ("parallel", "antiparallel")]
    assert derived["flip_rate"]["value"] == pytest.approx(2 / sum(tau))
    assert derived["correlation_time"]["value"] == pytest.approx(1 / (1 / tau[0] + 1 / tau[1]))
    warm = json.loads(say("device", "show", "Zhang2022_mtj", "--set", "temperature=330K", "--json")[1])
    assert warm["parameters"]["temperature"]["how"] == "yours"


def test_show_a_stochastic_switch(say: Say) -> None:
    code, out, err = say("device", "show", "Zhang2024_sot")
    assert (code, err) == (0, "")
    for text in ("voltage at 1/2", "282 mV", "time per bit", "110 ns", "energy per bit"):
        assert text in out
    derived = json.loads(say("device", "show", "Zhang2024_sot", "--json")[1])["derived"]
    bit = Bernoulli.from_parameters("Zhang2024_sot")
    assert derived["energy_per_bit"]["value"] == bit.energy_per_bit()
    unknown = say("device", "show", "Zhang2024_sot", "--set", "write_resistance=0ohm", "--json")[1]
    assert "energy_per_bit" not in json.loads(unknown)["derived"]


def test_tuning_in_closed_form(say: Say) -> None:
    code, out, err = say("device", "tuning", "Zhang2022_mtj", "--current=-100uA:100uA:5")
    assert (code, err) == (0, "")
    assert "closed form: 20.6 flips/s at -16.3 µA, half width 21.8 µA" in out
    table = json.loads(say("device", "tuning", "Zhang2022_mtj", "--per", "cycle", "--json")[1])
    bell = Tuning.from_parameters("Zhang2022_mtj")
    assert len(table["current"]["values"]) == 41
    np.testing.assert_allclose(table["rate"]["values"], bell(np.array(table["current"]["values"]), "cycle"), rtol=1e-12)
    assert table["peak"] == pytest.approx(0.5 * bell.peak)
    assert table["rate"]["values"][20] == pytest.approx(0.5 * bell.peak)


def test_tuning_counts_and_writes_what_from_csv_reads(say: Say) -> None:
    words = ("--current=-100uA:70uA:18", "--duration", "20s", "--trials", "10", "--seed", "3")
    code, out, err = say("device", "tuning", "Zhang2022_mtj", *words)
    assert (code, err) == (0, "")
    assert "fit to the counts" in out
    assert "20 s x 10, seed 3" in out
    again = json.loads(say("device", "tuning", "Zhang2022_mtj", *words, "--out", "t", "--json")[1])
    assert again["files"] == ["t/tuning.csv", "t/figures/tuning.png", "t/figures/tuning.svg"]
    assert all(Path(name).stat().st_size for name in again["files"])
    found = Tuning.from_csv("t/tuning.csv")
    for key in ("peak", "centre", "half_width"):
        # the file has nine digits, and the total time instead of ten times a tenth
        assert again["fit"][key]["value"] == pytest.approx(getattr(found, key), rel=1e-6)
        low, high = again["fit"][key]["interval"]
        assert again[key] == pytest.approx(again["fit"][key]["value"], abs=1.25 * (high - low))  # 5 standard errors
    cycles = json.loads(say("device", "tuning", "Zhang2022_mtj", *words, "--per", "cycle", "--out", "t", "--json")[1])
    assert cycles["fit"]["peak"]["value"] == pytest.approx(0.5 * found.peak, rel=1e-6)
    assert Tuning.from_csv("t/tuning.csv").peak == pytest.approx(found.peak, rel=1e-6)  # now cycles, by its header


def test_too_few_counts_give_no_fit_but_the_table(say: Say) -> None:
    code, out, err = say("device", "tuning", "Zhang2022_mtj", "--current=50uA:90uA:5", "--duration", "1s")
    assert code == 0
    assert "counted" in out
    assert "warning: No bell was fitted" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("tuning", "Xin2023_mtj"), "no flips that a current tunes.*spinloom device curve Xin2023_mtj"),
        (("tuning", "Zhang2024_sot"), "has a response and no dynamics"),
        (("tuning", "Zhang2022_mtj", "--per", "spike"), "count each 'flip' or each 'cycle'"),
        (("tuning", "Zhang2022_mtj", "--current", "1mV"), "is no current"),
        (("tuning", "Zhang2022_mtj", "--duration", "-1s"), "duration must be more than 0"),
        (("curve", "Zhang2022_mtj", "--current", "1uA", "--pulse", "1ns"), "spinloom device tuning Zhang2022_mtj"),
    ],
)
def test_bad_requests(say: Say, words: tuple[str, ...], message: str) -> None:
    code, out, err = say("device", *words)
    assert (code, out) == (2, "")
    assert all(part in err for part in message.split(".*"))
