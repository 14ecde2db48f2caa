"""
Trials and Fokker-Planck: one junction's switching curve
========================================================

The switching probability of a magnetic tunnel junction, counted over simulated write pulses, and the exact
curve that the trials scatter about.
"""

import matplotlib.pyplot as plt
import numpy as np

import spinloom as sl
from spinloom.report.figures import OURS

# %%
# A junction from a published parameter set
# -----------------------------------------
# Every number in the set carries its source; a value changed here would be marked as yours.

mtj = sl.device("Xin2023_mtj")
print(mtj.summary())
for parameter in list(mtj.parameters.parameters.values())[:3]:
    print(" ", parameter)

# %%
# Counted
# -------
# 400 trials at each current, with the equation of motion and its thermal field. The error bars are the binomial
# standard error.

currents = sl.span("-2 uA", "12 uA", 15)
trials = 400
counted = mtj.switching_probability(currents, ["10 ns", "30 ns"], trials=trials, seed=1, method="llgs")
print(counted.attrs["method"], "with", counted.attrs["scheme"], "at", counted.attrs["time_step"], "s")

# %%
# Solved
# ------
# With everything along one axis, the distribution of m_z obeys a Fokker-Planck equation in one variable. Its
# solution has no noise and takes a fraction of the time; ``method="auto"`` takes it wherever it holds.

fine = sl.span("-2 uA", "12 uA", 71)
solved = mtj.switching_probability(fine, ["10 ns", "30 ns"])
print(solved.attrs["method"], "-", solved.attrs["method_reason"])

figure, axes = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
for colour, width in zip(OURS, (10e-9, 30e-9), strict=False):
    points = counted.sel(pulse_width=width)
    error = np.sqrt(points * (1 - points) / trials)
    axes.errorbar(
        points.current * 1e6, points, error, fmt="o", color=colour, label=f"{trials} trials, {width * 1e9:.0f} ns"
    )
    curve = solved.sel(pulse_width=width)
    axes.plot(curve.current * 1e6, curve, color=colour, label=f"Fokker-Planck, {width * 1e9:.0f} ns")
axes.axvline(mtj.critical_current() * 1e6, color="0.5", linestyle=":", label="critical current at T = 0")
axes.set(xlabel="current [µA]", ylabel="switching probability")
axes.legend()
plt.show()

# %%
# A longer pulse needs less current, and thermal agitation switches this junction well below its critical current.
#
# What a network takes from it
# ----------------------------
# The sigmoid fit is the door to networks: k and c with their confidence intervals.

for width in (10e-9, 30e-9):
    neuron = sl.responses.Sigmoid.fit(counted.sel(pulse_width=width))
    k, c = neuron.in_microamperes()
    print(f"{width * 1e9:.0f} ns: k = {k:.2f} /µA, c = {c:.2f} µA")

# %%
# What to cite
# ------------

for line in sl.cite(counted):
    print(line)
