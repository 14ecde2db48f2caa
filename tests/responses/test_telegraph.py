"""The telegraph response: synthetic traces and dwell times whose rates are known, their intervals, and bad input."""

from __future__ import annotations

import dataclasses
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import spinloom as sl
from spinloom.devices.two_state import TwoState
from spinloom.errors import DataError, FitError, InputError, ParameterError, SpinloomWarning, UnitError
from spinloom.responses import Telegraph
from spinloom.responses.telegraph_file import kind_of
from spinloom.responses.telegraph_rates import rates_of_dwells, rates_of_states

TRUE = Telegraph(1e9, 10.0, 100e-6, 5e-6)
"""At 5 uA both states last 22 us."""
ONE = TwoState(1e9, 10.0, 100e-6, 5e-6)  # pyright: ignore[reportArgumentType]


def test_closed_forms() -> None:
    current = np.linspace(-20e-6, 30e-6, 11)
    x = (current - 5e-6) / 100e-6
    np.testing.assert_allclose(TRUE(current), 1 / (1 + np.exp(-2 * 10 * x)), rtol=1e-12)
    tau_p, tau_ap = TRUE.dwell_times(current)
    np.testing.assert_allclose(tau_p, 1e-9 * np.exp(10 * (1 + x)), rtol=1e-12)
    np.testing.assert_allclose(1 / TRUE.correlation_time(current), 1 / tau_p + 1 / tau_ap, rtol=1e-12)
    np.testing.assert_allclose(TRUE.flip_rate(current), 2 / (tau_p + tau_ap), rtol=1e-12)
    assert str(TRUE) == "p_P = 1/2 at 5 µA, tau* up to 11 µs"
    mtj = sl.device("Zhang2022_mtj")
    for found in (Telegraph.from_parameters("Zhang2022_mtj"), Telegraph.from_device(mtj)):
        np.testing.assert_allclose(found(current), mtj.probability_parallel(current), rtol=1e-12)
        assert found.temperature == 300
    with pytest.raises(ParameterError, match="this response needs"):
        Telegraph.from_parameters("Zhang2024_sot")


# ---- files ---------------------------------------------------------------------------------------------------------


def _trace(amperes: float, seed: int, samples: int = 20_000, step: float = 0.5e-6) -> np.ndarray:
    return ONE.states(amperes, step, samples, seed=seed)[:, 0]


def _resistance(state: np.ndarray, noise: float = 20.0) -> np.ndarray:
    ohms = np.where(state == 1, 1000.0, 1200.0)
    return ohms + noise * np.random.default_rng(state.size).standard_normal(state.size)


def test_a_trace_file_gives_both_rates(tmp_path: Path) -> None:
    state, path = _trace(10e-6, 1), tmp_path / "trace.csv"
    time = 0.5 * np.arange(state.size)
    ohms = _resistance(state)
    rows = "\n".join(f"{t:.1f},{r:.2f}" for t, r in zip(time, ohms, strict=True))
    path.write_text(f"# oscilloscope\ntime [us],resistance [ohm]\n{rows}\n")
    found = Telegraph.from_trace(path)
    one = found.measured[0]
    for dwells, tau in zip((one.parallel, one.antiparallel), TRUE.dwell_times(10e-6), strict=True):
        assert dwells.interval[0] < 1 / float(tau) < dwells.interval[1]
        assert dwells.exponential > 1e-3
    # ten standard deviations between the levels: each sample's state is known, so the rates are the states' own
    assert one.parallel.rate == pytest.approx(rates_of_states([state], 0.5e-6).parallel.rate, rel=0.01)
    assert one.resistances == pytest.approx((1000.0, 1200.0), abs=1.0)
    assert one.interval == pytest.approx(0.5e-6)
    assert one.levels is not None
    assert one.levels.separation == pytest.approx(10.0, rel=0.03)
    assert found.source == "trace.csv"
    # one current tells no I_c
    assert math.isnan(found.critical_current)
    with pytest.raises(InputError, match="measured at one current"):
        found(1e-6)
    with pytest.raises(InputError, match="measured at one current"):
        found.to_toml("mine")
    known = Telegraph.from_trace(path, current="10 uA", critical_current="100 uA")
    assert known.thermal_stability == pytest.approx(10.0, abs=0.1)
    assert known.offset_current == pytest.approx(5e-6, abs=1e-6)  # ln of the dwell times' ratio to 0.1
    assert float(known(10e-6)) == pytest.approx(one.probability_parallel, rel=1e-9)


