from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
import torch

from spinloom import tasks
from spinloom.errors import InputError, SpinloomWarning, UnknownNameError
from spinloom.nn import Bounds, SpinNeuron, Stochastic, TrainingSettings, spin_network, train
from spinloom.tasks import Split, digits


def small(**changes: Any) -> torch.nn.Sequential:
    return spin_network(**({"sizes": (64, 15, 10), "k_init": "rule", "c_init": "rule", "generator": 1} | changes))


def test_full_batch_descent_learns_and_tells_how() -> None:
    net, split = small(), digits()
    steps: list[tuple[int, int]] = []
    how = TrainingSettings(learning_rate=1.0, iterations=205, evaluate_every=20)
    history = train(net, split, how, progress=lambda done, total: steps.append((done, total)))
    assert history.outcome == "finished"
    assert history.learned
    assert history.message == ""
    assert steps == [(n, 205) for n in range(1, 206)]
    assert history.iterations.tolist() == [*range(0, 201, 20), 205]
    assert history.loss[-1] < 0.5 < history.loss[0]
    assert history.final_loss == history.loss[-1]
    assert history.final_accuracy == history.test_accuracy[-1] > 0.85
    with torch.no_grad():
        outputs = net(torch.from_numpy(split.test_x)).numpy()
    assert tasks.accuracy(outputs, split.test_y) == pytest.approx(history.final_accuracy, abs=1e-12)
    threshold = history.reached(0.5)
    assert threshold is not None
    assert history.test_accuracy[history.iterations == threshold] >= 0.5
    assert history.test_accuracy[history.iterations < threshold].max() < 0.5
    assert history.reached(1.01) is None
    assert history.last_progress == 205


def test_the_ranges_are_those_of_the_neurons() -> None:
    net = small(k_init=("uniform", 4))
    history = train(net, digits(), TrainingSettings(iterations=30))
    assert list(history.ranges) == ["k2", "c2", "k3", "c3"]
    for name, layer in (("2", net[1]), ("3", net[3])):
        for which in ("k", "c"):
            values = getattr(layer, which).detach()
            low, high = history.final_ranges[which + name]
            assert (low, high) == (values.min().item(), values.max().item())
            widest = history.run_ranges[which + name]
            assert widest[0] <= low
            assert widest[1] >= high


def test_the_history_saves_to_netcdf_and_comes_back_equal(tmp_path: Any) -> None:
    import xarray as xr

    table = train(small(), digits(), TrainingSettings(iterations=30)).to_xarray()
    table.to_netcdf(tmp_path / "h.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "h.nc", engine="h5netcdf") as back:
        assert back.load().identical(table)
    assert all("units" in table[name].attrs for name in table.data_vars)
    assert table["k2"].dims == ("iteration", "edge")


def test_the_same_seed_gives_the_same_numbers_and_leaves_torchs_own_alone() -> None:
    how = TrainingSettings("adam", 0.01, iterations=20, batch_size=64)
    nets = [small(stochastic=Stochastic(trials=2)) for _ in range(3)]
    torch.manual_seed(11)
    before = torch.get_rng_state()
    losses = [train(net, digits(), how, seed).loss for net, seed in zip(nets, (4, 4, 5), strict=True)]
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(losses[0], losses[1])
    assert not np.array_equal(losses[0], losses[2])


def test_each_pass_takes_every_sample_once() -> None:
    seen: list[torch.Tensor] = []

    class Look(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if self.training:
                seen.append(x[:, 0].clone())
            return x

    x = np.arange(20, dtype=float)[:, None] / 20
    split = Split(x, np.arange(20) % 2, x[:0], np.zeros(0, int), x, np.arange(20) % 2)
    net = torch.nn.Sequential(Look(), torch.nn.Linear(1, 2), SpinNeuron(2))
    train(net, split, TrainingSettings("adam", epochs=3, batch_size=8), seed=1)
    assert [len(batch) for batch in seen[:9]] == [8, 8, 4] * 3
    passes = [torch.cat(seen[start : start + 3]) for start in (0, 3, 6)]
    for one in passes:
        assert torch.equal(one.sort().values, torch.from_numpy(x[:, 0]).float())
    assert not torch.equal(passes[0], passes[1])


def test_adam_in_batches_learns_with_noise() -> None:
    """Three write pulses a neuron in the hidden layer; the last layer draws only where accuracy is counted."""
    for gradient in ("expected", "straight-through"):
        net = small(k_init=2.0, stochastic=Stochastic(trials=3, gradient=gradient))
        history = train(net, digits(), TrainingSettings("adam", 0.03, epochs=15, batch_size=64, evaluate_every=50))
        assert history.final_accuracy > 0.7  # 10 % is guessing


def test_early_stopping_goes_back_to_the_best() -> None:
    split = digits().first(60)
    net = small()
    how = TrainingSettings("adam", 0.3, iterations=400, evaluate_every=5, patience=4)
    history = train(net, split, how)
    assert history.outcome == "stopped early"
    assert history.learned
    best = int(history.valid_loss.argmin())
    assert history.iteration == history.iterations[best]
    assert len(history.iterations) == best + 1 + 4
    assert history.final_accuracy == history.test_accuracy[best]
    with torch.no_grad():
        outputs = net(torch.from_numpy(split.test_x)).numpy()
    assert tasks.accuracy(outputs, split.test_y) == pytest.approx(history.final_accuracy, abs=1e-12)


def test_bounds_hold_all_the_time() -> None:
    net = small(k_init=1.5, c_init=0.0, bounds=Bounds(k=(1.38, 2.2), c=(-0.1, 0.1)))
    history = train(net, digits(), TrainingSettings(learning_rate=1.0, iterations=100, evaluate_every=1))
    for layer in "23":
        for name, (lowest, highest) in ((f"k{layer}", (1.38, 2.2)), (f"c{layer}", (-0.1, 0.1))):
            low, high = history.run_ranges[name]
            assert lowest - 1e-6 <= low <= high <= highest + 1e-6  # 1e-6: the bounds as float32
            assert high == pytest.approx(highest, abs=1e-6)  # the bound was reached, or this tests nothing


def test_divergence_is_reported_and_undone() -> None:
    net = small(k_init=("uniform", 4))
    how = TrainingSettings(learning_rate=1e30, iterations=50, evaluate_every=1)
    with pytest.warns(SpinloomWarning, match=r"Training diverged: the loss was (nan|inf).*Use a smaller learning rate"):
        history = train(net, digits(), how)
    assert history.outcome == "diverged"
    assert not history.learned
    assert all(bool(torch.isfinite(value).all()) for value in net.state_dict().values())
    assert history.final_loss == history.loss.min()


def test_a_collapse_is_reported() -> None:
    """All neurons saturated from the start: the gradient is zero and nothing moves."""
    net = small(k_init=50.0, c_init=-50.0)
    with pytest.warns(SpinloomWarning, match="did not learn.*Start k and c nearer to zero"):
        history = train(net, digits(), TrainingSettings(learning_rate=1e-3, iterations=50))
    assert history.outcome == "collapsed"


def test_a_short_run_that_has_not_learned_yet_is_no_collapse() -> None:
    history = train(small(), digits(), TrainingSettings(iterations=30))
    assert history.test_accuracy[-1] < 0.3
    assert history.outcome == "finished"


def test_failures_can_be_recorded_without_a_warning() -> None:
    how = TrainingSettings(learning_rate=1e30, iterations=5, failure="record")
    assert not train(small(), digits(), how).learned


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"learning_rate": 0.0}, "finite number above 0"),
        ({"learning_rate": math.nan}, "finite number above 0"),
        ({"iterations": 0}, "iterations = 0: give a whole number from 1"),
        ({"epochs": 2.5}, "epochs = 2.5"),
        ({"batch_size": -1}, "batch_size = -1"),
        ({"evaluate_every": None}, "evaluate_every = None"),
        ({"iterations": 5, "epochs": 5}, "give one of the two"),
    ],
)
def test_impossible_settings_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        TrainingSettings(**arguments)


