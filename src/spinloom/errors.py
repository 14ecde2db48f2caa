"""Every exception that Spinloom raises on purpose; each message says what to change."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST = 40
"""Names that a message lists in full; of more it shows the nearest."""


class SpinloomError(Exception):
    """Base of all errors raised on purpose by Spinloom."""


class InputError(SpinloomError, ValueError):
    """The request cannot be right as it stands: a bad value, a malformed row, an impossible combination."""


class UnitError(InputError):
    """A quantity without the unit it needs, with an unknown unit, or of the wrong dimension."""


class ParameterError(InputError):
    """A device parameter that is missing, unknown, or not physical."""


class TimeStepError(InputError):
    """A time step that the integrator's own error law refuses.

    Attributes
    ----------
    accepted : float
        The longest time step [s] that would be accepted.
    """

    def __init__(self, message: str, accepted: float) -> None:
        super().__init__(message)
        self.accepted = accepted


class UnknownNameError(InputError):
    """A name that is not registered; the message holds the closest match."""

    def __init__(self, what: str, name: str, known: Iterable[str], hint: str = "") -> None:
        known = sorted(known)
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        guess = f" Did you mean '{close[0]}'?" if close else ""
        names = f"Known: {', '.join(known) if known else 'none'}."
        if len(known) > _MOST:  # a wall of names hides the one that was meant
            near = difflib.get_close_matches(name, known, n=5, cutoff=0.2)
            names = f"The nearest of {len(known)}: {', '.join(near or known[:5])}."
        super().__init__(f"There is no {what} '{name}'.{guess} {names}{' ' + hint if hint else ''}")
        self.closest = close[0] if close else None


class DataError(SpinloomError):
    """A data file that is missing, damaged, or cannot be fetched; the message says which file to put where."""


class FitError(SpinloomError):
    """A curve that does not have the shape it was asked to be fitted with."""


class OutputError(SpinloomError):
    """A result that cannot be written where it was asked to go."""


class SpinloomWarning(UserWarning):
    """Something that runs but is probably not what was meant."""
