"""One full-batch iteration of the 784-25-10 network against the matrix products it cannot do without.

Run: python -m benchmarks.network [--threads 2] [--repeats 25]

The reference is plain torch doing the five products of an iteration (two forward, three backward) on the same shapes
and nothing else. Right before each iteration of the training loop the products and a plain torch iteration are timed
too, so that other load on the machine meets all three alike; the ratio is the median over such triples. Under heavy
load (more busy threads than cores) the figures mean nothing all the same. The data are random, since the time of an
iteration does not depend on their values. Counting test accuracy every ten iterations is not part of it: about 1 %.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from benchmarks import Row
from spinloom.nn import TrainingSettings, spin_network, train
from spinloom.tasks import Split

SAMPLES, INPUTS, HIDDEN, OUTPUTS = 50_000, 784, 25, 10


def products(x: torch.Tensor, w1: torch.Tensor, w2: torch.Tensor) -> None:
    """The five matrix products of one iteration; the inputs need no gradient."""
    z2 = x @ w1.T
    z3 = z2 @ w2.T
    _ = z3.T @ z2
    g2 = z3 @ w2
    _ = g2.T @ x


def plain_network(x: torch.Tensor, y: torch.Tensor) -> Callable[[], None]:
    """One iteration of the same network with fixed activations as one would write it in torch, for comparison."""
    net = torch.nn.Sequential(
        torch.nn.Linear(INPUTS, HIDDEN, bias=False),
        torch.nn.Sigmoid(),
        torch.nn.Linear(HIDDEN, OUTPUTS, bias=False),
    )
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
    targets = torch.nn.functional.one_hot(y, OUTPUTS).float()

    def step() -> None:
        optimiser.zero_grad()
        u = net(x)
        (torch.nn.functional.binary_cross_entropy_with_logits(u, targets, reduction="sum") / len(x)).backward()
        optimiser.step()

    return step


def random_split() -> Split:
    chance = np.random.default_rng(0)
    x = chance.random((SAMPLES, INPUTS), dtype=np.float32)
    y = chance.integers(0, OUTPUTS, SAMPLES)
    return Split(x, y, x[:0], y[:0], x[:100], y[:100], name="random", sha256="random")


class Marks:
    """The time between two calls of training's progress: one iteration of the product's own loop."""

    def __init__(self, between: Callable[[], None]) -> None:
        self.iterations: list[float] = []
        self._between = between
        self._start: float | None = None

    def __call__(self, done: int, total: int) -> None:
        """Note the time since the last call, then run what is timed in between."""
        if self._start is not None:
            self.iterations.append(time.perf_counter() - self._start)
        self._between()
        self._start = time.perf_counter()


def timed(call: Callable[[], None]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(repeats: int, trained: tuple[str, ...]) -> dict[str, list[float]]:
    """Seconds of each iteration: the products alone, plain torch, and training, timed in turn."""
    split = random_split()
    x, y = torch.from_numpy(split.train_x), torch.from_numpy(split.train_y)
    w1, w2 = torch.rand(HIDDEN, INPUTS) - 0.5, torch.rand(OUTPUTS, HIDDEN) - 0.5
    plain = plain_network(x, y)
    seconds: dict[str, list[float]] = {"matrix products": [], "plain torch, fixed activation": []}

    def others() -> None:
        seconds["matrix products"].append(timed(lambda: products(x, w1, w2)))
        seconds["plain torch, fixed activation"].append(timed(plain))

    marks = Marks(others)
    net = spin_network((INPUTS, HIDDEN, OUTPUTS), train=trained)
    train(net, split, TrainingSettings(iterations=repeats + 3, evaluate_every=10**6, failure="record"), progress=marks)
    name = "spinloom, k and c trained" if trained else "spinloom, fixed activation"
    # the call after iteration n times the others, then iteration n + 1; the first two warm up
    return {n: values[2 : repeats + 2] for n, values in {**seconds, name: marks.iterations}.items()}


def rows(threads: int = 2, repeats: int = 20) -> list[Row]:
    """The lines of the table of results."""
    torch.set_num_threads(threads)
    found = []
    for trained, what in (((), "fixed activation"), (("k", "c"), "k and c trained")):
        seconds = measure(repeats, trained)
        base, plain, ours = seconds.values()
        ratio = statistics.median(value / b for value, b in zip(ours, base, strict=True))
        torch_ratio = statistics.median(value / b for value, b in zip(plain, base, strict=True))
        text = f"{ratio:.2f} x, {statistics.median(ours) * 1e3:.0f} ms an iteration (plain torch {torch_ratio:.2f} x)"
        name = f"Xin2023_network, full batch, {threads} threads, {what}, against its matrix products"
        found.append(Row(name, "<= 1.3 x", text, ratio <= 1.3))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=20)
    chosen = parser.parse_args()
    for row in rows(chosen.threads, chosen.repeats):
        print(*row, sep="   ")


if __name__ == "__main__":
    main()
