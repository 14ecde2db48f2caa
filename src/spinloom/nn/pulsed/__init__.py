"""Training with weights that are devices: whole pulses along their own curves, and algorithms that make up for them."""

from spinloom.nn.pulsed.device import Device
from spinloom.nn.pulsed.methods import InPlace, Method
from spinloom.nn.pulsed.optimiser import Pulsed, PulsedSGD

__all__ = ["Device", "InPlace", "Method", "Pulsed", "PulsedSGD"]
