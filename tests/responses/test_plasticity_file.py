"""A laboratory's CSV -> a plasticity: the ways in which such files are written, and in which they are wrong."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path

import numpy as np
import pytest

from spinloom.errors import DataError, InputError, SpinloomWarning, UnitError, UnknownNameError
from spinloom.responses import Exponential, Logistic, Plasticity, Tabulated
from spinloom.responses.plasticity_file import read_sweeps

SPAN = 90e-6
"""high - low of the devices of these tests [S]."""
CYCLES = 3


def _device(states: int, down: int = 0) -> Plasticity:
    return Plasticity.from_values(
        states, "10 uS", "100 uS", Exponential(3.0), Exponential(-4.0), depression_states=down or states
    )


def _sweeps(device: Plasticity, noise: float = 0.0, cycles: int = CYCLES) -> list[tuple[str, np.ndarray]]:
    """(P or D, conductance [uS]) with read noise of ``noise`` of the range, independent from point to point."""
    random = np.random.default_rng(device.states)
    found = []
    for _, (word, way, states) in itertools.product(
        range(cycles), (("P", "potentiation", device.states), ("D", "depression", device.depression_states))
    ):
        exact = 1e6 * device.conductance(np.arange(states), way)
        found.append((word, exact + noise * SPAN * 1e6 * random.standard_normal(states)))
    return found


def _continuing(sweeps):
    """One index all through; the last state of a sweep is the first of the next and stands once."""
    values = [sweeps[0][1], *(values[1:] for _, values in sweeps[1:])]
    return "pulse,conductance [uS]", [(i, v) for i, v in enumerate(np.concatenate(values))]


def _measured_again(sweeps):
    """One index all through, from 1, and the state at a turning point is measured twice."""
    return "Pulse Number;G / uS", [(i + 1, v) for i, v in enumerate(np.concatenate([v for _, v in sweeps]))]


def _restarting(sweeps):
    return "pulse_index,conductance (uS)", [(i, v) for _, values in sweeps for i, v in enumerate(values)]


def _restarting_at_one(sweeps):
    return "# n,Conductance (µS)", [(i + 1, v) for _, values in sweeps for i, v in enumerate(values)]


def _counting_down(sweeps):
    rows = []
    for word, values in sweeps:
        size = len(values)
        rows += [(i if word == "P" else size - 1 - i, v) for i, v in enumerate(values)]
    return "pulse\tconductance [uS]", rows


def _named(sweeps):
    rows = [
        (f"{1e3 / v:.17g}", i, k // 2 + 1, word)
        for k, (word, values) in enumerate(sweeps)
        for i, v in enumerate(values)
    ]
    return "resistance [kOhm],pulse,cycle,direction", rows


def _depression_first(sweeps):
    pairs = [pair for k in range(0, len(sweeps), 2) for pair in (sweeps[k + 1], sweeps[k])]
    words = {"P": "LTP", "D": "LTD"}
    rows = [(words[word], v) for word, values in pairs for v in values]
    return "operation,pulse,G [uS]", [(word, i, v) for i, (word, v) in enumerate(rows)]


def _cycles_without_direction(sweeps):
    rows = []
    for k in range(0, len(sweeps), 2):
        both = np.append(sweeps[k][1], sweeps[k + 1][1][1:])
        rows += [(k // 2, i, v * 1e-3) for i, v in enumerate(both)]
    return "cycle,n,conductance [mS]", rows


def _each_direction_together(sweeps):
    rows = []
    for word in "PD":
        mine = [values for w, values in sweeps if w == word]
        rows += [(i, v * 1e-6, c, word) for c, values in enumerate(mine) for i, v in enumerate(values)]
    return "pulse,conductance [S],cycle,direction", rows


FORMS = [
    _continuing, _measured_again, _restarting, _restarting_at_one, _counting_down, _named, _depression_first,
    _cycles_without_direction, _each_direction_together,
]  # fmt: skip


def _write(folder: Path, header: str, rows, name: str = "lab.csv") -> Path:
    delimiter = next((mark for mark in ";\t" if mark in header), ",")
    lines = [delimiter.join(str(cell) for cell in row) for row in rows]
    path = folder / name
    path.write_text("# wafer 12\n" + "\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def _largest_miss(got: Plasticity, device: Plasticity) -> float:
    """Largest difference of two devices' levels, in the range."""
    miss = [
        np.abs(got.to_conductance(got.levels(way)) - device.to_conductance(device.levels(way))).max()
        for way in ("potentiation", "depression")
    ]
    return max(miss) / SPAN


