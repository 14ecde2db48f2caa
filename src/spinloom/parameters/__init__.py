"""Parameter sets: every number with its unit, how it is known, and where it stands. One TOML a device and paper."""

from spinloom.parameters.load import check, load, names
from spinloom.parameters.schema import Parameter, ParameterSet, Rule, rules

__all__ = ["Parameter", "ParameterSet", "Rule", "check", "load", "names", "rules"]
