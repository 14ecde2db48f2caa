"""Training against the published equations written out by hand, two screens of numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spinloom.nn import TrainingSettings, couple_linear, spin_network, train
from spinloom.tasks import Split, digits


def sigmoid(u: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-u))


class ByHand:
    """Eq. 3.8 to 3.16 and 3.9 of the thesis for one hidden layer, float64, samples along the first axis."""

    def __init__(self, net: torch.nn.Sequential) -> None:
        values = {name: value.detach().double().numpy().copy() for name, value in net.state_dict().items()}
        self.w1, self.k2, self.c2 = values["0.weight"], values["1.k"], values["1.c"]
        self.w2, self.k3, self.c3 = values["2.weight"], values["3.k"], values["3.c"]

    def outputs(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        z2 = x @ self.w1.T
        a2 = sigmoid(self.k2 * (z2 + self.c2))
        z3 = a2 @ self.w2.T
        return z2, a2, z3, sigmoid(self.k3 * (z3 + self.c3))

    def loss(self, x: np.ndarray, y: np.ndarray) -> float:
        h = self.outputs(x)[-1]
        return float(-np.sum(y * np.log(h) + (1 - y) * np.log(1 - h)) / len(x))

    def update(self, x: np.ndarray, y: np.ndarray, rate: float, trained: tuple[str, ...]) -> None:
        z2, a2, z3, a3 = self.outputs(x)
        common = (a3 - y) / len(x)  # -(y/a - (1-y)/(1-a)) sigma'(u)
        from_above = (common * self.k3) @ self.w2  # dJ/da2
        inner = from_above * a2 * (1 - a2)
        gradients = {
            "k3": np.sum(common * (z3 + self.c3), axis=0),  # eq. 3.10
            "c3": np.sum(common * self.k3, axis=0),  # eq. 3.11
            "w2": (common * self.k3).T @ a2,  # eq. 3.12
            "w1": (inner * self.k2).T @ x,  # eq. 3.14
            "k2": np.sum(inner * (z2 + self.c2), axis=0),  # eq. 3.15
            "c2": np.sum(inner * self.k2, axis=0),  # eq. 3.16
        }
        for name, gradient in gradients.items():
            if name[0] == "w" or name[0] in trained:
                setattr(self, name, getattr(self, name) - rate * gradient)


@pytest.mark.parametrize("trained", [(), ("k",), ("k", "c")])
def test_gradient_descent_is_the_published_one(trained: tuple[str, ...]) -> None:
    split = digits().first(200)
    start = {"k_init": "rule", "c_init": "rule"} if trained else {}
    net = spin_network((64, 12, 10), train=trained, generator=3, **start).double()
    mine = ByHand(net)
    history = train(net, split, TrainingSettings(learning_rate=0.5, iterations=25, evaluate_every=5))
    x, y = split.train_x.astype(float), np.eye(10)[split.train_y]
    for iteration in range(26):
        if iteration % 5 == 0:
            # 1e-11: 25 iterations of float64 rounding (about 200 x 2e-16 a step), with some room
            recorded = history.loss[history.iterations == iteration]
            assert recorded == pytest.approx([mine.loss(x, y)], rel=1e-11)
        if iteration < 25:
            mine.update(x, y, 0.5, trained)
    state = net.state_dict()
    for name, value in (("0.weight", mine.w1), ("1.k", mine.k2), ("1.c", mine.c2), ("3.k", mine.k3), ("3.c", mine.c3)):
        assert np.allclose(state[name].numpy(), value, rtol=0, atol=1e-11)
    correct = mine.outputs(split.test_x.astype(float))[-1].argmax(axis=1) == split.test_y
    assert history.test_accuracy[-1] == np.mean(correct)


def test_one_iteration_in_float32_is_the_same_to_its_precision() -> None:
    split = digits().first(200)
    net = spin_network((64, 12, 10), k_init="rule", c_init="rule", generator=3)
    mine = ByHand(net)
    train(net, split, TrainingSettings(learning_rate=0.5, iterations=1))
    mine.update(split.train_x.astype(float), np.eye(10)[split.train_y], 0.5, ("k", "c"))
    # 2e-6: sums of 200 float32 terms of order 1/200 round at 1e-7, and the weights are of order 1
    assert np.allclose(net.state_dict()["0.weight"].numpy(), mine.w1, atol=2e-6)
    assert np.allclose(net.state_dict()["3.k"].numpy(), mine.k3, atol=2e-6)


PUBLISHED_PAIRS = [(3.27, -10.85), (1.38, -13.29)]  # 1/µA, µA: the two marked points of fig. 3.13


def test_the_coupling_passes_through_the_published_points() -> None:
    line = couple_linear(PUBLISHED_PAIRS)
    k = torch.tensor([3.27, 1.38], dtype=torch.float64)
    assert line(k).tolist() == pytest.approx([-10.85, -13.29], rel=1e-12)
    assert line.slope == pytest.approx(2.44 / 1.89, rel=1e-12)


def test_a_line_through_many_points_is_the_least_squares_one() -> None:
    k = np.array([1.0, 2.0, 3.0, 4.0])
    c = np.array([0.1, 1.9, 4.2, 5.8])
    line = couple_linear(list(zip(k, c, strict=True)))
    assert [line.slope, line.intercept] == pytest.approx(np.polyfit(k, c, 1).tolist(), rel=1e-12)


@pytest.mark.parametrize("points", [[], [(1.0, 2.0)], [(1.0, 2.0), (1.0, 3.0)], [(1.0, float("nan")), (2.0, 1.0)]])
def test_points_that_fix_no_line_are_refused(points: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="does not fix a line"):
        couple_linear(points)


@pytest.mark.parametrize("k_init", ["rule", ("uniform", 1.38, 3.27)])
def test_k_and_c_tied_by_the_device_stop_the_learning(k_init: str | tuple[str, float, float]) -> None:
    """Sec. 3.5.1: with c forced to the device's c(k), about -13, the neurons saturate within a few iterations."""
    split = digits()
    settings = {"learning_rate": 0.1, "iterations": 150, "evaluate_every": 5, "failure": "record"}
    tied = spin_network((64, 25, 10), train=("k",), k_init=k_init, generator=1)
    line = couple_linear(PUBLISHED_PAIRS)
    failed = train(tied, split, TrainingSettings(couple=line, **settings))
    for neuron in (tied[1], tied[3]):
        assert torch.allclose(neuron.c, line(neuron.k))  # pyright: ignore[reportArgumentType]
    assert failed.outcome == "collapsed"
    assert not failed.learned
    assert failed.test_accuracy.max() < 0.2  # ten classes; the largest holds 10.1 % of the test samples
    assert failed.last_progress <= 50
    assert "train k alone" in failed.message

    free = spin_network((64, 25, 10), train=("k",), k_init=("uniform", 1.38, 3.27), generator=1)
    learned = train(free, split, TrainingSettings(**settings))
    assert learned.outcome == "finished"
    assert learned.final_accuracy > 0.6  # the same network, with c held at 0


def test_the_data_set_may_be_anything_with_the_same_names() -> None:
    x = np.random.default_rng(0).random((40, 2))
    y = (x[:, 0] > x[:, 1]).astype(int)
    net = spin_network((2, 4, 2), k_init=4.0, generator=0)
    how = TrainingSettings("adam", 0.05, epochs=150, batch_size=8)
    history = train(net, Split.from_arrays(x, y), how)
    assert history.final_accuracy > 0.8
