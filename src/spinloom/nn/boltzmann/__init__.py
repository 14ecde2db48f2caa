"""Restricted Boltzmann machines whose neurons are junctions: sampling, learning, and exact answers for small ones."""

from spinloom.nn.boltzmann import exact
from spinloom.nn.boltzmann.clamp import Clamp
from spinloom.nn.boltzmann.junctions import JunctionNeurons
from spinloom.nn.boltzmann.learning import ContrastiveSettings, contrastive_gradient, train
from spinloom.nn.boltzmann.machine import Chains, RestrictedBoltzmannMachine, joined

__all__ = [
    "Chains",
    "Clamp",
    "ContrastiveSettings",
    "JunctionNeurons",
    "RestrictedBoltzmannMachine",
    "contrastive_gradient",
    "exact",
    "joined",
    "train",
]
