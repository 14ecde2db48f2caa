"""Waveforms and drives."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.devices import Constant, Drive, Pulse, Samples, Train
from spinloom.errors import InputError, UnitError

T = np.linspace(0, 10e-9, 10_001)


def test_pulse_has_its_width_at_half_height_and_its_area():
    pulse = Pulse("3 ns", rise="1 ns", delay="2 ns")
    values = pulse(T)
    assert np.trapezoid(values, T) == pytest.approx(3e-9, rel=1e-3)
    assert pulse(np.array([2e-9, 5e-9])) == pytest.approx([0.5, 0.5])
    assert pulse(np.array([3.5e-9])) == pytest.approx([1.0])
    assert Pulse("3 ns")(np.array([0.0, 2.99e-9, 3.0e-9])).tolist() == [1.0, 1.0, 0.0]


def test_train_repeats_the_pulse():
    train = Train(Pulse("1 ns"), "3 ns", 3)
    assert np.trapezoid(train(T), T) == pytest.approx(3e-9, rel=1e-3)
    assert train(np.array([0.5e-9, 1.5e-9, 3.5e-9, 6.5e-9, 9.5e-9])).tolist() == [1, 0, 1, 1, 0]


def test_samples_are_joined_by_lines():
    assert Samples([0.0, 1.0], [0.0, 2.0])(np.array([-1.0, 0.25, 3.0])).tolist() == [0.0, 0.5, 2.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Pulse("0 ns"), "width above 0"),
        (lambda: Pulse("1 ns", rise="2 ns"), "rise time between 0 and its width"),
        (lambda: Train(Pulse("2 ns"), "1 ns", 3), "period not shorter"),
        (lambda: Samples([0.0, 0.0], [1.0, 1.0]), "must increase"),
        (lambda: Samples([0.0, 1.0], [1.0, np.nan]), "NaN"),
        (lambda: Samples([0.0], [1.0, 2.0]), "as many values"),
        (lambda: Drive(field_direction=(0, 0, 0)).direction(), "three numbers"),
        (lambda: Drive(waveform={"amps": Constant()}).shape(1), "not for amps"),
    ],
)
def test_impossible_waveforms_say_why(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_units_of_each_channel_are_checked():
    with pytest.raises(UnitError, match="voltage: '1 uA' is no voltage"):
        Drive(voltage="1 uA").amplitudes(1)
    assert Drive(current="1 uA", field="2 mT").amplitudes(2)[:, 0] == pytest.approx([1e-6, 0, 0, 2e-3])