@pytest.mark.parametrize("states", [8, 16, 64])
@pytest.mark.parametrize("form", FORMS)
def test_every_way_of_writing_gives_back_the_levels(tmp_path, form, states):
    device = _device(states)
    got = Plasticity.from_csv(_write(tmp_path, *form(_sweeps(device))))
    assert (got.states, got.depression_states) == (states, states)
    assert _largest_miss(got, device) < 1e-10  # twelve digits are kept
    assert got.cycle_to_cycle == 0.0
    assert got.source == "lab.csv"


@pytest.mark.parametrize("states", [8, 16, 64])
@pytest.mark.parametrize("form", FORMS)
def test_noise_does_not_distort_the_levels(tmp_path, form, states):
    # read noise of 1 % of the range, three cycles: a level's standard error is 0.58 %; the largest of 2 x 64 of them
    # is beyond 4.5 of that with a probability of 1e-3 (27 cases here, fixed seeds)
    device = _device(states)
    path = _write(tmp_path, *form(_sweeps(device, noise=0.01)))
    got = Plasticity.from_csv(path)
    assert (got.states, got.depression_states) == (states, states)
    assert isinstance(got.potentiation, Tabulated)
    assert _largest_miss(got, device) < 0.026
    fitted = Plasticity.from_csv(path, shape="exponential")
    # least squares over 16 to 128 levels: tighter than any one of them
    assert _largest_miss(fitted, device) < 0.015
    assert fitted.potentiation.v == pytest.approx(3.0, abs=0.25)
    assert fitted.depression.v == pytest.approx(-4.0, abs=0.3)


@pytest.mark.parametrize("form", FORMS)
def test_noise_larger_than_a_step_does_not_change_the_count(tmp_path, form):
    # 12 random devices of 8 to 64 states with noise of 2 % of the range. Saturated ends, where many states lie within
    # the noise, are where turning points get lost; of 2700 files like these 3 were off by one state
    random = np.random.default_rng(11)
    for _ in range(12):
        states = int(random.integers(8, 65))
        rise, fall = Exponential(random.uniform(-1, 6)), Exponential(random.uniform(-6, 1))
        device = Plasticity.from_values(states, "10 uS", "100 uS", rise, fall)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpinloomWarning)  # with one cycle, ends within the noise may differ
            got = Plasticity.from_csv(_write(tmp_path, *form(_sweeps(device, 0.02, int(random.integers(1, 6))))))
        assert (got.states, got.depression_states) == (states, states)


@pytest.mark.parametrize(("up", "down"), [(16, 9), (9, 31)])
@pytest.mark.parametrize("form", [form for form in FORMS if form is not _counting_down])
def test_different_numbers_of_states(tmp_path, form, up, down):
    device = _device(up, down)
    got = Plasticity.from_csv(_write(tmp_path, *form(_sweeps(device))))
    assert (got.states, got.depression_states) == (up, down)
    assert _largest_miss(got, device) < 1e-10


def test_three_lines_of_python(tmp_path):
    rows = [(i, 10 + 6 * min(i, 30 - i)) for i in range(31)]
    got = Plasticity.from_csv(_write(tmp_path, "pulse,conductance [uS]", rows))
    assert got.states == 16
    assert got.summary()["linearity_error"] < 1e-12
    assert got.high == 100e-6


def test_spread_of_a_pulse_and_noise_of_a_read_are_told_apart(tmp_path):
    # 12 cycles of 64 states. A random walk of 0.4 % a pulse; then read noise of 1 %. The spread of a standard deviation
    # from 2 x 63 x 11 changes is 2 %, and the read noise's share is known to a few per cent: 15 % is beyond 4 of these
    device = Plasticity.from_values(64, "10 uS", "100 uS")
    random = np.random.default_rng(4)
    walk, read = [], []
    for k in range(24):
        way = ("potentiation", "depression")[k % 2]
        exact = 1e6 * device.conductance(np.arange(64), way)
        walk.append(("PD"[k % 2], exact + 90 * 0.004 * np.cumsum(random.standard_normal(64))))
        read.append(("PD"[k % 2], exact + 90 * 0.01 * random.standard_normal(64)))
    walked = Plasticity.from_csv(_write(tmp_path, *_named(walk)))
    assert walked.cycle_to_cycle == pytest.approx(0.004, rel=0.15)
    assert walked.read_noise < 0.002
    noisy = Plasticity.from_csv(_write(tmp_path, *_named(read)))
    assert noisy.read_noise == pytest.approx(0.01 * 90 / 55, rel=0.15)
    assert noisy.cycle_to_cycle < 0.005


def test_best_shape(tmp_path):
    for curve, kind in ((Exponential(2.0), Exponential), (Logistic(4.0), Logistic), (None, Tabulated)):
        curve = curve or Tabulated((0.0, 0.05, 0.5, 0.52, 0.54, 0.9, 0.95, 1.0))
        device = Plasticity.from_values(15, "10 uS", "100 uS", curve)
        path = _write(tmp_path, *_named(_sweeps(device, noise=0.001)))
        got = Plasticity.from_csv(path, shape="best")
        assert isinstance(got.potentiation, kind)
        assert isinstance(got.depression, kind)
        assert _largest_miss(got, device) < 0.01
    with pytest.raises(UnknownNameError, match="Did you mean 'exponential'"):
        Plasticity.from_csv(path, shape="exponentiel")