def test_other_signals_and_polarities_are_the_same_trace(tmp_path: Path) -> None:
    state, path = _trace(5e-6, 3, 4000), tmp_path / "trace.csv"
    exact = rates_of_states([state], 0.5e-6)

    def read(header: str, signal: list, **more) -> float:
        rows = "\n".join(f"{0.5e-6 * i:.7g};{value}".replace(".", ",") for i, value in enumerate(signal))
        path.write_text(f"{header}\n{rows}\n")
        return Telegraph.from_trace(path, **more).measured[0].parallel.rate

    ohms = np.where(state == 1, 1000.0, 1200.0)
    for header, signal, more in (
        ("time [s];state", list(state), {}),
        ("t / s;state", ["P" if s else "AP" for s in state], {}),
        ("t (s);state", ["parallel" if s else "Anti-parallel" for s in state], {}),
        ("time [s];voltage [mV]", list(ohms * 0.01), {}),
        ("time [s];V [mV]", list(-0.01 * ohms), {}),
        ("time [s];conductance [mS]", list(1e3 / ohms), {}),
        ("time [s];resistance [ohm]", list(2200 - ohms), {"parallel": "high"}),
    ):
        assert read(header, signal, **more) == pytest.approx(exact.parallel.rate, rel=1e-5), header
    assert read("time [s];resistance [ohm]", list(2200 - ohms)) == pytest.approx(exact.antiparallel.rate, rel=1e-5)


CURRENTS = np.linspace(-10e-6, 20e-6, 7)


def _sweep(path: Path, **more) -> None:
    lines = ["time [us],current [uA],resistance [ohm]" + "".join(f",{name}" for name in more)]
    tail = "".join(f",{value}" for value in more.values())
    for seed, amperes in enumerate(CURRENTS):
        ohms = _resistance(_trace(float(amperes), seed + 10, 6000))
        lines += [f"{0.5 * i:.1f},{1e6 * amperes:.6g},{r:.2f}{tail}" for i, r in enumerate(ohms)]
    path.write_text("\n".join(lines) + "\n")


def test_traces_at_several_currents_become_a_device(tmp_path: Path) -> None:
    path = tmp_path / "sweep.csv"
    _sweep(path)
    found = Telegraph.from_trace(path)
    assert len(found.measured) == 7
    # about 100 flips a trace: Delta to 0.04, I_c to 5 %, I_0 to 0.5 uA; within 2.5 half intervals
    for name in ("thermal_stability", "critical_current", "offset_current"):
        low, high = found.intervals[name]
        assert getattr(found, name) == pytest.approx(getattr(TRUE, name), abs=1.25 * (high - low))
    assert found.intervals["critical_current"][1] / found.intervals["critical_current"][0] < 1.25
    assert found.goodness["p_value"] > 1e-3
    device = tmp_path / "mine.toml"
    device.write_text(found.to_toml("Mine2026_mtj"))
    mtj = sl.device(device)
    np.testing.assert_allclose(mtj.probability_parallel(CURRENTS), found(CURRENTS), rtol=1e-4)  # six digits
    assert mtj.parameters.value("tmr") == pytest.approx(0.2, abs=0.002)
    how = {item.name: item.source.how for item in mtj.parameters.parameters.values()}
    assert (how["attempt_frequency"], how["temperature"], how["critical_current"]) == ("assumed", "assumed", "fitted")
    faster = Telegraph.from_trace(path, attempt_frequency="10 GHz", temperature="310 K")
    np.testing.assert_allclose(faster(CURRENTS), found(CURRENTS), rtol=1e-9)
    assert faster.thermal_stability == pytest.approx(found.thermal_stability + math.log(10), rel=1e-9)
    with pytest.raises(FitError, match="named the wrong way round"):
        Telegraph.from_trace(path, parallel="high")


