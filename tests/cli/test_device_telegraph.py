"""``spinloom device telegraph``: from a laboratory's trace to rates, a figure, and a device."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spinloom.devices.two_state import TwoState
from spinloom.responses import Telegraph

Say = Callable[..., tuple[int, str, str]]

TRUE = Telegraph(1e9, 10.0, 100e-6, 5e-6)
JUNCTION = TwoState(1e9, 10.0, 100e-6, 5e-6)  # pyright: ignore[reportArgumentType]


def _rows(amperes: float, seed: int, samples: int = 4000) -> list[tuple[float, float]]:
    state = JUNCTION.states(amperes, 0.5e-6, samples, seed=seed)[:, 0]
    ohms = np.where(state == 1, 1000.0, 1200.0) + 20 * np.random.default_rng(seed).standard_normal(samples)
    return [(0.5 * i, float(r)) for i, r in enumerate(ohms)]


@pytest.fixture
def sweep(say: Say) -> str:
    """Five currents in one file, in the folder in which ``say`` runs."""
    lines = ["time [us],current [uA],resistance [ohm]"]
    for seed, amperes in enumerate((-8.0, -2.0, 4.0, 10.0, 16.0)):
        lines += [f"{t:.1f},{amperes},{r:.2f}" for t, r in _rows(amperes * 1e-6, seed)]
    Path("sweep.csv").write_text("\n".join(lines) + "\n")
    return "sweep.csv"


def test_a_sweep_becomes_a_device(say: Say, sweep: str) -> None:
    code, out, err = say("device", "telegraph", sweep)
    assert (code, err) == (0, "")
    assert "--out DIR writes" in out
    for text in (
        "tau_P (95 %)",
        "exponential, p",
        "fit over current",
        "critical current",
        "standard deviations of noise",
    ):
        assert text in out
    table = json.loads(say("device", "telegraph", sweep, "--out", "results", "--json")[1])
    assert table["kind"] == "trace"
    assert table["written"] == ["results/sweep.toml", "results/figures/sweep.png", "results/figures/sweep.svg"]
    assert all(Path(name).stat().st_size for name in table["written"])
    assert [one["current"] for one in table["rates"]] == pytest.approx([-8e-6, -2e-6, 4e-6, 10e-6, 16e-6])
    for name, exact in (("thermal_stability", 10.0), ("critical_current", 100e-6), ("offset_current", 5e-6)):
        low, high = table["fit"][name]["interval"]
        assert table["fit"][name]["value"] == pytest.approx(exact, abs=1.25 * (high - low))  # 5 standard errors
    assert table["fit"]["attempt_frequency"]["interval"] is None
    code, out, err = say("device", "show", "results/sweep.toml")
    assert (code, err) == (0, "")
    assert "peak flip rate" in out
    assert say("parameters", "check", "results/sweep.toml")[0] == 0
    assert say("device", "tuning", "results/sweep.toml")[0] == 0


def test_one_current_gives_rates_and_says_why_no_device(say: Say) -> None:
    Path("one.csv").write_text("time [us],resistance [ohm]\n" + "\n".join(f"{t},{r}" for t, r in _rows(5e-6, 1)))
    code, out, err = say("device", "telegraph", "one.csv", "--out", "results")
    assert (code, err) == (0, "")
    assert "One current tells no I_c" in out
    assert not Path("results/one.toml").exists()
    assert Path("results/figures/one.png").stat().st_size
    table = json.loads(say("device", "telegraph", "one.csv", "--json")[1])
    assert table["fit"] is None
    rates = table["rates"][0]
    low, high = rates["parallel"]["interval"]
    assert low < float(TRUE.dwell_times(5e-6)[0]) < high
    assert rates["levels"]["high"] == pytest.approx(1200, abs=2)
    words = ("--current", "5uA", "--critical-current", "100uA", "--attempt-frequency", "10GHz")
    code, out, _ = say("device", "telegraph", "one.csv", *words)
    assert code == 0
    assert "10 GHz" in out
    assert "follows from the shares of time" in out


def test_dwell_times_of_several_files(say: Say) -> None:
    random = np.random.default_rng(2)
    for amperes in (0.0, 10.0):
        lines = ["state,dwell [us]"]
        for state, tau in zip(("P", "AP"), TRUE.dwell_times(amperes * 1e-6), strict=True):
            lines += [f"{state},{1e6 * t:.6g}" for t in random.exponential(float(tau), 200)]
        Path(f"{amperes:g}.csv").write_text("\n".join(lines))
    words = ("device", "telegraph", "0.csv", "10.csv", "--current", "0A", "--current", "10uA")
    table = json.loads(say(*words, "--json")[1])
    assert table["kind"] == "dwells"
    assert [one["parallel"]["count"] for one in table["rates"]] == [200, 200]
    low, high = table["fit"]["critical_current"]["interval"]
    assert low < 100e-6 < high
    code, _, err = say("device", "telegraph", "0.csv", "10.csv")
    assert code == 2
    assert "do not say at which current" in err


def test_slow_sampling_is_a_warning_and_one_state_an_error(say: Say) -> None:
    state = JUNCTION.states(5e-6, 8e-6, 4000, seed=1)[:, 0]
    Path("slow.csv").write_text("time [us],state\n" + "\n".join(f"{8 * i},{s}" for i, s in enumerate(state)))
    code, _, err = say("device", "telegraph", "slow.csv")
    assert code == 0
    assert "of the flips pass unseen" in err
    assert "µs or faster to see the flips" in " ".join(err.split())
    Path("still.csv").write_text("time [us],state\n" + "\n".join(f"{i},1" for i in range(100)))
    code, out, err = say("device", "telegraph", "still.csv")
    assert (code, out) == (2, "")
    assert "one state only tells no rate. Record for longer" in err


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        ("time,state\n1,1\n", (), "time has no unit"),
        ("1,2\n3,4\n", (), "no column for time"),
        ("time [s],state\n1,1\n2,nan\n", (), "line 3: state is nan"),
        ("time [s],state\n1,1\n2,0\n3,1\n4,0\n", ("--hysteresis", "0.6"), "hysteresis = 0.6"),
        ("time [s],state\n1,1\n2,0\n3,1\n4,0\n", ("--parallel", "left"), "the 'low' or the 'high' level"),
        ("time [s],state\n1,1\n2,0\n3,1\n4,0\n", ("--current", "5"), "has no unit"),
        (None, (), "There is no file"),
    ],
)
def test_bad_input(say: Say, text: str | None, words: tuple[str, ...], message: str) -> None:
    if text is not None:
        Path("bad.csv").write_text(text)
    code, out, err = say("device", "telegraph", "bad.csv", *words)
    assert (code, out) == (2, "")
    assert message in err
