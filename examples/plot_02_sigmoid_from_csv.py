"""
From a laboratory's CSV to a neuron
===================================

A measured switching curve becomes a layer of a network: read, fitted with confidence intervals, trained.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch

import spinloom as sl
from spinloom.errors import SpinloomError
from spinloom.report.figures import GUIDE, OURS

torch.set_num_threads(1)

# %%
# The file
# --------
# A header with the unit of the current, a probability and, where known, the number of trials behind it. (These
# rows were made by drawing 100 trials at each current from the fitted curve that the published system prints for
# 30 ns.)

rows = """# wafer 7, device 12, 30 ns pulses
current [uA],probability,trials
8.0,0.00,100
9.0,0.00,100
10.0,0.02,100
10.5,0.06,100
11.0,0.13,100
11.5,0.37,100
12.0,0.63,100
12.5,0.83,100
13.0,0.90,100
14.0,0.99,100
15.0,1.00,100
"""
folder = Path(tempfile.mkdtemp())
path = folder / "lab.csv"
path.write_text(rows, encoding="utf-8")

# %%
# The fit
# -------

neuron = sl.responses.Sigmoid.from_csv(path)
k, c = neuron.in_microamperes()
low, high = (edge * 1e-6 for edge in neuron.k_interval)
print(f"k = {k:.2f} /µA (95 %: {low:.2f} to {high:.2f}), c = {c:.2f} µA")
print({name: round(float(value), 3) for name, value in neuron.goodness.items()})

measured = np.array([[float(cell) for cell in row.split(",")] for row in rows.splitlines()[2:]])
current = np.linspace(7e-6, 16e-6, 200)
figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
error = np.sqrt(measured[:, 1] * (1 - measured[:, 1]) / measured[:, 2])
axes.errorbar(measured[:, 0], measured[:, 1], error, fmt="o", color=OURS[0], label="laboratory, 100 trials a point")
axes.plot(current * 1e6, neuron(current), color=OURS[1], label=f"k = {k:.2f} /µA, c = {c:.2f} µA")
axes.axvline(-c, color=GUIDE, linestyle=":", label="-c")
axes.set(xlabel="current [µA]", ylabel="switching probability")
axes.legend()
plt.show()

# %%
# When the file is not right
# --------------------------
# A malformed row is named by its line; a curve that is no sigmoid is not quietly fitted.

wrong = folder / "wrong.csv"
wrong.write_text(rows.replace("11.5,0.37,100", "11.5,37 %,100").replace("13.0,0.90", "13.0,1.90"), encoding="utf-8")
flat = folder / "flat.csv"
flat.write_text("current [uA],probability,trials\n8,0.5,100\n10,0.48,100\n12,0.52,100\n14,0.5,100\n", encoding="utf-8")
for bad in (wrong, flat):
    try:
        sl.responses.Sigmoid.from_csv(bad)
    except SpinloomError as complaint:
        print(str(complaint).replace(str(folder), "..."))

# %%
# As a layer
# ----------
# The network's weighted sums are currents in microamperes about the middle of the curve: a bias current supplies
# the offset -c, and the slope is the device's. Weights are trained; with ``train=("k",)`` the slope would be,
# too.

iris = sl.tasks.iris()
torch.manual_seed(1)
net = torch.nn.Sequential(
    torch.nn.Linear(4, 8, bias=False), neuron.layer(8, train=()),
    torch.nn.Linear(8, 3, bias=False), neuron.layer(3, train=()),
)  # fmt: skip
history = sl.nn.train(net, iris, sl.nn.TrainingSettings(optimiser="adam", learning_rate=0.05, iterations=300), seed=1)
print(f"iris: {history.final_accuracy:.1%} of the test flowers")