def test_an_unknown_optimiser_gets_the_closest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'adam'"):
        TrainingSettings("adan")  # pyright: ignore[reportArgumentType]


class Nothing(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def frozen() -> torch.nn.Module:
    return small(train=()).requires_grad_(False)


@pytest.mark.parametrize(
    ("net", "settings", "message"),
    [
        (frozen(), {}, "nothing to train"),
        (Nothing(), {}, "nothing to train"),
        (small(sizes=(65, 5, 10)), {}, "does not take the 64 features of digits"),
        (small(sizes=(64, 5, 9)), {}, "has 10 classes.*Make its last layer 10 wide"),
        (torch.nn.Sequential(torch.nn.Linear(64, 10)), {}, "outputs between 0 and 1. End it"),
        (small(), {"batch_size": 5000}, "more than the 1085 training samples"),
        (small(), {"device": "cuda:77"}, "is not to be had here"),
        (small(), {"device": "gpu"}, "Use 'cpu'"),
    ],
)
def test_what_cannot_be_trained_is_refused(net: torch.nn.Module, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        train(net, digits(), TrainingSettings(iterations=2, **settings))


def test_patience_without_validation_samples_is_refused() -> None:
    split = digits()
    bare = Split(split.train_x, split.train_y, split.valid_x[:0], split.valid_y[:0], split.test_x, split.test_y)
    with pytest.raises(InputError, match="patience needs validation samples"):
        train(small(), bare, TrainingSettings(patience=3))


def test_a_network_with_nan_is_refused() -> None:
    net = small()
    with torch.no_grad():
        next(net.parameters())[0, 0] = math.nan
    with pytest.raises(InputError, match="before the first update"):
        train(net, digits())


@pytest.mark.parametrize("seed", [-1, 0.5, True])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    with pytest.raises(InputError, match="seed = "):
        train(small(), digits(), seed=seed)


def test_a_network_without_spin_neurons_can_be_trained_too() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(64, 10), torch.nn.Sigmoid())
    with torch.no_grad():
        net[0].weight.zero_()
        net[0].bias.zero_()
    history = train(net, digits(), TrainingSettings(learning_rate=0.5, iterations=200))
    assert history.loss[0] == pytest.approx(10 * math.log(2), rel=1e-6)  # ten outputs of one half
    assert history.final_accuracy > 0.8
    assert history.ranges == {}


def test_mnist_in_batches() -> None:
    """As users would: 2000 images, 4 passes of Adam; 10 % is guessing and a linear classifier is near 85 %."""
    split = tasks.mnist().first(2000, 1000)
    net = spin_network(k_init=1.0, generator=0)
    history = train(net, split, TrainingSettings("adam", 0.01, epochs=4, batch_size=50, evaluate_every=40))
    assert history.final_accuracy > 0.8
