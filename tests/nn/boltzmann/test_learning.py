"""Contrastive divergence against the exact gradient; learning raises the exact likelihood."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.boltzmann import (
    ContrastiveSettings,
    JunctionNeurons,
    RestrictedBoltzmannMachine,
    contrastive_gradient,
    exact,
    train,
)
from spinloom.responses import Bernoulli


def stripes(side: int = 3) -> np.ndarray:
    """Bars or stripes: every image whose rows, or whose columns, are alike."""
    lines = exact.states(side)
    rows = np.repeat(lines, side, axis=1)
    columns = np.tile(lines, (1, side))
    return np.unique(np.vstack([rows, columns]), axis=0)


def tiny(seed: int = 3) -> RestrictedBoltzmannMachine:
    made = RestrictedBoltzmannMachine(4, 3)
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=chance))
    return made


@pytest.mark.parametrize("read", ["bits", "mean"])
def test_many_sweeps_give_the_exact_gradient(read) -> None:
    """40 000 samples and chains, 60 sweeps: 19 components within 5 standard errors (products of bits: at most 1/2 each
    in standard deviation, in data and chains), 1e-5 false alarms."""
    machine, samples = tiny(), 40_000
    data = np.random.default_rng(1).integers(0, 2, (samples, 4))
    with torch.no_grad():
        found = contrastive_gradient(
            machine, torch.as_tensor(data, dtype=torch.float32), 60, torch.Generator().manual_seed(2), read=read
        )
    wanted = exact.gradient(data, *machine.arrays())
    limit = 5 * math.sqrt(2) * 0.5 / math.sqrt(samples)
    for ours, theirs in zip(found[:3], wanted, strict=True):
        assert np.abs(ours.numpy() - theirs).max() < limit
    assert np.abs(wanted.products).max() > 3 * limit  # there is something to find


def test_one_sweep_is_biased_and_points_uphill() -> None:
    """CD-1 is not the gradient, but makes a sharp angle with it."""
    machine = tiny()
    data = np.random.default_rng(1).integers(0, 2, (40_000, 4))
    with torch.no_grad():
        found = contrastive_gradient(
            machine, torch.as_tensor(data, dtype=torch.float32), 1, torch.Generator().manual_seed(2)
        )
    wanted = exact.gradient(data, *machine.arrays())
    assert np.abs(found.weight.numpy() - wanted.products).max() > 0.02
    assert (found.weight.numpy() * wanted.products).sum() > 0


@pytest.mark.parametrize(
    ("persistent", "neurons"),
    [(False, None), (True, None), (True, JunctionNeurons(Bernoulli(0.282, 0.0051, centre_spread=0.02), seed=1))],
    ids=["cd", "kept chains", "spread junctions in the loop"],
)
def test_the_likelihood_rises(persistent: bool, neurons: JunctionNeurons | None) -> None:
    """Bars and stripes, 3 x 3: 14 images. Before training ln P is that of independent pixels, about 9 ln 2 = 6.2; the
    best possible is ln 14 = 2.64. Other seeds give 5.9 after 500 updates and 4.1 to 4.4 after 1000."""
    data = stripes()
    assert len(data) == 14
    machine = RestrictedBoltzmannMachine(9, 12, neurons=neurons, seed=1)
    seen = [-_as_sampled(machine).log_likelihood(data).mean()]
    settings = ContrastiveSettings(
        epochs=1000, batch_size=14, learning_rate=0.1, sweeps=5, persistent=persistent, decay=0.0
    )

    def watch(epoch: int) -> None:
        if epoch % 500 == 0:
            # what the chip samples from: a shift of the logit is a bias
            seen.append(-_as_sampled(machine).log_likelihood(data).mean())

    history = train(machine, data, settings=settings, seed=2, watch=watch)
    if neurons is None:
        assert seen[0] == pytest.approx(9 * math.log(2), abs=0.05)
    assert seen[0] - 0.2 > seen[1] > seen[2] + 1.0
    assert seen[2] < 4.6
    assert math.isnan(history[-1]) if persistent else history[-1] < history[0]


def _as_sampled(machine: RestrictedBoltzmannMachine) -> RestrictedBoltzmannMachine:
    """The ideal machine with the junctions' shifts as biases (widths alike)."""
    if machine.neurons is None:
        return machine
    made = RestrictedBoltzmannMachine(machine.inputs, machine.hidden)
    made.load_state_dict(machine.state_dict())
    visible, hidden = machine.layers()
    with torch.no_grad():
        made.visible_bias += visible.shift
        made.hidden_bias += hidden.shift
    return made


def test_biases_start_at_the_data() -> None:
    machine = RestrictedBoltzmannMachine(3, 2)
    machine.set_biases(np.array([[1, 0, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0]]))
    p = torch.sigmoid(machine.visible_bias.detach()).numpy()
    assert np.allclose(p, [1 - 1 / 8, 1 / 4, 1 / 8], atol=1e-6)  # never changed: half a row of four


def test_the_same_seed_at_any_number_of_threads() -> None:
    data = np.random.default_rng(0).integers(0, 2, (300, 40))
    labels = data[:, 0]
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            machine = RestrictedBoltzmannMachine(40, 20, 2)
            train(machine, data, labels, ContrastiveSettings(epochs=3, read="bits"), seed=4)
            found.append(machine.weight.detach().clone())
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*found)


@pytest.mark.parametrize(
    ("x", "labels", "said"),
    [
        (np.full((4, 3), np.nan), [0, 1, 0, 1], "hold NaN, first in row 0"),
        (np.full((4, 3), 0.3), [0, 1, 0, 1], "Binarise first"),
        (np.zeros((4, 2)), [0, 1, 0, 1], "do not fit"),
        (np.zeros((0, 3)), [], "do not fit"),
        (np.zeros((4, 3)), [0, 1], "chains"),
        (np.zeros((4, 3)), [0, 1, 2, 1], "from 0 to 1"),
        (np.zeros((4, 3)), None, "needs labels"),
    ],
)
def test_data_that_cannot_be_learned(x, labels, said: str) -> None:
    with pytest.raises(InputError, match=said):
        train(RestrictedBoltzmannMachine(3, 2, 2), x, labels)


def test_labels_without_label_units() -> None:
    with pytest.raises(InputError, match="has no label units"):
        train(RestrictedBoltzmannMachine(3, 2), np.zeros((2, 3)), [0, 1])


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"sweeps": 1.5},
        {"learning_rate": 0.0},
        {"learning_rate": math.nan},
        {"momentum": 1.0},
        {"decay": -1.0},
    ],
)
def test_settings_outside_their_range(wrong) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        ContrastiveSettings(**wrong)
    with pytest.raises(UnknownNameError, match="Did you mean 'bits'"):
        ContrastiveSettings(read="bit")


def test_divergence_is_said() -> None:
    data = np.random.default_rng(0).integers(0, 2, (50, 6))
    with pytest.raises(InputError, match="diverged"):
        train(RestrictedBoltzmannMachine(6, 4), data, settings=ContrastiveSettings(learning_rate=1e38, epochs=5))
