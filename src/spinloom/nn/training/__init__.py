"""Training: full-batch gradient descent as published, mini-batch Adam, early stop, checkpoints that survive a kill."""

from spinloom.nn.training.coupling import Coupling, couple_linear
from spinloom.nn.training.history import History
from spinloom.nn.training.loop import train
from spinloom.nn.training.settings import TrainingSettings

__all__ = ["Coupling", "History", "TrainingSettings", "couple_linear", "train"]
