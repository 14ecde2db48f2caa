"""Stochastic neurons: layers that draw bits as junctions do, and networks sampled in constant memory."""

from spinloom.nn.stochastic.bernoulli import BernoulliInput, BernoulliNeuron
from spinloom.nn.stochastic.networks import (
    neuron_counts,
    put_weights,
    stochastic_convnet,
    stochastic_perceptron,
    weights_of,
)
from spinloom.nn.stochastic.sampling import mean_outputs, sampled_outputs, stochastic_layers
from spinloom.nn.stochastic.superparamagnetic import SuperparamagneticNeuron

__all__ = [
    "BernoulliInput",
    "BernoulliNeuron",
    "SuperparamagneticNeuron",
    "mean_outputs",
    "neuron_counts",
    "put_weights",
    "sampled_outputs",
    "stochastic_convnet",
    "stochastic_layers",
    "stochastic_perceptron",
    "weights_of",
]