def test_fits_over_currents_cover_as_often_as_they_say() -> None:
    # 400 experiments, 5 currents, 30 dwell times a state: 95 +- 4.4 % (four binomial standard deviations) for each
    random = np.random.default_rng(4)
    currents = np.linspace(-10e-6, 20e-6, 5)
    taus = np.array(TRUE.dwell_times(currents))
    names = ("thermal_stability", "critical_current", "offset_current")
    hits, p_values = np.zeros(3), []
    for _ in range(400):
        with warnings.catch_warnings():  # one dwell law in a thousand looks strange by chance
            warnings.simplefilter("ignore", SpinloomWarning)
            measured = [
                rates_of_dwells(random.exponential(p, 30), random.exponential(ap, 30), float(i))
                for i, p, ap in zip(currents, *taus, strict=True)
            ]
            found = Telegraph.fit(measured)
        p_values.append(found.goodness["p_value"])
        for k, name in enumerate(names):
            low, high = found.intervals[name]
            hits[k] += low < getattr(TRUE, name) < high
    assert hits / 400 == pytest.approx([0.95] * 3, abs=0.044)
    assert np.mean(np.array(p_values) < 0.1) == pytest.approx(0.1, abs=0.06)


def test_several_temperatures_give_the_attempt_frequency() -> None:
    random = np.random.default_rng(5)
    measured = []
    for kelvin in (270.0, 300.0, 330.0):
        warm = TRUE.replace(thermal_stability=10.0 * 300 / kelvin)
        for amperes in (-5e-6, 5e-6, 15e-6):
            p, ap = (float(tau) for tau in warm.dwell_times(amperes))
            measured.append(rates_of_dwells(random.exponential(p, 2000), random.exponential(ap, 2000), amperes, kelvin))
    found = Telegraph.fit(measured)
    # ln f0 to 0.13 from 36 000 dwell times over +-10 % of temperature; within 2.5 half intervals
    for name in ("attempt_frequency", "thermal_stability", "critical_current", "offset_current"):
        low, high = found.intervals[name]
        assert math.isclose(getattr(found, name), getattr(TRUE, name), abs_tol=1.25 * (high - low)), name
    assert found.intervals["attempt_frequency"][1] / found.intervals["attempt_frequency"][0] < 2


def test_rates_that_bend_are_told() -> None:
    random = np.random.default_rng(6)
    measured = []
    for amperes in CURRENTS:
        p, ap = (float(tau) for tau in TRUE.dwell_times(amperes))
        heat = math.exp(-(((amperes - 5e-6) / 12e-6) ** 2))
        times = (random.exponential(p * heat, 400), random.exponential(ap * heat, 400))
        measured.append(rates_of_dwells(*times, float(amperes)))
    with pytest.warns(SpinloomWarning, match="do not follow ln"):
        Telegraph.fit(measured)


def test_rates_that_do_not_change_are_told() -> None:
    random = np.random.default_rng(8)
    measured = [
        rates_of_dwells(random.exponential(1.0, 50), random.exponential(1.0, 50), amperes) for amperes in (0.0, 1e-9)
    ]
    if measured[1].parallel.rate < measured[0].parallel.rate:
        measured = [dataclasses.replace(one, current=-one.current) for one in measured]
    with pytest.raises(FitError, match="do not change with the current beyond their errors"):
        Telegraph.fit(measured)


