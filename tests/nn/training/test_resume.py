"""A run that is killed and called again gives the numbers of one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spinloom.errors import DataError, InputError, OutputError
from spinloom.nn import SpinNeuron, Stochastic, TrainingSettings, spin_network, train
from spinloom.nn.training import checkpoint
from spinloom.tasks import digits

RUN = {"optimiser": "adam", "learning_rate": 0.01, "iterations": 60, "batch_size": 100, "evaluate_every": 6}


def network() -> torch.nn.Sequential:
    """With everything that draws: a noisy spin neuron, dropout (torch's global generator), shuffled batches."""
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(64, 20, bias=False),
        SpinNeuron(20, k=2.0, stochastic=Stochastic(trials=3)),
        torch.nn.Dropout(0.1),
        torch.nn.Linear(20, 10, bias=False),
        SpinNeuron(10, k=1.0, train=("k",)),
    )


# The same run in a process of its own, which tells how far it is and can be killed there.
SCRIPT = f"""
import signal, sys, torch
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test runner in the background hands down "ignore"
torch.set_num_threads(1)
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_resume import RUN, network
from spinloom.nn import TrainingSettings, train
from spinloom.tasks import digits

stop = int(sys.argv[2])

def progress(done, total):
    if done == stop:
        print("there", flush=True)
        sys.stdin.readline()

settings = TrainingSettings(checkpoint=sys.argv[1], checkpoint_every=7, **RUN)
train(network(), digits(), settings, 5, progress)
"""


