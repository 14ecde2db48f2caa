"""What a training run leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, final

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

Outcome = Literal["finished", "stopped early", "diverged", "collapsed"]


@final
@dataclass(frozen=True, eq=False)
class History:
    """The course of a training run, one entry an evaluation.

    Attributes
    ----------
    iterations : numpy.ndarray of int, shape (evaluations,)
        Updates made before each evaluation.
    loss : numpy.ndarray, shape (evaluations,)
        Training loss J there; of the next batch only, where the run has batches.
    test_accuracy : numpy.ndarray, shape (evaluations,)
        Share of the test samples classified correctly.
    valid_loss : numpy.ndarray, shape (evaluations,)
        Loss on the validation part; NaN where early stopping was not asked for.
    ranges : dict of str to numpy.ndarray, shape (evaluations, 2)
        Lowest and highest k and c of each layer, "k2", "c2", "k3", ...: layers are counted from the input, which is 1.
    outcome : {"finished", "stopped early", "diverged", "collapsed"}
        How it ended.
    message : str
        What went wrong and what to change; empty where nothing did.
    iteration : int
        Updates behind the network as it was left: all of them, or those of the best evaluation.
    """

    iterations: np.ndarray
    loss: np.ndarray
    test_accuracy: np.ndarray
    valid_loss: np.ndarray
    ranges: dict[str, np.ndarray]
    outcome: Outcome
    message: str
    iteration: int

    @property
    def learned(self) -> bool:
        """False where the run diverged or collapsed."""
        return self.outcome in ("finished", "stopped early")

    @property
    def final_accuracy(self) -> float:
        """Test accuracy of the network as it was left."""
        return float(self.test_accuracy[self._left])

    @property
    def final_loss(self) -> float:
        """Training loss of the network as it was left."""
        return float(self.loss[self._left])

    @property
    def final_ranges(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest k and c of each layer in the network as it was left."""
        return {name: (float(ends[self._left, 0]), float(ends[self._left, 1])) for name, ends in self.ranges.items()}

    @property
    def run_ranges(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest k and c of each layer over the whole run (as in the published fig. 3.11)."""
        return {name: (float(ends[:, 0].min()), float(ends[:, 1].max())) for name, ends in self.ranges.items()}

    @property
    def _left(self) -> int:
        return int(np.flatnonzero(self.iterations == self.iteration)[-1])

    @property
    def last_progress(self) -> int:
        """The last evaluated iteration at which the loss was 1 % lower than ever before; 0 where it never was."""
        best, last = self.loss[0], 0
        for iteration, loss in zip(self.iterations, self.loss, strict=True):
            if loss < 0.99 * best:
                best, last = loss, int(iteration)
        return last

    def reached(self, accuracy: float) -> int | None:
        """The first evaluated iteration with at least this test accuracy, or None."""
        there = np.flatnonzero(self.test_accuracy >= accuracy)
        return int(self.iterations[there[0]]) if len(there) else None

    def to_xarray(self) -> xr.Dataset:
        """The same as a dataset over ``iteration``, with units; it saves to netCDF and loads back equal."""
        import xarray as xr

        columns = {
            "loss": ("training loss, summed over outputs and averaged over samples", self.loss),
            "test_accuracy": ("share of test samples classified correctly", self.test_accuracy),
            "valid_loss": ("loss on the validation part", self.valid_loss),
        }
        data = {
            name: ("iteration", values, {"units": "1", "long_name": text}) for name, (text, values) in columns.items()
        }
        layered = {
            name: (("iteration", "edge"), values, {"units": "1", "long_name": f"range of {name[0]}, layer {name[1:]}"})
            for name, values in self.ranges.items()
        }
        coords = {"iteration": ("iteration", self.iterations, {"units": "1", "long_name": "updates made"})}
        if layered:
            coords["edge"] = ("edge", np.array(["lowest", "highest"]), {})
        attrs = {"outcome": self.outcome, "message": self.message, "iteration": self.iteration}
        return xr.Dataset({**data, **layered}, coords=coords, attrs=attrs)