def test_noise_that_makes_levels_fall_is_smoothed_only_there(tmp_path):
    values = [0.0, 10.0, 20.0, 32.0, 30.0, 40.0, 50.0, 60.0]
    rows = [(i, 10 + v, "P") for i, v in enumerate(values)] + [(i, 70 - v, "D") for i, v in enumerate(sorted(values))]
    got = Plasticity.from_csv(_write(tmp_path, "pulse,g [uS],direction", rows))
    np.testing.assert_allclose(got.levels() * 60, [0, 10, 20, 31, 31, 40, 50, 60], atol=1e-9)


def test_cut_short_cycles_still_count(tmp_path):
    rows = [(i, 10.0 + i, 1, "P") for i in range(8)] + [(i, 17.0 - i, 1, "D") for i in range(8)]
    rows += [(i, 10.0 + i, 2, "P") for i in range(8)] + [(i, 17.0 - i, 2, "D") for i in range(8)]
    rows += [(i, 10.3 + i, 3, "P") for i in range(4)]
    got = Plasticity.from_csv(_write(tmp_path, "pulse,g [uS],cycle,direction", rows))
    assert (got.states, got.depression_states) == (8, 8)
    assert got.to_conductance(got.levels())[1] == pytest.approx(
        11.1e-6, abs=0.05e-6
    )  # the ends are means of both directions


def test_a_reset_by_one_pulse(tmp_path):
    rise = [10.0, 20.0, 28.0, 35.0, 40.0]
    rows = list(enumerate([*rise, *rise, 10.0]))
    turned = Plasticity.from_csv(_write(tmp_path, "pulse,g [uS]", rows))
    named = [(*row, "reset" if row[0] % 5 == 0 else "set") for row in rows[1:]]
    told = Plasticity.from_csv(_write(tmp_path, "pulse,g [uS],direction", named))
    for got in (turned, told):
        assert (got.states, got.depression_states) == (5, 2)
        np.testing.assert_allclose(got.to_conductance(got.levels()) * 1e6, rise, rtol=1e-9)


@pytest.mark.parametrize("shape", ["tabulated", "exponential", "logistic", "best"])
@pytest.mark.parametrize("states", [2, 3, 4])
def test_few_states(tmp_path, shape, states):
    device = _device(states)
    got = Plasticity.from_csv(_write(tmp_path, *_named(_sweeps(device))), shape=shape)
    assert got.states == states
    if shape != "logistic":
        assert _largest_miss(got, device) < 1e-6  # the fits stop at 1e-10 of v


def test_every_tenth_pulse_measured(tmp_path):
    rows = [(10 * i, 10 + 6 * min(i, 20 - i)) for i in range(21)]
    got = Plasticity.from_csv(_write(tmp_path, "pulse,g [uS]", rows))
    assert (got.states, got.depression_states) == (101, 101)
    assert got.summary()["linearity_error"] < 1e-12


def test_one_direction_alone_is_said(tmp_path):
    path = _write(tmp_path, "pulse,g [uS]", [(i, 10.0 + i * i) for i in range(9)])
    with pytest.warns(SpinloomWarning, match="no depression: it is taken to be potentiation, run backwards"):
        got = Plasticity.from_csv(path)
    assert got.depression == got.potentiation
    assert got.assumed[0][0] == "depression_shape"
    (tmp_path / "out.toml").write_text(got.to_toml("mine"))
    assert Plasticity.from_parameters(tmp_path / "out.toml") == got.replace(source="mine")


def test_ends_that_do_not_meet_and_levels_that_run_backwards_are_said(tmp_path):
    rows = [(i, 10.0 + i, "P") for i in range(8)] + [(i, 14.0 - i / 2, "D") for i in range(8)]
    with pytest.warns(SpinloomWarning, match="do not meet at their ends"):
        Plasticity.from_csv(_write(tmp_path, "pulse,g [uS],direction", rows))
    values = [10, 11, 16, 12, 13, 14, 17]
    rows = [(i, v, "P") for i, v in enumerate(values)] + [(i, v, "D") for i, v in enumerate(range(17, 9, -1))]
    with pytest.warns(SpinloomWarning, match="potentiation runs the wrong way by 57%"):
        Plasticity.from_csv(_write(tmp_path, "pulse,g [uS],direction", rows))


