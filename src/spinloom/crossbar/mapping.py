"""Weights <-> states of devices: a pair of devices for the two signs, or one device around its middle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np

from spinloom.errors import InputError, UnknownNameError

Kind = Literal["differential", "offset"]


@final
@dataclass(frozen=True)
class Mapping:
    """How a weight becomes one or two normalised states g in 0..1.

    "differential": w = w_max (g_plus - g_minus), one of the two devices at its low end; w = 0 leaves both there.
    "offset": w = w_max (2 g - 1); what the middle conductance adds is subtracted by an ideal reference column.

    Attributes
    ----------
    kind : "differential" or "offset"
    w_max : float
        The weight at the end of the range.

    Raises
    ------
    UnknownNameError
        There is no such mapping.
    InputError
        w_max is not finite and above 0.
    """

    kind: Kind = "differential"
    w_max: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what maps nothing."""
        if self.kind not in get_args(Kind):
            raise UnknownNameError("mapping of weights", str(self.kind), get_args(Kind))
        if not 0.0 < self.w_max < math.inf:
            raise InputError(f"w_max = {self.w_max}: the largest weight must be a finite number above 0.")

    @classmethod
    def of(cls, weights: np.ndarray, kind: Kind = "differential", w_max: float | None = None) -> Mapping:
        """The mapping whose range ends at the largest weight, unless ``w_max`` is given.

        Raises
        ------
        InputError
            All weights are zero (their range cannot be read off), or one of them is NaN or infinite.
        """
        values = finite_weights(weights)
        if w_max is None:
            w_max = float(np.abs(values).max())
            if w_max == 0.0:
                raise InputError("All weights are zero, so their range cannot be read off them; give w_max.")
        return cls(kind, float(w_max))

    @property
    def arrays(self) -> int:
        """Arrays of devices a layer takes: two for differential pairs, else one."""
        return 2 if self.kind == "differential" else 1

    def to_states(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """States (g_plus, g_minus), each in the shape of the weights; g_minus is None for "offset".

        Raises
        ------
        InputError
            A weight beyond ±w_max, NaN or infinite.
        """
        share = finite_weights(weights) / self.w_max
        beyond = np.abs(share) > 1.0 + 1e-9  # float32 weights against a float64 range
        if beyond.any():
            raise InputError(
                f"{int(beyond.sum())} of {share.size} weights lie beyond ±w_max = {self.w_max:g}, the largest at "
                f"{float(np.abs(share).max()) * self.w_max:g}. Clip or scale the weights, or raise w_max."
            )
        share = np.clip(share, -1.0, 1.0)
        if self.kind == "differential":
            return np.maximum(share, 0.0), np.maximum(-share, 0.0)
        return 0.5 * (share + 1.0), None

    def to_weights(self, plus: np.ndarray, minus: np.ndarray | None = None) -> np.ndarray:
        """Weights of states; the inverse of :meth:`to_states`. States beyond 0..1 (spread) extrapolate."""
        if self.kind == "differential":
            if minus is None:
                raise InputError("A differential mapping needs the states of both devices of each pair.")
            return self.w_max * (np.asarray(plus, float) - np.asarray(minus, float))
        return self.w_max * (2.0 * np.asarray(plus, float) - 1.0)


def finite_weights(weights: np.ndarray) -> np.ndarray:
    """Weights as float64.

    Raises
    ------
    InputError
        There are none, or one is NaN or infinite.
    """
    values = np.asarray(weights, float)
    if not values.size:
        raise InputError("There are no weights to map.")
    if not np.isfinite(values).all():
        raise InputError(f"{int((~np.isfinite(values)).sum())} of {values.size} weights are NaN or infinite.")
    return values
