"""CODATA 2018 constants in SI. A parameter set may carry its own gyromagnetic ratio; the rest comes from here."""

from __future__ import annotations

ELEMENTARY_CHARGE = 1.602176634e-19  # C, exact
HBAR = 1.054571817e-34  # J s, exact by definition of h
BOLTZMANN = 1.380649e-23  # J/K, exact
VACUUM_PERMEABILITY = 1.25663706212e-6  # T m/A
