"""The plasticity response: pulses, spread, write errors, torch, metrics, parameter sets."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from spinloom import parameters
from spinloom.errors import InputError, ParameterError, UnknownNameError
from spinloom.parameters.kinds import SYNAPSES, rules
from spinloom.responses import Exponential, Logistic, Plasticity, Tabulated
from spinloom.responses.plasticity_metrics import deviation

RRAM = Plasticity.from_values(16, "10 uS", "100 uS", Exponential(2.0), Exponential(-5.0))
SOT = Plasticity.from_values(12, "10 uS", "100 uS", Logistic(1.0))
UNEVEN = Plasticity.from_values(
    5, 0.0, 1e-4, Tabulated((0.0, 0.1, 0.5, 0.8, 1.0)), Exponential(-2.0), depression_states=9
)
ALL = pytest.mark.parametrize("synapse", [RRAM, SOT, UNEVEN], ids=["rram", "sot", "uneven"])


@ALL
def test_ends_and_directions(synapse):
    up, down = synapse.curve("potentiation")[1], synapse.curve("depression")[1]
    assert synapse.conductance(0) == synapse.low
    assert synapse.conductance(up) == synapse.high
    assert synapse.conductance(0, "depression") == synapse.high
    assert synapse.conductance(down, "depression") == synapse.low
    assert synapse.conductance(up + 10) == synapse.high
    assert (np.diff(synapse.conductance(np.arange(down + 1), "depression")) < 0).all()
    np.testing.assert_array_equal(synapse(np.arange(3)), synapse.conductance(np.arange(3)))
    np.testing.assert_allclose(synapse.to_state(synapse.to_conductance([0.0, 0.3, 1.0])), [0.0, 0.3, 1.0], atol=1e-15)


def test_thesis_depression_is_the_rising_formula_run_backwards():
    # FACTS A2: LTD pulses 12 to 24 are P = 1 to 0 of eq. 4.1's second formula
    v, pulses = 5.0, np.arange(16)
    p = 1.0 - pulses / 15
    printed = 1 - (1 - np.exp(-v * (1 - p))) / (1 - np.exp(-v))
    np.testing.assert_allclose(RRAM.to_state(RRAM.conductance(pulses, "depression")), printed, atol=1e-14)


@ALL
def test_whole_pulses_add_up_and_stop_at_the_ends(synapse):
    for direction, sign in (("potentiation", 1), ("depression", -1)):
        levels = synapse.levels(direction)
        start = levels if sign > 0 else levels[::-1]
        for k in (1, 3):
            moved = synapse.after_pulses(start, np.full(start.size, sign * k))
            np.testing.assert_allclose(moved, np.append(start[k:], np.full(k, start[-1])), atol=1e-12)
        ones = start[:1]
        for _ in range(4):
            ones = synapse.after_pulses(ones, np.array([sign]))
        np.testing.assert_allclose(ones, synapse.after_pulses(start[:1], np.array([4 * sign])), atol=1e-12)
    assert synapse.after_pulses(np.array([0.37]), np.array([0])) == 0.37


@ALL
def test_pulses_between_lands_nearest(synapse):
    random = np.random.default_rng(3)
    start, target = random.random((2, 400))
    pulses = synapse.pulses_between(start, target)
    missed = np.abs(synapse.after_pulses(start, pulses) - target)
    for other in (-1, 1):  # one pulse more or less is no nearer, unless it would change the direction
        tried = pulses + other
        same = np.sign(tried) * np.sign(target - start) >= 0
        assert (missed[same] <= np.abs(synapse.after_pulses(start, tried) - target)[same] + 1e-12).all()
    levels = synapse.levels()
    np.testing.assert_array_equal(synapse.pulses_between(np.zeros(levels.size), levels), np.arange(levels.size))


def test_write_errors_are_binomial():
    # 20000 devices, 10 pulses that each fail with 0.3: the mean number done is 7 with standard error 0.0102; five of
    # them are a false alarm of 6e-7
    lossy = Plasticity.from_values(101, 0.0, 1.0, write_error=0.3)
    done = 100 * lossy.after_pulses(np.zeros(20000), np.full(20000, 10), np.random.default_rng(1))
    assert done.mean() == pytest.approx(7.0, abs=0.051)
    # the variance 10 * 0.3 * 0.7 = 2.1 has a standard error of 2.1 sqrt(2/20000) = 0.021
    assert done.var() == pytest.approx(2.1, abs=0.11)
    assert (lossy.after_pulses(np.zeros(3), np.full(3, 10)) == 0.1).all()  # the mean device has no errors


def test_cycle_to_cycle_grows_with_the_root_of_the_pulses():
    noisy = Plasticity.from_values(101, 0.0, 1.0, cycle_to_cycle=0.01)
    for pulses in (1, 16):
        end = noisy.after_pulses(np.full(20000, 0.3), np.full(20000, pulses), np.random.default_rng(2))
        # relative standard error of a standard deviation of 20000 samples: 0.5 %; five of them
        assert end.std() == pytest.approx(0.01 * math.sqrt(pulses), rel=0.025)
    same = [noisy.after_pulses(np.full(5, 0.5), np.ones(5, int), np.random.default_rng(7)) for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert (noisy.ideal().after_pulses(np.array([0.5]), np.array([1]), np.random.default_rng(0)) == [0.51]).all()


@ALL
def test_torch_copy_equals_the_curve_and_has_its_gradient(synapse):
    pulses = synapse.states - 1
    count = torch.linspace(0.05, pulses - 0.05, 77, dtype=torch.float64, requires_grad=True)
    out = synapse.to_torch()(count)
    away = np.abs(out.detach().numpy() - synapse.conductance(count.detach().numpy()))
    # straight lines over 1/64 pulse: an error of at most curvature/8/(64 n)^2, below 1e-6 of the range for v <= 5
    assert away.max() < 1e-6 * (synapse.high - synapse.low)
    out.sum().backward()
    step = 1e-4
    x = count.detach().numpy()
    slope = (synapse.conductance(x + step) - synapse.conductance(x - step)) / (2 * step)
    inner = np.abs(x - np.round(x)) > 2 * step  # at a knot of the table the slope jumps
    np.testing.assert_allclose(count.grad.numpy()[inner], slope[inner], rtol=6e-3)
    assert synapse.to_torch()(torch.tensor([-1.0, 1e3])).tolist() == pytest.approx(
        [synapse.low, synapse.high], rel=1e-6
    )


def test_metrics_of_the_thesis_devices():
    said = SOT.summary()
    assert said["states"] == 12
    assert said["on_off_ratio"] == pytest.approx(10.0)
    assert said["linearity_error"] == pytest.approx(0.0153, abs=5e-4)  # FACTS A2; 12 levels miss the extreme a little
    assert said["asymmetry"] == 0.0
    assert said["smallest_step"] < 1 / 11 < said["largest_step"]
    rram = RRAM.summary()
    assert rram["linearity_error"] == pytest.approx(0.24, abs=0.006)
    assert rram["depression_linearity_error"] == pytest.approx(0.48, abs=0.006)
    assert deviation(RRAM, "depression") < 0
    assert rram["label"] == Exponential(2.0).label
    assert rram["label_difference"] == pytest.approx(Exponential(2.0).label + Exponential(5.0).label)
    assert "16 states, 10 µS to 100 µS (on/off 10), linearity error 48 %" in str(RRAM)
    assert "5 states up and 9 down" in str(UNEVEN)
    assert UNEVEN.summary()["on_off_ratio"] == math.inf


def test_asymmetry_against_its_closed_form():
    # g_p - g_d = 1/(1 + exp(-v/2)) - 1/(1 + exp(v/2)) = tanh(v/4) at P = 1/2 for equal and opposite v
    both = Plasticity.from_values(33, 0.0, 1.0, Exponential(3.0), Exponential(-3.0))
    assert both.summary()["asymmetry"] == pytest.approx(math.tanh(0.75), rel=1e-9)


@pytest.mark.parametrize(
    "synapse",
    [
        RRAM,
        SOT,
        UNEVEN,
        RRAM.combine(3),
        RRAM.replace(
            cycle_to_cycle=0.013, write_energy=3.3e-13, read_voltage=0.1, references=("Xin2023", "Xin2023ch4")
        ),
        RRAM.replace(retention_time=3.2e8, assumed=(("retention_time", "3.2e8 s", "ten years"),)),
        Plasticity.from_values(2, 1e-6 / 3, 2e-6 / 3),
    ],
)
def test_parameter_set_reads_back_equal(synapse, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(synapse.to_toml("mine", "a title"), encoding="utf-8")
    back = Plasticity.from_parameters(file)
    assert back == synapse.replace(source="mine")
    assert "a title" in file.read_text()
    again = tmp_path / "again.toml"
    again.write_text(back.to_toml("mine", "a title"), encoding="utf-8")
    assert Plasticity.from_parameters(again) == back


SETS = [name for name in parameters.names() if parameters.load(name).device in SYNAPSES]


@pytest.mark.parametrize("name", SETS)
def test_published_synapses_survive_writing_and_reading(name, tmp_path):
    synapse = Plasticity.from_parameters(name)
    file = tmp_path / "copy.toml"
    file.write_text(synapse.to_toml(name), encoding="utf-8")
    kept = tuple(entry for entry in synapse.assumed if entry[0] in rules("synapse"))
    assert Plasticity.from_parameters(file) == synapse.replace(assumed=kept)
    for way in ("potentiation", "depression"):
        assert synapse.levels(way)[[0, -1]].tolist() == [0.0, 1.0]
    assert str(synapse).startswith(f"{synapse.states} states")


def test_thesis_rram_is_neurosims_silver_device():
    # v = 2 and 5 of eq. 4.1 are the labels 2.4 and -4.88 that MLP_NeuroSim gives to Ag:a-Si (Jo 2010)
    thesis, published = (Plasticity.from_parameters(name).summary() for name in ("Xin2023_rram", "Jo2010_agsi"))
    assert thesis["label"] == pytest.approx(published["label"], abs=0.005)
    assert thesis["depression_label"] == pytest.approx(published["depression_label"], abs=0.005)


def test_parameter_set_refuses_what_it_cannot_hold():
    with pytest.raises(InputError, match="needs a name"):
        RRAM.to_toml(" ")
    with pytest.raises(ParameterError, match="cycle_to_cycle"):
        RRAM.replace(cycle_to_cycle=3.0).to_toml("mine")
    assert rules("synapse")["potentiation_table"].kind == "table"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"states": 1}, "at least two states"),
        ({"states": 2.5}, "whole number"),
        ({"low": -1e-6}, "0 <= low < high"),
        ({"high": 1e-6}, "0 <= low < high"),
        ({"cycle_to_cycle": -0.1}, "cycle_to_cycle"),
        ({"read_noise": math.nan}, "read_noise"),
        ({"write_error": 1.0}, "write_error"),
        ({"retention_time": 0.0}, "retention_time"),
    ],
)
def test_what_is_no_synapse(changes, message):
    with pytest.raises(InputError, match=message):
        RRAM.replace(**changes)


def test_unknown_direction():
    with pytest.raises(UnknownNameError, match="Did you mean 'potentiation'"):
        RRAM.levels("potentation")
