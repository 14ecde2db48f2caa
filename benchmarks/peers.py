"""The thesis junction in cmtj (GPL-2, in the optional benchmark environment only): thermal Heun, one spin at a time."""

from __future__ import annotations

import time

from spinloom.devices import device


def cmtj_seconds_per_step(dt: float, steps: int, current: float) -> float | None:
    """Seconds that cmtj's thermal Heun takes for one step of the junction; None where cmtj is not installed."""
    try:
        import cmtj
    except ImportError:
        return None
    junction = device("Xin2023_mtj")
    value = junction.parameters.value
    up = cmtj.CVector(0.0, 0.0, 1.0)
    demagnetisation = [cmtj.CVector(0, 0, 0), cmtj.CVector(0, 0, 0), up]
    layer = cmtj.Layer.createSTTLayer(
        "free", cmtj.CVector(0.05, 0.0, -0.99875), up, 1.58, value("thickness"), junction.model.area, demagnetisation,
        value("damping"), 1.0, 0.0, value("polarisation"),
    )  # fmt: skip
    layer.setReferenceLayer(up)
    spin = cmtj.Junction([layer])
    spin.setLayerTemperatureDriver("free", cmtj.constantDriver(value("temperature")))
    spin.setLayerAnisotropyDriver("free", cmtj.constantDriver(value("uniaxial_anisotropy")))
    spin.setLayerCurrentDriver("free", cmtj.constantDriver(current / junction.model.area))
    start = time.process_time()
    spin.runSimulation(steps * dt, dt, steps * dt, solverMode=cmtj.SolverMode.Heun)
    return (time.process_time() - start) / steps
