"""Boltzmann machines trained on p-bits: exact, by contrastive divergence, by kept chains; on ideal p-bits or a chip."""

from spinloom.ising.learning.chip import Chip
from spinloom.ising.learning.estimate import Estimate, log_partition_estimate
from spinloom.ising.learning.machine import BoltzmannMachine
from spinloom.ising.learning.terms import Terms
from spinloom.ising.learning.training import History, Learning

__all__ = ["BoltzmannMachine", "Chip", "Estimate", "History", "Learning", "Terms", "log_partition_estimate"]
