"""Energy of a run, from the devices' own figures."""

from spinloom.cost.inference import inference_energy

__all__ = ["inference_energy"]
