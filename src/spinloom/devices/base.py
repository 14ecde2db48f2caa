"""What every device has: a parameter set, and results that carry their sources."""

from __future__ import annotations

import abc
from typing import Any

import spinloom
from spinloom.parameters import ParameterSet


class Device(abc.ABC):
    """A physical device with a parameter set. Subclasses are final and say what can be measured.

    Parameters
    ----------
    parameters : ParameterSet
        The device's numbers; ``Device.kind`` must be their device.
    """

    kind: str

    def __init__(self, parameters: ParameterSet) -> None:
        self.parameters = parameters

    @property
    def name(self) -> str:
        """Name of the parameter set."""
        return self.parameters.name

    @abc.abstractmethod
    def summary(self) -> str:
        """One line for people: size, barrier, critical current."""

    def with_parameters(self, **overrides: float | str) -> Device:
        """The same kind of device with some parameters overridden."""
        return type(self)(self.parameters.replace(**overrides))

    def attributes(self, **more: Any) -> dict[str, Any]:
        """What travels with each result: parameters, sources, version, and what else the measurement adds."""
        return {
            "device": self.name,
            "parameters": self.parameters.to_json(),
            "references": self.parameters.references(),
            "yours": [str(item) for item in self.parameters.yours()],
            "spinloom_version": spinloom.__version__,
            **{name: value for name, value in more.items() if value is not None},
        }

    def __repr__(self) -> str:
        """Class, set and summary."""
        return f"<{type(self).__name__} {self.summary()}>"
