"""Networks that learn without labels: two patterns told apart, runs interrupted and resumed, and what is said aloud."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinloom.errors import DataError, InputError, SpinloomWarning
from spinloom.snn import Labels, Layer, LeakyNeuron, Network, PoissonCode, Rule

PATTERNS = np.kron(np.eye(2), np.ones(8))  # two halves of 16 inputs


def network(seed: int = 0, **cell) -> Network:
    neuron = LeakyNeuron(**{"per_weight": "2 mV", "inhibition": 8.0, "threshold_step": "0.2 mV", **cell})
    layer = Layer(16, 6, neuron, Rule(eta_post=0.05), seed=seed)
    return Network(layer, PoissonCode(16, rate="80 Hz", duration="200 ms", seed=seed), total=4.0)


def samples(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    y = np.random.default_rng(seed).integers(0, 2, n)
    return PATTERNS[y], y


def test_neurons_come_to_stand_for_one_pattern() -> None:
    """Disjoint patterns: after 200 presentations each is answered by neurons of its own, 40 of 40 right."""
    net = network()
    net.fit(samples(200)[0])
    x, y = samples(40, 1)
    counts = net.counts(x)
    labels = Labels.of(counts, y)
    assert (labels.predict(counts) == y).all()
    assert set(labels.label) >= {0, 1}
    w = net.layers[0].w
    for neuron, label in enumerate(labels.label):
        if label >= 0:
            assert w[PATTERNS[label] == 1, neuron].sum() > 3 * w[PATTERNS[label] == 0, neuron].sum()


def test_testing_changes_nothing() -> None:
    net = network()
    net.fit(samples(60)[0])
    before = net.layers[0].state()
    one, two = net.counts(samples(10)[0]), net.counts(samples(10)[0])
    np.testing.assert_array_equal(one, two)
    for name, value in before.items():
        np.testing.assert_array_equal(value, net.layers[0].state()[name])


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_interrupted_and_resumed_gives_the_same_numbers(tmp_path: Path, stop: type[BaseException]) -> None:
    x, _ = samples(90)
    whole = network()
    expected = whole.fit(x)
    path = tmp_path / "net.npz"

    def halt(done: int, _total: int) -> None:
        if done == 37:
            raise stop

    with pytest.raises(stop):
        network().fit(x, checkpoint=path, progress=halt)
    resumed = network()
    seen = resumed.fit(x, checkpoint=path)
    np.testing.assert_array_equal(seen, expected)
    np.testing.assert_array_equal(resumed.layers[0].w, whole.layers[0].w)
    assert not path.exists()


def test_killed_in_the_middle_loses_only_what_was_not_kept(tmp_path: Path) -> None:
    """A kill leaves the last state that was kept; going on from it gives the same numbers."""
    x, _ = samples(60)
    path = tmp_path / "net.npz"
    kept = tmp_path / "kept.npz"

    def copy(done: int, _total: int) -> None:
        if done == 25:
            kept.write_bytes(path.read_bytes())

    expected = network().fit(x, checkpoint=path, every=10, progress=copy)
    path.write_bytes(kept.read_bytes())
    np.testing.assert_array_equal(network().fit(x, checkpoint=path), expected)


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    path.write_bytes(b"no checkpoint")
    with pytest.raises(DataError, match="damaged"):
        network().fit(samples(20)[0], checkpoint=path)
    path.unlink()
    net = network()
    net._keep(path, np.zeros((30, 6), int), 0, 5)
    with pytest.raises(InputError, match="another run"):
        network().fit(samples(20)[0], checkpoint=path)


def test_silence_is_said() -> None:
    with pytest.warns(SpinloomWarning, match="per_weight"):
        network(per_weight="0.05 mV").fit(samples(60)[0])


def test_a_winner_of_everything_is_said() -> None:
    net = Network(
        Layer(16, 6, LeakyNeuron(threshold_step=0), Rule("fixed"), weights=np.eye(16, 6) * 0 + 0.05, seed=0),
        PoissonCode(16, rate="300 Hz", duration="200 ms"),
    )
    net.layers[0].w[:, 2] = 0.6
    with pytest.warns(SpinloomWarning, match="Neuron 2"):
        net.fit(samples(60)[0])


def test_two_layers_hand_spikes_on() -> None:
    """A second layer of one neuron per pattern, wired by hand, fires for the pattern its inputs stand for."""
    strong = LeakyNeuron(threshold_step=0, per_weight="20 mV", inhibition=1.0)
    first = Layer(16, 2, strong, Rule("fixed"), weights=np.kron(np.eye(2), np.ones(8)).T * 0.3)
    second = Layer(2, 2, strong, Rule("fixed"), weights=np.eye(2)[::-1].copy())
    net = Network([first, second], PoissonCode(16, rate="80 Hz", duration="200 ms"))
    counts = net.counts(PATTERNS)
    assert counts[0, 1] > 0 == counts[0, 0]
    assert counts[1, 0] > 0 == counts[1, 1]
    with pytest.raises(InputError, match="Layer 1"):
        Network([first, Layer(3, 2)], PoissonCode(16))


def test_labels_by_hand() -> None:
    counts = np.array([[3, 0, 0], [2, 1, 0], [0, 4, 0]])
    labels = Labels.of(counts, np.array([0, 0, 1]))
    np.testing.assert_array_equal(labels.label, [0, 1, -1])
    np.testing.assert_array_equal(labels.predict(counts), [0, 0, 1])


def test_a_class_without_samples_names_no_neuron() -> None:
    labels = Labels.of(np.array([[3, 0], [0, 2]]), np.array([0, 2]))
    np.testing.assert_array_equal(labels.label, [0, 2])
    assert labels.classes == 3
