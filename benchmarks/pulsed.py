"""Training with weights that are devices against plain torch descent: 784-100-10, seconds an epoch of 60 000 images.

Run: python -m benchmarks.pulsed [--steps 300] [--repeats 9]

Plain torch and each kind of pulsed training take turns, a few hundred updates at a time, on one thread; the ratio is
the median over such turns, so that other load on the machine meets all alike. Images are random with MNIST's share of
zeros (four fifths, in the rows' and columns' margins and between), and are drawn anew for each update, since a network
that has learned its batch by heart hardly moves a weight. The time of an epoch is that of the updates alone.

With ``--accuracy`` the table of accuracies on MNIST (20 000 images, three epochs, batch 10) is made too, where the data
are to be had: the device has 16 states, exponential curves of v = 2 up and -2 down and a cycle-to-cycle spread of 0.3
of a step.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from benchmarks import Row
from spinloom.nn.pulsed import PulsedSGD
from spinloom.responses import Exponential, Plasticity

IMAGES = 60_000
STATES = 16
METHODS = ("in-place", "mixed-precision", "tiki-taka", "agad")
# peers: aihwkit's ratios to torch, from one run on another machine
LIMITS = {
    ("in-place", 10): (3.5, 4.2),
    ("in-place", 1): (2.0, 2.6),
    ("tiki-taka", 10): (4.5, 5.3),
    ("agad", 10): (None, 6.7),
}


def synapse() -> Plasticity:
    """16 states, asymmetric, with a spread of 0.3 of a step at each pulse."""
    rise, fall = Exponential(2.0), Exponential(-2.0)
    return Plasticity.from_values(
        states=STATES, potentiation=rise, depression=fall, cycle_to_cycle=0.3 / (STATES - 1), write_energy=1e-12
    )


def network(seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(784, 100), nn.Sigmoid(), nn.Linear(100, 10))


def optimiser_of(net: nn.Module, method: str, lr: float, seed: int = 0) -> torch.optim.Optimizer:
    if method == "torch":
        return torch.optim.SGD(net.parameters(), lr=lr)
    return PulsedSGD(net, synapse(), lr, method, w_max=0.5, seed=seed)


def images(batch: int, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random images with a digit's layout: a filled box in a dark frame, a third of it dark too."""
    chance = torch.Generator().manual_seed(0)
    x = torch.zeros(steps, batch, 28, 28)
    x[:, :, 5:23, 7:21] = torch.rand(steps, batch, 18, 14, generator=chance)
    x *= torch.rand(x.shape, generator=chance) < 0.65
    return x.flatten(2), torch.randint(0, 10, (steps, batch), generator=chance)


def run_of(method: str, batch: int, steps: int) -> Callable[[], float]:
    """A function that trains for some more updates and returns their seconds."""
    net = network(0)
    optimiser = optimiser_of(net, method, 0.1)
    loss = nn.CrossEntropyLoss()
    x, y = images(batch, steps)

    def run() -> float:
        start = time.perf_counter()
        for i in range(steps):
            optimiser.zero_grad()
            loss(net(x[i]), y[i]).backward()
            optimiser.step()
        return time.perf_counter() - start

    return run


def measure(batch: int, methods: tuple[str, ...], steps: int, repeats: int) -> dict[str, tuple[float, float]]:
    """Seconds an epoch and ratio to torch of each method, medians over turns; the first turn warms up."""
    runs = {method: run_of(method, batch, steps) for method in ("torch", *methods)}
    turns = [{method: run() for method, run in runs.items()} for _ in range(repeats + 1)][1:]
    epoch = IMAGES / batch / steps
    return {
        method: (
            statistics.median(turn[method] for turn in turns) * epoch,
            statistics.median(turn[method] / turn["torch"] for turn in turns),
        )
        for method in runs
    }


def rows(steps: int = 200, repeats: int = 9) -> list[Row]:
    """The lines of the table of results."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        measured = {10: measure(10, METHODS, steps, repeats), 1: measure(1, ("in-place",), steps, repeats)}
    finally:
        torch.set_num_threads(before)
    found = []
    for batch, table in measured.items():
        base = table.pop("torch")[0]
        for method, (seconds, ratio) in table.items():
            limit, peer = LIMITS.get((method, batch), (None, None))
            name = f"pulsed training, {method}, {STATES} states, 784-100-10, batch {batch}, 1 thread, against torch"
            text = f"{ratio:.2f} x, {seconds:.2f} s an epoch (torch {base:.2f} s" + (
                f"; aihwkit {peer} x in another run)" if peer else ")"
            )
            must = f"<= {limit} x" if limit else ""
            found.append(Row(name, must, text, None if limit is None else ratio <= limit))
    return found


def accuracies(seeds: int = 3, lr: float = 0.3, samples: int = 20_000, epochs: int = 3) -> dict[str, list[float]]:
    """Test accuracies of each method after three epochs at batch 10."""
    from spinloom.tasks import mnist

    split = mnist()
    x, y = torch.from_numpy(split.train_x[:samples].copy()), torch.from_numpy(split.train_y[:samples].copy()).long()
    test_x, test_y = torch.from_numpy(split.test_x.copy()), torch.from_numpy(split.test_y.copy()).long()
    loss = nn.CrossEntropyLoss()
    found: dict[str, list[float]] = {}
    for method in ("torch", *METHODS):
        for seed in range(seeds):
            net = network(seed)
            optimiser = optimiser_of(net, method, lr, seed)
            for _ in range(epochs):
                for chosen in torch.randperm(samples).split(10):
                    optimiser.zero_grad()
                    loss(net(x[chosen]), y[chosen]).backward()
                    optimiser.step()
            with torch.no_grad():
                right = net(test_x).argmax(1) == test_y
            found.setdefault(method, []).append(float(right.double().mean()))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--accuracy", action="store_true")
    chosen = parser.parse_args()
    for row in rows(chosen.steps, chosen.repeats):
        print(*row, sep="   ")
    if chosen.accuracy:
        for method, shares in accuracies().items():
            print(f"{method:16s}", "  ".join(f"{share:.1%}" for share in shares))


if __name__ == "__main__":
    main()
