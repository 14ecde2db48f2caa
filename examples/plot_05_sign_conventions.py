"""
Sign conventions, drawn by the engine
=====================================

Each figure of the page on sign conventions is one short trajectory (or many). Nothing here is a sketch: where
the engine had the other sign, the figure would show it, and the assertion under it would stop this page from
being built.
"""

import matplotlib.pyplot as plt
import numpy as np

import spinloom as sl
from spinloom.devices import Drive, Pulse
from spinloom.report.figures import GUIDE, OURS

cold = {"temperature": "0 K"}

# %%
# Precession and damping
# ----------------------
# A field along +z, no anisotropy of any kind, a start near -z. Seen from +z the magnetisation goes round
# counter-clockwise, at gamma B/(1 + alpha^2), and damping turns it towards the field.

free = sl.device(
    "Xin2023_mtj", uniaxial_anisotropy=0.0, demagnetisation="ellipsoid", width="15 nm", thickness="15 nm",
    damping=0.05, applied_field_z="0.2 T", **cold,
)  # fmt: skip
start = np.array([np.sin(2.2), 0.0, np.cos(2.2)])
run = free.trajectories(duration="1.2 ns", initial=start, record_every="5 ps")
mx, my, mz = (run.m.isel(trajectory=0).sel(component=axis) for axis in "xyz")
nanoseconds = run.time * 1e9

figure, (above, side) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
above.plot(mx, my, color=OURS[1])
above.plot(mx[0], my[0], "o", color=OURS[0], label="start")
at = 8
above.annotate(
    "", (mx[at + 3], my[at + 3]), (mx[at], my[at]), arrowprops={"arrowstyle": "-|>", "color": OURS[0], "lw": 2}
)
above.set(xlabel="$m_x$", ylabel="$m_y$", title="seen from +z, B towards the reader", aspect="equal")
above.legend(loc="lower right")
side.plot(nanoseconds, mz, color=OURS[1])
side.set(xlabel="time [ns]", ylabel="$m_z$", title="damping turns m towards +B")
plt.show()

turned = np.unwrap(np.arctan2(my, mx))
rate = (turned[-1] - turned[0]) / float(run.time[-1])
expected = 1.76e11 * 0.2 / (1 + 0.05**2)
print(f"precession {rate / 2e9 / np.pi:.4f} GHz, gamma B/(1 + alpha²)/2π = {expected / 2e9 / np.pi:.4f} GHz")
assert abs(rate / expected - 1) < 1e-3  # the step's phase error, (omega dt)^4/120 for Runge-Kutta 4, is far below
assert mz[-1] > mz[0]

# %%
# Spin-transfer torque
# --------------------
# The polariser points along +z. A positive current of twice the critical one takes m_z from -1 to +1; a negative
# one holds it. With a magnetoresistance the resistance falls as the state becomes parallel.

junction = sl.device("Xin2023_mtj", tmr=1.0, **cold)
amperes = 2 * junction.critical_current()
figure, (side, ohms) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for colour, sign in zip(OURS, (1, -1), strict=False):
    drive = Drive(current=sign * amperes, waveform=Pulse("15 ns", delay="1 ns"))
    run = junction.trajectories(drive, "20 ns", initial="2 deg")
    label = f"I = {sign * amperes * 1e6:+.1f} µA"
    side.plot(run.time * 1e9, run.m.isel(trajectory=0).sel(component="z"), color=colour, label=label)
    ohms.plot(run.time * 1e9, run.resistance.isel(trajectory=0) / 1e3, color=colour, label=label)
    assert np.sign(run.m[-1, 0, 2]) == sign
for axes in (side, ohms):
    axes.axvspan(1, 16, color=GUIDE, alpha=0.15, label="pulse")
    axes.set(xlabel="time [ns]")
side.set(ylabel="$m_z$", title="a positive current pushes m towards +p")
ohms.set(ylabel="resistance [kΩ]", title="antiparallel: high, parallel: low")
side.legend()
plt.show()

# %%
# Spin-orbit torque
# -----------------
# A channel current along +x accumulates spins along +y. Without anisotropy the damping-like torque alone turns m
# there.

metal = sl.device(
    "Xin2023_mtj", uniaxial_anisotropy=0.0, demagnetisation="ellipsoid", width="15 nm", thickness="15 nm",
    spin_hall_angle=0.3, damping=0.05, **cold,
)  # fmt: skip
figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for colour, sign in zip(OURS, (1, -1), strict=False):
    run = metal.trajectories(Drive(spin_orbit_current=sign * 100e-6), "15 ns", initial=(0.0, 0.0, -1.0))
    axes.plot(run.time * 1e9, run.m.isel(trajectory=0).sel(component="y"), color=colour, label=f"{sign * 100:+d} µA")
    assert np.sign(run.m[-1, 0, 1]) == sign
axes.set(xlabel="time [ns]", ylabel="$m_y$", title="a positive channel current pushes m towards +σ = +y")
axes.legend(title="channel current")
plt.show()

# %%
# Voltage-controlled anisotropy
# -----------------------------
# A positive voltage lowers the interfacial anisotropy and with it the stiffness of the well: the small oscillation
# about the easy axis becomes slower.

gated = sl.device("Xin2023_mtj", vcma_coefficient="60 fJ/(V m)", barrier_thickness="1 nm", damping=0.001, **cold)
volts = np.linspace(-1.0, 1.0, 9)
run = gated.trajectories(
    Drive(voltage=volts), "4 ns", copies=volts.size, initial="3 deg", start="parallel", record_every="5 ps"
)
phase = np.unwrap(np.arctan2(run.m.sel(component="y"), run.m.sel(component="x")), axis=0)
gigahertz = (phase[-1] - phase[0]) / float(run.time[-1]) / 2e9 / np.pi
field = gated.anisotropy_field() - 2 * 60e-15 * volts / (1.3e-9 * 1e-9 * 1.25732e6)

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.plot(volts, gigahertz, "o", color=OURS[0], label="trajectories")
axes.plot(volts, 1.76e11 * field / 2e9 / np.pi, color=GUIDE, label=r"$\gamma B_k(V)/2\pi$")
axes.set(xlabel="voltage [V]", ylabel="precession frequency [GHz]", title="a positive voltage lowers the barrier")
axes.legend()
plt.show()
assert (np.diff(gigahertz) < 0).all()
# 3 degrees from the axis the frequency is lower by cos(3 deg), 0.14 %; half a percent leaves room for the damping
assert np.allclose(gigahertz, 1.76e11 * field / 2e9 / np.pi, rtol=5e-3)

# %%
# Thermal field
# -------------
# Many junctions of a low barrier, left alone for long: their m_z is distributed as Boltzmann says.

warm = sl.device("Xin2023_mtj", uniaxial_anisotropy="1.02e6 J/m^3", damping=0.1)
delta = warm.thermal_stability()
run = warm.trajectories(duration="40 ns", copies=12000, seed=3, record_every="40 ns", initial="well")
z = run.m.isel(time=-1).sel(component="z").values

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.hist(z, bins=40, range=(-1, 1), density=True, color=OURS[2], label="12 000 trajectories after 40 ns")
grid = np.linspace(-1, 1, 201)
boltzmann = np.exp(delta * grid**2)
boltzmann /= np.sum((boltzmann[1:] + boltzmann[:-1]) / 2 * np.diff(grid))
axes.plot(grid, boltzmann, color=OURS[0], label=rf"$\propto\exp(\Delta m_z^2)$, Δ = {delta:.2f}")
axes.set(xlabel="$m_z$", ylabel="probability density", title="equilibrium is Boltzmann's")
axes.legend()
plt.show()
