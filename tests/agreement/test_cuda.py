"""CUDA against CPU: compiled to PTX without a device, in numba's simulator, and for real where there is a device."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.devices import Drive, Pulse, Solver, device
from spinloom.engines import cuda
from spinloom.engines.testing import assert_engine
from spinloom.physics import rng

gpu = pytest.mark.gpu
needs_device = pytest.mark.skipif(not cuda.available(), reason="numba finds no CUDA device here")


@pytest.mark.slow
def test_kernels_compile_to_ptx_without_a_device(python):
    out = python("""
        from spinloom.engines import Sizes, cuda
        from spinloom.physics import integrators, llgs, rng
        for rate, fields in ((llgs.axial_rate, llgs.Axial), (llgs.general_rate, llgs.General)):
            step = integrators.build(rate, "splitting", True)
            text = cuda.ptx(step, rng.draw, Sizes(3, len(fields._fields), 4))
            print(".visible .entry" in text, text.count(".f64"))
    """)
    # one kernel each, and a float32 kernel that computes nothing in double precision
    assert out.split("\n")[:2] == ["True 0", "True 0"]


@pytest.mark.slow
def test_simulated_cuda_engine_does_what_every_engine_does(python):
    out = python(
        """
        from spinloom.engines import cuda
        from spinloom.engines.testing import assert_engine
        from spinloom.physics import rng
        assert_engine(cuda, rng.draw, copies=6, steps=10)
        print("passed")
        """,
        NUMBA_ENABLE_CUDASIM="1",
    )
    assert out.strip() == "passed"


@pytest.mark.slow
def test_simulated_cuda_trajectories_equal_the_processors(python):
    out = python(
        """
        import numpy as np
        from spinloom.devices import Drive, Pulse, Solver, device
        for name, more in (("Xin2023_mtj", {}), ("Xin2023_mtj", {"applied_field_x": 0.02, "polariser_angle": 0.3})):
            junction = device(name, **more)
            drive = Drive(current=["3 uA", "8 uA", "0 A"], waveform=Pulse("0.1 ns", rise="50 ps"))
            run = dict(drive=drive, duration="0.15 ns", copies=3, seed=4, initial="axis", record_every="25 ps")
            one, two = (junction.trajectories(**run, solver=Solver(engine=e)).m.values for e in ("cpu", "cuda"))
            print(np.abs(one - two).max())
        """,
        NUMBA_ENABLE_CUDASIM="1",
    )
    # the simulator calls the same compiled scalar functions: rounding of 30 float32 steps at most
    assert max(map(float, out.split())) < 1e-5


@gpu
@needs_device
def test_cuda_engine_does_what_every_engine_does():
    assert_engine(cuda, rng.draw)


@gpu
@needs_device
def test_cuda_trajectories_equal_the_processors():
    junction = device("Xin2023_mtj")
    drive = Drive(current="8 uA", waveform=Pulse("1 ns"))
    one, two = (
        junction.trajectories(drive, "2 ns", 512, seed=4, solver=Solver(engine=e, precision="float64")).m.values
        for e in ("cpu", "cuda")
    )
    # the same random bits; float64 rounding grows along chaotic-free trajectories of 400 steps
    np.testing.assert_allclose(one, two, atol=1e-6)


@gpu
@needs_device
def test_cuda_switching_equals_fokker_planck():
    junction = device("Xin2023_mtj")
    run = {"current": "2uA:8uA:4", "pulse_width": "30 ns", "initial": "axis"}
    mc = junction.switching_probability(**run, method="llgs", trials=100_000, solver=Solver(engine="cuda"))
    exact = junction.switching_probability(**run)
    # n = 1e5 a point: 5 standard deviations, false alarm 2e-6 over four points; 1e-3 for the 5 ps step
    limit = 5 * np.sqrt(exact * (1 - exact) / 1e5) + 1e-3
    assert (np.abs(mc - exact) < limit).all()
