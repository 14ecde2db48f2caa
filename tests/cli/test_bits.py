"""``spinloom device bits``: a file of bits, what is known of them, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spinloom.devices import device
from spinloom.devices.bit_stream import telegraph_bits

Say = Callable[..., tuple[int, str, str]]


def test_a_file_of_whitened_bits(say: Say) -> None:
    words = ("device", "bits", "Vodenicarevic2017_mtj", "--count", "1001", "--interval", "300us", "--xor", "8")
    code, out, err = say(*words, "--seed", "3", "--out", "bits.bin")
    assert (code, err) == (0, "")
    assert "1,001 bits" in out
    assert "expected bias" in out
    found = np.unpackbits(np.frombuffer(Path("bits.bin").read_bytes(), np.uint8), count=1001)
    junction = device("Vodenicarevic2017_mtj").two_state(1, 3)
    np.testing.assert_array_equal(found, telegraph_bits(junction, 1001, 300e-6, xor=8, seed=3).unpacked()[0])
    assert say(*words, "--seed", "3", "--out", "bits.txt")[0] == 0
    assert Path("bits.txt").read_text() == "".join(map(str, found))


def test_json_of_a_switch_with_the_tests(say: Say) -> None:
    pytest.importorskip("sp80022suite", reason="pip install 'spinloom[randomness]'")
    code, out, err = say(
        "device", "bits", "Zhang2024_sot", "--count", "2000", "--probability", "0.75", "--nist", "--json"
    )
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["mean"] == pytest.approx(0.75, abs=0.05)  # five standard errors
    assert found["expected_bias"] == pytest.approx(0.25)
    assert found["drive"] == pytest.approx(0.282 + 0.0051 * np.log(3))
    assert not found["nist"]["passed"]
    assert found["nist"]["verdicts"]["frequency"] == "fail"
    assert found["nist"]["verdicts"]["linear_complexity"] == "too short"


def test_sampling_too_fast_is_warned_of(say: Say) -> None:
    code, _, err = say("device", "bits", "Vodenicarevic2017_mtj", "--count", "8", "--interval", "10us")
    assert code == 0
    assert "warning: Samples every 1e-05 s are too close" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("Xin2023_mtj",), "spinloom device curve"),
        (("Vodenicarevic2017_mjt",), "Did you mean 'Vodenicarevic2017_mtj'?"),
        (("Zhang2022_mtj", "--set", "sampling_time=0s"), "give --interval"),
        (("Zhang2024_sot", "--probability", "1.5"), "between 0 and 1"),
        (("Zhang2024_sot", "--count", "1.5"), "whole number"),
        (("Zhang2024_sot", "--over", "time"), "'samples' or 'junctions'"),
        (("Zhang2024_sot", "--out", "bits.dat"), ".bin"),
        (("Zhang2024_sot", "--out", "absent/bits.bin"), "there is no folder"),
    ],
)
def test_what_cannot_be_is_said(say: Say, words: tuple[str, ...], said: str) -> None:
    code, _, err = say("device", "bits", *words)
    assert code == 2
    assert said in " ".join(err.split())
