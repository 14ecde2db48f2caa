"""A data set in three parts: to train on, to decide on, to report on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import final

import numpy as np

from spinloom.errors import InputError

PARTS = ("train", "valid", "test")


@final
@dataclass(frozen=True, eq=False)
class Split:
    """Training, validation and test samples with their labels.

    Attributes
    ----------
    train_x, valid_x, test_x : numpy.ndarray, shape (samples, features)
        Inputs, float32; in [0, 1] for the data sets that Spinloom brings. The validation part may be empty.
    train_y, valid_y, test_y : numpy.ndarray, shape (samples,)
        Labels, int64, counted from 0.
    name : str
        Name of the data set.
    sha256 : str
        Fingerprint: of the file it was read from, or of the arrays where there is no file.
    licence : str
        What the owner allows.

    Raises
    ------
    InputError
        Parts of different width, labels that do not match the samples, NaN, negative or fractional labels.
    """

    train_x: np.ndarray
    train_y: np.ndarray
    valid_x: np.ndarray
    valid_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    name: str = "yours"
    sha256: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        """Bring all parts to float32 and int64, and refuse what no network could be trained on."""
        digest = hashlib.sha256()
        for part in PARTS:
            x, y = _checked(getattr(self, f"{part}_x"), getattr(self, f"{part}_y"), f"{self.name}, {part} part")
            object.__setattr__(self, f"{part}_x", x)
            object.__setattr__(self, f"{part}_y", y)
            if not self.sha256:
                digest.update(np.ascontiguousarray(x).tobytes() + y.tobytes())
        if not self.sha256:
            object.__setattr__(self, "sha256", digest.hexdigest())
        widths = {part: getattr(self, f"{part}_x").shape[1] for part in PARTS}
        if len(set(widths.values())) > 1:
            raise InputError(f"{self.name}: the parts differ in their number of features: {widths}. Make them equal.")
        for part in ("train", "test"):
            if len(getattr(self, f"{part}_y")) == 0:
                raise InputError(f"{self.name}: the {part} part is empty. Give it at least one sample.")

    @classmethod
    def from_arrays(cls, x: np.ndarray, y: np.ndarray, name: str = "yours", licence: str = "") -> Split:
        """Cut one table of samples into three parts, 3 : 1 : 1, class by class and without chance.

        Within each class the samples are dealt out in their order: three to training, one to validation, one to test.

        Parameters
        ----------
        x : array, shape (samples, features)
            Inputs.
        y : array, shape (samples,)
            Labels, counted from 0.
        name, licence : str
            What to call the data, and what its owner allows.
        """
        x, y = _checked(x, y, name)
        place = np.empty(len(y), dtype=np.int64)
        for label in np.unique(y):
            members = np.flatnonzero(y == label)
            place[members] = np.arange(len(members)) % 5
        train, valid, test = place < 3, place == 3, place == 4
        return cls(x[train], y[train], x[valid], y[valid], x[test], y[test], name=name, licence=licence)

    def first(self, train: int, test: int | None = None) -> Split:
        """The same data with only the first samples of the training part (and of the test part), for a quick look."""
        if train < 1 or (test is not None and test < 1):
            raise InputError(f"first(train={train}, test={test}): keep at least one sample of each part.")
        short = (self.train_x[:train], self.train_y[:train], self.valid_x, self.valid_y)
        name = f"{self.name} (first {len(short[1])})"
        return Split(*short, self.test_x[:test], self.test_y[:test], name=name, licence=self.licence)

    @property
    def features(self) -> int:
        """Number of inputs of one sample."""
        return self.train_x.shape[1]

    @property
    def classes(self) -> int:
        """Number of classes: one more than the largest label."""
        return 1 + max(int(y.max()) for y in (self.train_y, self.valid_y, self.test_y) if len(y))

    def __repr__(self) -> str:
        sizes = " + ".join(str(len(getattr(self, f"{part}_y"))) for part in PARTS)
        return f"Split({self.name!r}, {sizes} samples, {self.features} features, {self.classes} classes)"


def _checked(x: np.ndarray, y: np.ndarray, label: str) -> tuple[np.ndarray, np.ndarray]:
    x = np.asarray(x, dtype=np.float32)
    y = np.asarray(y)
    if x.ndim != 2 or y.ndim != 1 or len(x) != len(y):
        raise InputError(
            f"{label}: inputs of shape {x.shape} and labels of shape {y.shape} do not belong together. "
            "Give inputs (samples, features) and labels (samples,)."
        )
    if not np.isfinite(x).all():
        rows = np.flatnonzero(~np.isfinite(x).all(axis=1))
        raise InputError(f"{label}: {len(rows)} samples hold NaN or infinity, the first is row {rows[0]}. Remove them.")
    if len(y) and (y.dtype.kind not in "iu" or y.min() < 0):
        if y.dtype.kind == "f" and np.array_equal(y, np.floor(y)) and y.min() >= 0:
            return x, y.astype(np.int64)
        raise InputError(f"{label}: labels must be whole numbers from 0 upwards, not {y.dtype} from {y.min()}.")
    return x, y.astype(np.int64)
