"""Networks of spintronic neurons in torch: functions, layers for ``nn.Sequential``, and training."""

from spinloom.nn import bit_streams, boltzmann, functional, pulsed, quantise, training
from spinloom.nn.binary import BinaryActivation, BinaryConv2d, BinaryLinear
from spinloom.nn.boltzmann import JunctionNeurons, RestrictedBoltzmannMachine
from spinloom.nn.calibration import calibrate
from spinloom.nn.convert import on_crossbars, outputs_of
from spinloom.nn.networks import Init, spin_network
from spinloom.nn.neurons import Bounds, SpinNeuron, Stochastic
from spinloom.nn.pulsed import Pulsed, PulsedSGD
from spinloom.nn.quantise import levels_of, post_training_quantise, snap, snap_ste
from spinloom.nn.stochastic import (
    BernoulliInput,
    BernoulliNeuron,
    SuperparamagneticNeuron,
    mean_outputs,
    sampled_outputs,
)
from spinloom.nn.synapses import CrossbarConv2d, CrossbarLinear
from spinloom.nn.training import History, TrainingSettings, couple_linear, train
from spinloom.nn.xnor import XnorLinear

__all__ = [
    "BernoulliInput",
    "BernoulliNeuron",
    "BinaryActivation",
    "BinaryConv2d",
    "BinaryLinear",
    "Bounds",
    "CrossbarConv2d",
    "CrossbarLinear",
    "History",
    "Init",
    "JunctionNeurons",
    "Pulsed",
    "PulsedSGD",
    "RestrictedBoltzmannMachine",
    "SpinNeuron",
    "Stochastic",
    "SuperparamagneticNeuron",
    "TrainingSettings",
    "XnorLinear",
    "bit_streams",
    "boltzmann",
    "calibrate",
    "couple_linear",
    "functional",
    "levels_of",
    "mean_outputs",
    "on_crossbars",
    "outputs_of",
    "post_training_quantise",
    "pulsed",
    "quantise",
    "sampled_outputs",
    "snap",
    "snap_ste",
    "spin_network",
    "train",
    "training",
]
