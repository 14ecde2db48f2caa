from __future__ import annotations

import resource
from typing import Any

import numpy as np
import pytest
import torch

from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.stochastic import (
    BernoulliInput,
    BernoulliNeuron,
    SuperparamagneticNeuron,
    mean_outputs,
    sampled_outputs,
)

AT = (1, 4, 20)


def _net(kind: torch.dtype = torch.float64) -> torch.nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        junction = TwoState(np.array(1e9), np.array(6.0), np.array(20e-6), np.array(0.0))
        layers = (
            torch.nn.Linear(6, 12), BernoulliNeuron(12, seed=1), torch.nn.Linear(12, 8),
            SuperparamagneticNeuron(8, junction, 1e-7, seed=2), torch.nn.Linear(8, 3), BernoulliNeuron(3, seed=3),
        )  # fmt: skip
        return torch.nn.Sequential(*layers).to(kind)


X = np.random.default_rng(0).random((37, 6))


@pytest.mark.parametrize("mode", ["network", "layer"])
def test_the_same_numbers_at_any_batch_size_and_thread_count(mode: Any) -> None:
    """In float64, where torch's sums differ by 1e-16 with the batch: no bit of these 37 images changes for that."""
    net = _net()
    whole = sampled_outputs(net, X, AT, mode=mode, seed=5)
    assert whole.shape == (3, 37, 3)
    for batch in (1, 7, 37):
        assert np.array_equal(whole, sampled_outputs(net, X, AT, mode=mode, seed=5, batch=batch))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert np.array_equal(whole, sampled_outputs(net, X, AT, mode=mode, seed=5))
    finally:
        torch.set_num_threads(before)
    assert not np.array_equal(whole, sampled_outputs(net, X, AT, mode=mode, seed=6))


def test_points_of_a_run_are_one_running_mean() -> None:
    net = _net()
    one, all_steps = sampled_outputs(net, X, (1,), seed=1), sampled_outputs(net, X, range(1, 11), seed=1)
    assert np.array_equal(one[0], all_steps[0])
    assert np.array_equal(sampled_outputs(net, X, (10, 3), seed=1), all_steps[[9, 2]])
    counts = all_steps * np.arange(1, 11)[:, None, None]
    assert np.allclose(counts, np.round(counts), atol=1e-12)  # whole numbers of spikes
    assert (np.diff(np.round(counts), axis=0) >= 0).all()


def test_a_network_step_by_step_is_the_plain_loop() -> None:
    """The evaluator against calls of the network one after another."""
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(6, 5), BernoulliNeuron(5), torch.nn.Linear(5, 2)).double().eval()
    found = sampled_outputs(net, X, (4,), seed=0)
    layer = net[1]
    assert isinstance(layer, BernoulliNeuron)
    layer.reseed(0)
    with torch.no_grad():
        plain = sum(net(torch.from_numpy(X)) for _ in range(4))
    assert isinstance(plain, torch.Tensor)
    assert np.allclose(found[0], plain.numpy() / 4, atol=1e-12)


def test_one_layer_is_the_same_in_both_modes() -> None:
    """4000 images of one drive, 50 samples: means and variances of both modes agree within 5 standard errors."""
    net = torch.nn.Sequential(BernoulliNeuron(3)).double()
    x = np.tile([-1.0, 0.0, 2.0], (4000, 1))
    p = 1 / (1 + np.exp(-x[0]))
    for mode in ("network", "layer"):
        share = sampled_outputs(net, x, (50,), mode=mode, seed=3)[0]
        error = np.sqrt(p * (1 - p) / 50)
        assert (np.abs(share.mean(axis=0) - p) < 5 * error / np.sqrt(4000)).all()
        assert np.allclose(share.std(axis=0), error, rtol=5 / np.sqrt(2 * 4000))


def test_many_samples_of_layers_are_the_mean() -> None:
    net = _net()
    found = sampled_outputs(net, X, (200_000,), mode="layer", seed=1)[0]
    assert np.abs(found - mean_outputs(net, X)).max() < 0.02  # telegraph reads are worth about 1/100 of as many bits


def test_spikes_behind_a_layer_are_not_its_mean() -> None:
    """E[sigmoid(w b)] for one fair bit b is (sigmoid(0) + sigmoid(w))/2, and not sigmoid(w/2)."""
    net = torch.nn.Sequential(BernoulliNeuron(1), torch.nn.Linear(1, 1, bias=False), BernoulliNeuron(1)).double()
    with torch.no_grad():
        net[1].weight.fill_(6.0)  # pyright: ignore[reportCallIssue]
    found = sampled_outputs(net, np.zeros((2000, 1)), (100,), seed=1)[0].mean()
    exact = 0.5 * (0.5 + 1 / (1 + np.exp(-6.0)))
    assert abs(found - exact) < 5 * np.sqrt(0.19 / 200_000)
    assert float(mean_outputs(net, np.zeros((1, 1)))[0, 0]) == pytest.approx(1 / (1 + np.exp(-3.0)))


def test_memory_does_not_grow_with_the_samples() -> None:
    """1000 samples of 400 x 250 bits, all kept, would be 400 MB; the peak grows by less than a tenth of that."""
    net = torch.nn.Sequential(torch.nn.Linear(6, 250), BernoulliNeuron(250), torch.nn.Linear(250, 3))
    x = np.zeros((400, 6), np.float32)
    sampled_outputs(net, x, (2,))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sampled_outputs(net, x, (1000,))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000  # kB


def test_spiking_inputs_and_modules_of_ones_own() -> None:
    class Own(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.spikes, self.linear = BernoulliInput(), torch.nn.Linear(6, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.linear(self.spikes(x))

    net = Own().double()
    found = sampled_outputs(net, X, (1, 4000), seed=1)
    assert np.abs(found[1] - mean_outputs(net, X)).max() < 0.05
    assert np.array_equal(found[0, 5:], sampled_outputs(net, X, (1,), seed=1, batch=3)[0, 5:])


def test_the_network_is_left_as_it_was() -> None:
    net = _net()
    net[1].eval()
    state = {name: value.clone() for name, value in net.state_dict().items()}
    sampled_outputs(net, X, (2,))
    mean_outputs(net, X)
    assert net.training
    assert not net[1].training
    assert [net[n].seed for n in (1, 3, 5)] == [1, 2, 3]
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert net.eval()(torch.from_numpy(X)).unique().numel() == 2  # bits again, not the mean


def test_progress_counts_images() -> None:
    calls: list[tuple[int, int]] = []
    sampled_outputs(_net(), X, (1,), batch=20, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(20, 37), (37, 37)]


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="no stochastic layer"):
        sampled_outputs(torch.nn.Sequential(torch.nn.Linear(6, 2)), X)
    with pytest.raises(InputError, match="samples = 0"):
        sampled_outputs(_net(), X, (0,))
    with pytest.raises(InputError, match="batch = 0"):
        sampled_outputs(_net(), X, (1,), batch=0)
    with pytest.raises(UnknownNameError, match="network"):
        sampled_outputs(_net(), X, (1,), mode="netwrok")  # pyright: ignore[reportArgumentType]