def stopped(path: Path, at: int, how: signal.Signals) -> subprocess.Popen[str]:
    """Run until update ``at``, then stop by ``how``."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(path), str(at)], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.send_signal(how)
        process.communicate(timeout=60)
    return process


@pytest.fixture
def one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # the order of a sum depends on the number of threads
    yield
    torch.set_num_threads(before)


def same(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.usefixtures("one_thread")
def test_kill_9_and_ctrl_c_do_not_change_a_number(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    killed = stopped(path, 25, signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    interrupted = stopped(path, 45, signal.SIGINT)
    assert interrupted.returncode != 0
    state = torch.load(path, weights_only=True)
    assert state["iteration"] == 42  # the last multiple of 7: Ctrl-C left the checkpoint whole
    assert state["outcome"] is None

    resumed, whole = network(), network()
    steps: list[int] = []
    settings = TrainingSettings(checkpoint=path, checkpoint_every=7, **RUN)  # pyright: ignore[reportArgumentType]
    history = train(resumed, digits(), settings, 5, lambda done, _: steps.append(done))
    assert steps == list(range(43, 61))  # it went on, it did not begin anew
    reference = train(whole, digits(), TrainingSettings(**RUN), seed=5)  # pyright: ignore[reportArgumentType]
    assert same(resumed, whole)
    assert history.iterations.tolist() == reference.iterations.tolist() == list(range(0, 61, 6))
    assert np.array_equal(history.loss, reference.loss)
    assert np.array_equal(history.test_accuracy, reference.test_accuracy)
    assert all(np.array_equal(history.ranges[name], reference.ranges[name]) for name in reference.ranges)


def full_batch(**changes: Any) -> TrainingSettings:
    return TrainingSettings(**({"learning_rate": 0.5, "iterations": 30, "checkpoint_every": 10} | changes))


def small(seed: int = 1) -> torch.nn.Sequential:
    return spin_network((64, 8, 10), k_init="rule", c_init="rule", generator=seed)


def test_a_finished_run_is_read_back_not_run_again(tmp_path: Path) -> None:
    split, path = digits(), tmp_path / "deep" / "run.pt"
    first, again = small(), small()
    history = train(first, split, full_batch(checkpoint=path))
    steps: list[int] = []
    read = train(again, split, full_batch(checkpoint=path), progress=lambda done, _: steps.append(done))
    assert steps == []
    assert same(first, again)
    assert np.array_equal(history.loss, read.loss)
    assert sorted(p.name for p in path.parent.iterdir()) == ["run.pt"]


@pytest.mark.parametrize("first", [30, 25])  # 25 is no multiple of evaluate_every
def test_asking_for_more_continues(tmp_path: Path, first: int) -> None:
    split, path = digits(), tmp_path / "run.pt"
    net, whole = small(), small()
    train(net, split, full_batch(checkpoint=path, iterations=first))
    net = small()
    history = train(net, split, full_batch(checkpoint=path, iterations=50))
    reference = train(whole, split, full_batch(iterations=50))
    assert same(net, whole)
    assert history.iterations.tolist() == reference.iterations.tolist()
    assert np.array_equal(history.loss, reference.loss)
    with pytest.raises(InputError, match="already at update 50, past the 30 asked for"):
        train(small(), split, full_batch(checkpoint=path))


def test_early_stopping_survives_a_resume(tmp_path: Path) -> None:
    split, path = digits().first(60), tmp_path / "run.pt"
    how: dict[str, Any] = {"optimiser": "adam", "learning_rate": 0.3, "iterations": 400, "evaluate_every": 5}
    how |= {"patience": 4, "checkpoint_every": 13}
    reference = train(small(), split, TrainingSettings(**how))
    assert reference.outcome == "stopped early"

    class Stop(Exception):
        pass

    def stop(done: int, _: int) -> None:
        if done == 30:
            raise Stop

    net = small()
    with pytest.raises(Stop):
        train(net, split, TrainingSettings(checkpoint=path, **how), progress=stop)
    net = small()
    history = train(net, split, TrainingSettings(checkpoint=path, **how))
    assert history.iterations.tolist() == reference.iterations.tolist()
    assert np.array_equal(history.valid_loss, reference.valid_loss)
    assert history.iteration == reference.iteration
    again = train(small(), split, TrainingSettings(checkpoint=path, **how))
    assert again.outcome == "stopped early"
    assert again.iteration == reference.iteration


@pytest.mark.parametrize(
    ("change", "seed", "net", "message"),
    [
        ({"learning_rate": 0.1}, 0, 1, "learning_rate was 0.5, is 0.1"),
        ({}, 3, 1, "seed was 0, is 3"),
        ({}, 0, 2, "network was"),
        ({"couple": torch.neg}, 0, 1, "couple was None, is"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(
    tmp_path: Path, change: dict[str, Any], seed: int, net: int, message: str
) -> None:
    path = tmp_path / "run.pt"
    train(small(), digits(), full_batch(checkpoint=path, iterations=10))
    before = path.read_bytes()
    with pytest.raises(InputError, match=f"belongs to another run.*{message}"):
        train(small(net), digits(), full_batch(checkpoint=path, iterations=10, **change), seed=seed)
    assert path.read_bytes() == before
    with pytest.raises(InputError, match="data was digits"):
        train(small(), digits().first(500), full_batch(checkpoint=path, iterations=10))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 truncated", b"not a checkpoint at all"])
def test_a_damaged_checkpoint_is_said_to_be_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.pt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"run.pt is no checkpoint, or damaged. Remove it"):
        train(small(), digits(), full_batch(checkpoint=path))


def test_a_checkpoint_of_another_format_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    torch.save({"format": 99, "identity": {}}, path)
    with pytest.raises(DataError, match="another version of Spinloom"):
        train(small(), digits(), full_batch(checkpoint=path))


def test_a_folder_that_cannot_be_written_is_said_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    steps: list[int] = []
    with pytest.raises(OutputError, match="cannot be written"):
        train(small(), digits(), full_batch(checkpoint=tmp_path / "file" / "run.pt"), 0, lambda d, _: steps.append(d))
    assert steps == []


def test_a_failed_write_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.pt"
    checkpoint.save(path, {"identity": {}, "value": 1})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(OutputError, match=r"No space left on device.*Make room"):
        checkpoint.save(path, {"identity": {}, "value": 2})
    kept = checkpoint.load(path, {})
    assert kept is not None
    assert kept["value"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


def test_the_half_file_of_a_killed_run_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    (tmp_path / "run.pt.part").write_bytes(b"half")
    train(small(), digits(), full_batch(checkpoint=path))
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]