def test_dwell_files(tmp_path: Path) -> None:
    random, path = np.random.default_rng(7), tmp_path / "dwells.csv"
    lines = ["state,current [uA],dwell [us]"]
    for amperes in (0e-6, 10e-6):
        for state, tau in zip(("P", "AP"), TRUE.dwell_times(amperes), strict=True):
            lines += [f"{state},{1e6 * amperes:g},{1e6 * t:.6g}" for t in random.exponential(float(tau), 400)]
    path.write_text("\n".join(lines))
    assert kind_of(path) == "dwells"
    found = Telegraph.from_dwell_times(path)
    for name in ("thermal_stability", "critical_current", "offset_current"):
        low, high = found.intervals[name]
        assert getattr(found, name) == pytest.approx(getattr(TRUE, name), abs=1.25 * (high - low))
    assert found.measured[0].parallel.count == 400
    assert math.isnan(found.measured[0].interval)
    path.write_text("state,dwell [s]\n1,1\n1,2\n")
    with pytest.raises(DataError, match=r"dwell times in the parallel state only.*Record for longer"):
        Telegraph.from_dwell_times(path)
    path.write_text("state,time [s]\n1,1\n")
    assert kind_of(path) == "trace"


def test_a_current_with_one_state_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "sweep.csv"
    rows = [f"{k},0,{s}" for k, s in enumerate(_trace(0.0, 1, 5000))]
    rows += [f"{k},10,{s}" for k, s in enumerate(_trace(10e-6, 2, 5000))]
    path.write_text("time [us],current [uA],state\n" + "\n".join(rows + [f"{k},80,1" for k in range(5000)]) + "\n")
    with pytest.warns(SpinloomWarning, match=r"Left out: The trace at 80 µA does not leave the parallel state"):
        found = Telegraph.from_trace(path)
    assert [one.current for one in found.measured] == pytest.approx([0.0, 10e-6])