def test_what_a_file_cannot_hold_is_given_in_words(tmp_path):
    path = _write(tmp_path, *_named(_sweeps(_device(8))))
    got = Plasticity.from_csv(path, write_energy=1e-12, references=("Xin2023",))
    assert got.write_energy == 1e-12
    assert got.references == ("Xin2023",)


def test_spreadsheets_of_windows(tmp_path):
    text = "pulse;conductance [µS];direction\r\n" + "".join(f"{i};1{i},5;P\r\n" for i in range(8))
    (tmp_path / "w.csv").write_bytes(text.encode("cp1252"))
    sweep = read_sweeps(tmp_path / "w.csv")[0]
    np.testing.assert_allclose(sweep.conductance * 1e6, 10.5 + np.arange(8))


FINE = "0,10\n1,20\n2,30\n1,20\n0,10\n"


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("conductance [uS]\n1\n2\n", DataError, "has one column.*two are needed: the pulse index"),
        ("pulse,conductance\n" + FINE, UnitError, r"the conductance has no unit.*'conductance \[uS\]'"),
        ("pulse,conductance []\n" + FINE, UnitError, "the conductance has no unit"),
        ("pulse,g [uS]\n0,10\n1,\n", DataError, "line 3: conductance is empty"),
        ("pulse,resistance\n" + FINE, UnitError, r"the resistance has no unit.*'resistance \[kohm\]'"),
        ("pulse,conductance [kohm]\n" + FINE, UnitError, "is no conductance"),
        ("pulse,resistance [furlong]\n" + FINE, UnitError, "is no resistance"),
        ("x [V],y [A]\n" + FINE, DataError, "no column for the pulse index and the conductance or resistance"),
        ("pulse,current [uA]\n" + FINE, DataError, r"no column for the conductance or resistance.*resistance \[kohm\]"),
        ("conductance [uS],voltage [V]\n" + FINE, DataError, "no column for the pulse index;"),
        ("pulse,g [uS]\n", DataError, "no data"),
        ("pulse,g [uS]\n0,10\n", DataError, "fewer than two states"),
        ("pulse,g [uS]\n0,10\n1,10\n2,10\n", DataError, "fewer than two states: 3 rows of one conductance"),
        ("pulse,g [uS]\n0,10\n1,-20\n2,nan\n3,much\n4\n1.5,3\n", DataError,
         "line 3: conductance -20 is negative; line 4: conductance is nan; line 5: 'much' is no number"),
        ("pulse,g [uS]\n0,10\n4\n1.5,3\n", DataError, "line 3: 1 cells.*; line 4: pulse 1.5 is no whole.* Mend"),
        ("pulse,r [ohm]\n0,10\n1,0\n", DataError, "line 3: resistance 0 is zero"),
        ("pulse,g [uS],direction\n0,10,P\n1,20,sideways\n", DataError, "'sideways' is neither potentiation"),
        ("pulse,g [uS]\n0,10\n2,30\n1,20\n3,40\n", DataError, "line 4: pulse 1 comes after pulse 2. Sort the file"),
        ("pulse,g [uS],cycle\n0,10,1\n1,20,1\n0,10,2\n1,20,2\n0,10,1\n1,20,1\n", DataError,
         "line 6: cycle 1 comes after cycle 2. Sort the file by cycle"),
        ("pulse,g [uS],cycle,direction\n0,10,1,P\n1,20,1,P\n0,20,1,D\n1,10,1,D\n0,10,1,P\n", DataError,
         "line 6: cycle 1 comes again"),
        ("pulse,g [uS],cycle,direction\n0,10,1,P\n1,20,1,P\n1,20,1,P\n", DataError, "line 4: pulse 1 comes after"),
        ("pulse,g [uS],direction\n0,30,P\n1,20,P\n2,10,P\n", DataError, "marked potentiation lower the conductance"),
        ("pulse,g [uS],direction\n0,10,D\n1,20,D\n2,30,D\n", DataError, "marked depression raise the conductance"),
        ("pulse,g [uS],cycle\n0,10,1\n0,20,2\n0,30,3\n", DataError, "sweeps of one row each"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_to_change(tmp_path, text, error, message):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(error, match=message) as caught:
        Plasticity.from_csv(path)
    assert "bad.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_such_file(tmp_path):
    with pytest.raises(DataError, match="There is no file"):
        Plasticity.from_csv(tmp_path / "none.csv")
    with pytest.raises(DataError, match="cannot be read"):
        Plasticity.from_csv(tmp_path)


def test_overrides_are_checked(tmp_path):
    path = _write(tmp_path, *_named(_sweeps(_device(8))))
    with pytest.raises(InputError, match="write_error"):
        Plasticity.from_csv(path, write_error=2.0)


def test_a_clean_file_says_nothing(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Plasticity.from_csv(_write(tmp_path, *_continuing(_sweeps(_device(16), noise=0.02))))
