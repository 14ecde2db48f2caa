"""Spiking networks on one core: iris flowers, one image of digits, synapse updates, a whole MNIST.

Run: python -m benchmarks.spiking

Other simulators' times are those that were measured when the project was planned, on another machine: BindsNET and
Brian2 with a step of 1 ms.
"""

from __future__ import annotations

import numpy as np

from benchmarks import Row
from benchmarks.dynamics import fastest
from spinloom.devices import device
from spinloom.snn import Events, FlipCode, JunctionCode, Layer, LeakyNeuron, Network, PoissonCode, Population, Rule

PIXELS, OUTPUTS = 784, 100
LIT = 0.13
"""Mean of an MNIST image, white = 1."""


def iris() -> Row:
    """15 rounds of 100 flowers on 48 junctions and 30 outputs, as the reproduction Zhang2022_iris has it."""
    from spinloom.tasks import iris as flowers

    x = flowers().train_x.astype(float)[:100]
    x = np.concatenate([x, x])[:100]
    junction = device("Zhang2022_mtj")
    rows = [Population.covering(junction.two_state(12, a), -100e-6, 100e-6) for a in range(4)]
    cell = LeakyNeuron(per_weight="5 mV", inhibition=3.5)

    def run() -> None:
        layer = Layer(48, 30, cell, Rule("weight-dependent", 0.001, 0.01))
        net = Network(layer, JunctionCode(rows, ideal=True), total=8.0)
        for _ in range(15):
            net.fit(x)

    run()  # compiles
    spent = fastest(run, repeats=3)
    return Row(
        "iris net of 48 junctions and 30 outputs, 15 x 100 presentations learning, one core (BindsNET about 200 s, "
        "Brian2 320 s)",
        "<= 1 s",
        f"{spent:.2f} s",
        spent <= 1.0,
    )


def images(count: int = 200) -> np.ndarray:
    """MNIST where it is at hand, else blots of the same mean."""
    from spinloom.errors import SpinloomError
    from spinloom.tasks import mnist

    try:
        return mnist().train_x[:count].reshape(count, PIXELS).astype(float)
    except SpinloomError:
        chance = np.random.default_rng(1)
        return np.where(chance.random((count, PIXELS)) < LIT, 1.0, 0.0)


def presentation() -> list[Row]:
    """Encoding and learning of a 350 ms image, by Poisson sources and by junctions; and 60 000 of them."""
    shown = images()
    junctions = device("Zhang2022_mtj").two_state(PIXELS)
    codes = {
        "Poisson sources": PoissonCode(PIXELS),
        "flips of junctions": FlipCode(junctions, "-116.27 uA", "-16.27 uA"),
    }
    rows = []
    for name, code in codes.items():
        net = Network(
            Layer(PIXELS, OUTPUTS, LeakyNeuron(inhibition=120.0), Rule("weight-dependent", 1e-4, 1e-2)), code, 78.4
        )
        net.fit(np.concatenate([shown] * 5))  # compiles, and past the many spikes of the beginning
        spent = fastest(lambda net=net: net.fit(shown), repeats=3) / len(shown)
        coding = fastest(lambda code=code: [code(x, n) for n, x in enumerate(shown)], repeats=3) / len(shown)
        rows.append(
            Row(
                f"784 -> 100, one presentation of 350 ms learning, {name}, one core (BindsNET 124-157 ms, Brian2 C++ "
                "5.7 ms and its build)",
                "<= 1 ms",
                f"{1e3 * spent:.2f} ms, {1e3 * coding:.2f} ms of it for the spikes",
                spent <= 1e-3,
            )
        )
        rows.append(
            Row(
                f"784 -> 100, 60 000 presentations learning, {name}, one core",
                "<= 120 s",
                f"{60_000 * spent:.0f} s, from {len(shown)} presentations",
                60_000 * spent <= 120.0,
            )
        )
    return rows


def updates() -> Row:
    """A million plastic synapses, each changed once by a spike of its input: the weight-dependent rule."""
    inputs = 1000
    layer = Layer(inputs, 1000, LeakyNeuron(threshold="1 V"), Rule("weight-dependent", 1e-4, 1e-2))
    every = Events(np.full(inputs, 1e-3), np.arange(inputs), inputs, 2e-3)

    def run() -> None:
        layer.rest()
        layer.post[:] = 1.0
        layer.present(every)

    run()
    spent = fastest(run, repeats=5)
    return Row(
        "1e6 synapses updated once, with their inputs added to the neurons, one core",
        "<= 5 ms",
        f"{1e3 * spent:.2f} ms",
        spent <= 5e-3,
    )


def rows() -> list[Row]:
    """All rows of this file."""
    return [iris(), *presentation(), updates()]


if __name__ == "__main__":
    for row in rows():
        print(row)