def test_several_files_with_their_currents(tmp_path: Path) -> None:
    names = []
    for i, amperes in enumerate((0e-6, 12e-6)):
        names.append(tmp_path / f"{i}.csv")
        rows = "\n".join(f"{k},{s}" for k, s in enumerate(_trace(amperes, i, 10_000)))
        names[-1].write_text(f"time [us],state\n{rows}\n")
    found = Telegraph.from_trace(names, current=["0 uA", "12 uA"])
    low, high = found.intervals["critical_current"]
    # the times say 1 us for 0.5 us: both rates are halved, I_c stays (at Delta + ln 2)
    assert low * 10 / (10 + math.log(2)) < 100e-6 < high
    assert found.source == "0.csv, 1.csv"
    with pytest.raises(InputError, match="2 files and 1 currents"):
        Telegraph.from_trace(names, current="1 uA")
    with pytest.raises(InputError, match="2 of 2 traces do not say"):
        Telegraph.from_trace(names)
    _sweep(tmp_path / "sweep.csv")
    with pytest.raises(InputError, match=r"'sweep.csv' has a column for the current"):
        Telegraph.from_trace(tmp_path / "sweep.csv", current=1e-6)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("1,2\n3,4\n5,6\n", DataError, "no column for time and state, resistance or voltage"),
        ("time [s],height [m]\n1,2\n", DataError, "no column for state, resistance or voltage"),
        ("time,state\n1,1\n2,0\n", UnitError, r"time has no unit.*time \[s\]"),
        ("time [s],resistance\n1,1\n2,0\n", UnitError, r"resistance has no unit.*resistance \[ohm\]"),
        ("time [s],resistance [uA]\n1,1\n2,0\n", UnitError, "no resistance"),
        ("time [s],state\n1,1\n2,nan\n3,2\n4\n5,up\n", DataError,
         "line 3: state is nan; line 4: state 2 is neither .*; line 5: 1 cells.*; line 6: 'up' is no number for state"),
        ("time [s],state\n1,1\n1,0\n2,1\n", DataError, "line 3: the time 1 s stands still"),
        ("time [s],state\n1,1\n", DataError, "of 1 rows, 0 follow"),
        ("time [s],state\n3,1\n2,0\n1,1\n", DataError, "of 3 rows, 0 follow"),
        ("time [s],state\n1,1\n2,0\n3,1\n4,1\n", DataError, "4 samples and 2 flips, too few for rates"),
        ("time [s],resistance [ohm]\n" + "".join(f"{i},{1000 + i % 7}\n" for i in range(99)), DataError,
         r"one level only, about 1 kohm.*Record for longer.*4 standard deviations"),
        ("time [s],resistance [ohm]\n" + "".join(f"{i},1000\n" for i in range(99)), DataError, "one level only"),
        ("time [s],state\n" + "".join(f"{i},1\n" for i in range(99)), DataError, "one state only"),
        ("time [s],current [uA],state\n" + "".join(f"{i},{i},1\n" for i in range(99)), DataError,
         "current changes from row to row"),
        ("time [s]\n1\n", DataError, "no column"),
        ("", DataError, "no data"),
    ],
)  # fmt: skip
def test_bad_traces_are_named_by_line(tmp_path: Path, text: str, error: type[Exception], message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(error, match=message):
        Telegraph.from_trace(path)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("state,dwell\nP,1\n", UnitError, r"dwell has no unit.*dwell \[s\]"),
        ("dwell [s]\n1\n", DataError, "no column for state"),
        ("state,dwell [s]\nP,0\nAP,nan\nQ,1\n", DataError,
         "line 2: dwell 0 is not more than 0; line 3: dwell is nan; line 4: 'Q' is no number for state; it may be"),
    ],
)  # fmt: skip
def test_bad_dwell_records_are_named_by_line(tmp_path: Path, text: str, error: type[Exception], message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(error, match=message):
        Telegraph.from_dwell_times(path)


def test_noise_that_flips_by_itself_is_told(tmp_path: Path) -> None:
    state, path = _trace(5e-6, 3), tmp_path / "noisy.csv"
    rows = "\n".join(f"{0.5 * i},{r:.3f}" for i, r in enumerate(_resistance(state, 200 / 4.4)))
    path.write_text(f"time [us],resistance [ohm]\n{rows}\n")
    with pytest.warns(SpinloomWarning) as told:
        Telegraph.from_trace(path)
    assert "flips by itself" in str(told[0].message)


def test_gaps_part_a_trace(tmp_path: Path) -> None:
    state, path = _trace(5e-6, 8), tmp_path / "gap.csv"
    keep = np.r_[0:9000, 12_000:20_000]
    rows = "\n".join(f"{0.5 * i:.1f},{state[i]}" for i in keep)
    path.write_text(f"time [us],state\n{rows}\n")
    found = Telegraph.from_trace(path).measured[0]
    exact = rates_of_states([state[:9000], state[12_000:]], 0.5e-6)
    assert found.parallel.rate == pytest.approx(exact.parallel.rate, rel=1e-9)


def test_other_refusals(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("time [s],state\n" + "".join(f"{i},{int(i % 20 > 9)}\n" for i in range(200)))
    with pytest.raises(InputError, match="hysteresis"):
        Telegraph.from_trace(path, hysteresis=0.5)
    with pytest.raises(InputError, match="'low' or the 'high'"):
        Telegraph.from_trace(path, parallel="left")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="no rates"):
        Telegraph.fit([])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpinloomWarning)  # a square wave's dwell times are not exponential
        with pytest.raises(InputError, match="attempt_frequency must be more than 0"):
            Telegraph.from_trace(path, attempt_frequency=0.0)
        with pytest.raises(FitError, match="no barrier"):
            Telegraph.from_trace(path, attempt_frequency="1 mHz")


def test_torch_copy_equals_the_curve() -> None:
    current = torch.linspace(-2e-5, 3e-5, 11, dtype=torch.float64)
    np.testing.assert_allclose(TRUE.to_torch()(current).numpy(), TRUE(current.numpy()), rtol=1e-12)
