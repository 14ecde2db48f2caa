"""Training with weights that are devices: whole pulses along their own curves, and algorithms that make up for them."""

from spinloom.nn.pulsed.device import Device
from spinloom.nn.pulsed.methods import Agad, InPlace, Method, MixedPrecision, TikiTaka
from spinloom.nn.pulsed.optimiser import Pulsed, PulsedSGD

__all__ = ["Agad", "Device", "InPlace", "Method", "MixedPrecision", "Pulsed", "PulsedSGD", "TikiTaka"]
