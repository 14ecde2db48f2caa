"""Parameter sets: every number with its unit, how it is known, and where it stands. One TOML a device and paper."""

from spinloom.parameters.kinds import Rule, rules
from spinloom.parameters.load import check, load, names
from spinloom.parameters.schema import Parameter, ParameterSet

__all__ = ["Parameter", "ParameterSet", "Rule", "check", "load", "names", "rules"]
