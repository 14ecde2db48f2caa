"""What is said of a synapse in numbers: states, linearity, asymmetry, on/off ratio, steps, spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spinloom.responses.shapes import LABEL_PER_DEVIATION, Direction, Exponential, Tabulated
from spinloom.responses.sweeps import Sweep

if TYPE_CHECKING:
    from spinloom.responses.plasticity import Plasticity


def deviation(synapse: Plasticity, direction: Direction) -> float:
    """Signed largest distance of a curve's levels from the straight line, as a share of the range.

    Positive above the line: potentiation that starts fast, depression that starts slowly.
    """
    levels = synapse.levels(direction)
    away = levels - np.linspace(0.0, 1.0, levels.size)
    return float(away[np.argmax(np.round(np.abs(away), 12))])  # of equal ones the first, whatever their last digit


def label(synapse: Plasticity, direction: Direction) -> float:
    """NeuroSim's nonlinearity label of a curve; of an exponential's continuous curve, else of the levels."""
    shape = synapse.curve(direction)[0]
    return shape.label if isinstance(shape, Exponential) else LABEL_PER_DEVIATION * deviation(synapse, direction)


def asymmetry(synapse: Plasticity) -> float:
    """Largest distance between potentiation and depression at the same share of their pulses, as a share of the range.

    Depression is run backwards: after a share P of its pulses potentiation stands at g_p(P), and depression stands at
    g_d(P) while it has the share P of its pulses left. 0 where depression retraces potentiation.
    """
    knots = [np.linspace(0.0, 1.0, 1001)]
    for direction in ("potentiation", "depression"):
        shape, pulses = synapse.curve(direction)
        size = len(shape.levels) if isinstance(shape, Tabulated) else pulses + 1
        knots.append(np.linspace(0.0, 1.0, size))
    places = np.unique(np.concatenate(knots))
    return float(np.abs(synapse.potentiation(places) - synapse.depression(places)).max())


def summary(synapse: Plasticity) -> dict[str, float]:
    """All metrics; conductances [S], the rest shares of the range high - low unless said otherwise.

    Returns
    -------
    dict
        ``states``, ``depression_states``; ``low``, ``high`` [S]; ``on_off_ratio`` (infinite for low = 0);
        ``linearity_error`` and ``depression_linearity_error`` (largest deviation of the levels from a straight line);
        ``asymmetry``; ``label`` and ``depression_label`` (NeuroSim's, signed), ``label_difference``;
        ``smallest_step``, ``largest_step`` of both directions; ``cycle_to_cycle`` of one pulse; ``device_to_device``
        and ``read_noise`` (relative to the conductance).
    """
    steps = np.concatenate([np.diff(synapse.levels(way)) for way in ("potentiation", "depression")])
    labels = (label(synapse, "potentiation"), label(synapse, "depression"))
    return {
        "states": synapse.states,
        "depression_states": synapse.depression_states,
        "low": synapse.low,
        "high": synapse.high,
        "on_off_ratio": synapse.high / synapse.low if synapse.low else math.inf,
        "linearity_error": abs(deviation(synapse, "potentiation")),
        "depression_linearity_error": abs(deviation(synapse, "depression")),
        "asymmetry": asymmetry(synapse),
        "label": labels[0],
        "depression_label": labels[1],
        "label_difference": abs(labels[0] - labels[1]),
        "smallest_step": float(steps.min()),
        "largest_step": float(steps.max()),
        "cycle_to_cycle": synapse.cycle_to_cycle,
        "device_to_device": synapse.device_to_device,
        "read_noise": synapse.read_noise,
    }


def misfit(synapse: Plasticity, sweeps: Sequence[Sweep]) -> dict[str, float]:
    """Distance [S] of the mean measured levels from the synapse's: ``rms`` and ``largest``."""
    from spinloom.responses.plasticity_fit import mean_sweep

    away: list[np.ndarray] = []
    for way in ("potentiation", "depression"):
        mean = mean_sweep([sweep for sweep in sweeps if sweep.direction == way], way)
        if mean is not None:
            away.append(np.abs(mean.levels - synapse.conductance(np.arange(mean.levels.size), way)))
    distance = np.concatenate(away)
    return {"rms": float(np.sqrt(np.mean(distance**2))), "largest": float(distance.max())}
