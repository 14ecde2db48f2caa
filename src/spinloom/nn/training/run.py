"""The state of one training run, and its steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import nn

from spinloom.errors import InputError
from spinloom.nn.functional import output_cross_entropy, output_cross_entropy_from_logits
from spinloom.nn.neurons import SpinNeuron
from spinloom.nn.training import checkpoint
from spinloom.nn.training.history import History, Outcome
from spinloom.nn.training.samples import Batches, Part, Samples, mixed_seed
from spinloom.nn.training.settings import OnDevices, TrainingSettings

_STEP, _EVALUATION, _PULSES = 2, 3, 4  # what chance is drawn for (1 is the order of the samples)
_STALLED = 0.99  # a loss that fell by less than 1 % over the second half of a run has stopped falling
_EXPLODED = 2.0  # a loss of twice the untrained network's
_MARGIN = 0.1  # share of the way from guessing to perfect below which nothing was learned


@final
class Run:
    """A network under training: what a checkpoint holds, and how it moves on."""

    def __init__(self, net: nn.Module, split: Samples, settings: TrainingSettings, seed: int) -> None:
        self.net = net
        self.settings = settings
        self.seed = seed
        self.path = Path(settings.checkpoint) if settings.checkpoint is not None else None
        self.iteration = 0
        self.outcome: Outcome | None = None
        self.message = ""
        self.record: dict[str, list[Any]] = {}
        self.kept: dict[str, Any] = {}  # the state of the best evaluation so far
        named = [(name, parameter) for name, parameter in net.named_parameters() if parameter.requires_grad]
        trained = [parameter for _, parameter in named]
        if not trained:
            raise InputError("The network has no parameter that requires a gradient: there is nothing to train.")
        if settings.patience is not None and len(split.valid_y) == 0:
            raise InputError(
                f"patience needs validation samples, and {split.name} has none. Give some, or leave it out."
            )
        self._identity = {
            **settings.identity(),
            "seed": str(seed),
            "data": f"{split.name} {split.sha256} {split.train_x.shape} {split.test_x.shape}",
            "network": checkpoint.fingerprint(net),
        }
        net.to(settings.torch_device())
        self.neurons = [layer for layer in net.modules() if isinstance(layer, SpinNeuron)]
        self._constrain()
        outputs = self._outputs_for(split)
        self.training = Part(split.train_x, split.train_y, outputs, trained[0])
        self.validation = Part(split.valid_x, split.valid_y, outputs, trained[0]) if settings.patience else None
        self.test = Part(split.test_x, split.test_y, outputs, trained[0])
        self.total = settings.updates(len(self.training))
        self._batches = Batches(self.training, settings.batch_size, seed)
        self._optimiser = settings.make_optimiser(named)
        if isinstance(self._optimiser, OnDevices):
            self._optimiser.reseed(mixed_seed(seed, self._optimiser.seed, _PULSES))
            self._optimiser.quiet = settings.failure == "record"

    # --- one step -----------------------------------------------------------------------------------------------

    def go(self, progress: Callable[[int, int], None]) -> None:
        """Run to the end, or to where it stops by itself."""
        if self.outcome is not None:
            return
        batches = self._batches.after(self.iteration)
        for n in range(self.iteration, self.total):
            if not self._gradient(*next(batches)) or (n % self.settings.evaluate_every == 0 and not self._evaluate()):
                return self._save()
            self._optimiser.step()
            self._constrain()
            self.iteration = n + 1
            if (n + 1) % self.settings.checkpoint_every == 0:
                self._save()
            progress(n + 1, self.total)
        if self._gradient(*next(batches)) and self._evaluate():
            self._judge()
        self._save()
        return None

    def _gradient(self, x: torch.Tensor, targets: torch.Tensor) -> bool:
        """Loss and gradient at the present parameters; False, and the network put back, where the loss is no number."""
        self._draw_for(_STEP)
        self.net.train()
        self._optimiser.zero_grad(set_to_none=True)
        loss = loss_of(self.net, x, targets)
        self._loss = float(loss.detach())
        if math.isfinite(self._loss):
            loss.backward()
            return True
        if not self.kept:
            raise InputError(
                f"The loss is {self._loss} before the first update. The weights or the inputs hold NaN or infinity."
            )
        rate, here = self.settings.learning_rate, self.iteration
        self._put_back()
        self.outcome = "diverged"
        self.message = (
            f"Training diverged: the loss was {self._loss} after {here} updates at learning rate {rate:g}. "
            f"The network was put back to update {self.iteration}. "
            f"Use a smaller learning rate, e.g. {rate / 3:.2g}, or start k and c nearer to zero."
        )
        return False

    def _constrain(self) -> None:
        """Bring every neuron into its bounds, and its c to where the device forces it."""
        for neuron in self.neurons:
            neuron.project_()
            if self.settings.couple is not None:
                with torch.no_grad():
                    neuron.c.copy_(self.settings.couple(neuron.k.detach()))

    def _draw_for(self, purpose: int) -> None:
        """Set every source of chance from (seed, iteration) alone, so that a resumed run draws the same."""
        seed = mixed_seed(self.seed, self.iteration, purpose)
        torch.default_generator.manual_seed(seed)
        if torch.cuda.is_initialized():
            torch.cuda.manual_seed(seed)
        for number, neuron in enumerate(self.neurons):
            if neuron.stochastic is not None:
                neuron.reseed(mixed_seed(self.seed, self.iteration, purpose, number))

    # --- evaluation ---------------------------------------------------------------------------------------------

    @torch.no_grad()
    def _evaluate(self) -> bool:
        """Write down where the run stands; False where early stopping ends it."""
        self._draw_for(_EVALUATION)
        self.net.eval()
        right = self.net(self.test.x).argmax(dim=1) == self.test.labels
        entry = {"iterations": self.iteration, "loss": self._loss, "test_accuracy": float(right.double().mean())}
        entry["valid_loss"] = math.nan
        if self.validation is not None:
            entry["valid_loss"] = float(loss_of(self.net, self.validation.x, self.validation.targets))
        for layer, neuron in enumerate(self.neurons, start=2):
            for name in ("k", "c"):
                entry[f"{name}{layer}"] = [float(end) for end in getattr(neuron, name).aminmax()]
        for name, value in entry.items():
            self.record.setdefault(name, []).append(value)
        return self._go_on(self._loss if self.validation is None else entry["valid_loss"])

    def _go_on(self, score: float) -> bool:
        """Keep the best state, by validation loss where there is patience, else by training loss; count the others."""
        strikes = self.record.setdefault("strikes", [])
        # a run that is extended evaluates the iteration it ended with again: no strike for that
        if not self.kept or score < self.kept["score"] or self.kept["iteration"] == self.iteration:
            state = {name: value.detach().clone() for name, value in self.net.state_dict().items()}
            self.kept = {"iteration": self.iteration, "net": state, "score": score}
            strikes.append(0)
            return True
        strikes.append(1 + (strikes[-1] if strikes else 0))
        if self.settings.patience is None or strikes[-1] < self.settings.patience:
            return True
        self._put_back()
        self.outcome = "stopped early"
        return False

    def _put_back(self) -> None:
        self.net.load_state_dict(self.kept["net"])
        self.iteration = self.kept["iteration"]

    def _judge(self) -> None:
        """Say how a run that went its whole length ended."""
        self.outcome = "finished"
        loss = self.record["loss"]
        share = float(torch.bincount(self.test.labels).max()) / len(self.test)
        reached = self.record["test_accuracy"][-1]
        half = (len(loss) + 1) // 2
        stalled = half > 1 and min(loss[half:]) > _STALLED * min(loss[:half])
        if (stalled or loss[-1] > _EXPLODED * loss[0]) and reached <= share + _MARGIN * (1 - share):
            self.outcome = "collapsed"
            why = "Start k and c nearer to zero, or change the learning rate."
            if isinstance(self._optimiser, OnDevices):
                why = self._optimiser.diagnosis() or why
            elif self.settings.couple is not None:
                why = "c is tied to k and holds the neurons in saturation: hold c by a bias current and train k alone."
            self.message = (
                f"The network did not learn: after {self.iteration} updates {reached:.1%} of the test samples are "
                f"right (naming one class always: {share:.1%}), and the loss stays at {loss[-1]:.3g}. {why}"
            )

    def _outputs_for(self, split: Samples) -> int:
        """Number of outputs, from one sample; refuses data that the network does not take."""
        like = next(self.net.parameters())
        self.net.eval()
        try:
            with torch.no_grad():
                outputs = self.net(torch.from_numpy(split.train_x[:1].copy()).to(like.device, like.dtype))
        except RuntimeError as error:
            raise InputError(
                f"The network does not take the {split.train_x.shape[1]} features of {split.name} ({error}). Make its "
                "first layer that wide."
            ) from error
        classes = 1 + int(max(split.train_y.max(), split.test_y.max()))
        if outputs.ndim != 2 or outputs.shape[1] < classes:
            raise InputError(
                f"{split.name} has {classes} classes, and the network's output for one sample has shape "
                f"{tuple(outputs.shape)}. Make its last layer {classes} wide."
            )
        return outputs.shape[1]

    # --- keeping ------------------------------------------------------------------------------------------------

    def resume(self) -> None:
        """Go on from the checkpoint, where there is one of this run."""
        if self.path is None:
            return
        checkpoint.check_writable(self.path)
        state = checkpoint.load(self.path, self._identity)
        if state is None:
            return
        ended = state["outcome"] is not None
        if state["reached"] > self.total:
            raise InputError(
                f"{self.path} is already at update {state['reached']}, past the {self.total} asked for. Ask for more, "
                "or name another checkpoint."
            )
        self.net.load_state_dict(state["net"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.iteration, self.record, self.kept = state["iteration"], state["record"], state["kept"]
        if ended and (state["outcome"] in ("diverged", "stopped early") or state["reached"] == self.total):
            self.outcome, self.message = state["outcome"], state["message"]
        elif ended:  # more iterations are asked for now: its last evaluation is made again in its turn
            for values in self.record.values():
                values.pop()

    def _save(self) -> None:
        if self.path is None:
            return
        state = {
            "identity": self._identity,
            "iteration": self.iteration,
            "reached": max([self.iteration, *self.record.get("iterations", [])]),
            "outcome": self.outcome,
            "message": self.message,
            "net": self.net.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "record": self.record,
            "kept": self.kept,
        }
        checkpoint.save(self.path, state)

    def history(self) -> History:
        """The run so far, as arrays."""
        columns = {name: np.asarray(values) for name, values in self.record.items()}
        ranges = {name: values for name, values in columns.items() if name[0] in "kc" and name[1:].isdigit()}
        return History(
            iterations=columns["iterations"],
            loss=columns["loss"],
            test_accuracy=columns["test_accuracy"],
            valid_loss=columns["valid_loss"],
            ranges=ranges,
            outcome=self.outcome or "finished",
            message=self.message,
            iteration=self.iteration,
        )


def loss_of(net: nn.Module, x: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross entropy of a network's outputs; from the logits of the last layer where that is a layer of spin neurons."""
    last = net[-1] if isinstance(net, nn.Sequential) and len(net) else None
    if isinstance(net, nn.Sequential) and isinstance(last, SpinNeuron):
        for layer in list(net)[:-1]:
            x = layer(x)
        return output_cross_entropy_from_logits(last.logit(x), targets)
    outputs = net(x)
    low, high = (float(end) for end in outputs.detach().aminmax())
    if low < 0 or high > 1:
        raise InputError(
            f"The network's outputs reach from {low:.3g} to {high:.3g}; the loss takes outputs between 0 and 1. End it "
            "with a SpinNeuron or torch.nn.Sigmoid."
        )
    if not (math.isfinite(low) and math.isfinite(high)):
        return outputs.sum()  # NaN; torch's cross entropy refuses it with an error that does not say what happened
    return output_cross_entropy(outputs, targets)
