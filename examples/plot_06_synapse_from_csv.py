"""
From a laboratory's CSV to a synapse
====================================

A measured potentiation and depression becomes a response that networks and crossbars can use: read, judged,
fitted, combined, and written as a parameter set.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import spinloom as sl
from spinloom.errors import SpinloomError
from spinloom.report.figures import GUIDE, OURS
from spinloom.responses import Exponential, Plasticity, pair_levels
from spinloom.responses.linear_step import LinearStep
from spinloom.responses.plasticity_file import read_sweeps

# %%
# The file
# --------
# Three cycles of sixteen states, with the resistance in kilohm. (These rows are drawn from an exponential device
# with 2 % of read noise.) The pulse index counts on and nothing says which rows are potentiation: the conductance
# turns, and that tells.

device = Plasticity.from_values(16, "10 uS", "100 uS", Exponential(1.8), Exponential(-2.6))
chance = np.random.default_rng(6)
once = np.append(device.conductance(np.arange(16)), device.conductance(np.arange(1, 16), "depression"))
siemens = np.concatenate([once, once[1:], once[1:]])
siemens = siemens * (1 + 0.02 * chance.standard_normal(siemens.size))
rows = [f"{index},{1e-3 / value:.4g}" for index, value in enumerate(siemens)]

folder = Path(tempfile.mkdtemp())
path = folder / "lab.csv"
path.write_text("# wafer 7, device 12\npulse,resistance [kohm]\n" + "\n".join(rows) + "\n", encoding="utf-8")
print(path.read_text(encoding="utf-8")[:60], "...")

# %%
# The synapse
# -----------
# The mean level after each pulse is kept as it is, so few and uneven states stay few and uneven.

synapse = sl.responses.Plasticity.from_csv(path)
print(synapse)
for name, value in synapse.summary().items():
    print(f"{name:28s} {value:.4g}")

# %%
# A curve through it
# ------------------
# One number a direction instead of sixteen, where that is near enough.

fitted = sl.responses.Plasticity.from_csv(path, shape="best")
print(fitted.potentiation, fitted.depression)

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for sweep in read_sweeps(path):
    start = 0 if sweep.direction == "potentiation" else 15
    left.plot(start + sweep.pulses, sweep.conductance * 1e6, "o", color=GUIDE, markersize=3)
pulses = np.arange(16)
for colour, label, one in ((OURS[0], "mean levels", synapse), (OURS[2], "exponential", fitted)):
    rise, fall = one.conductance(pulses) * 1e6, one.conductance(pulses, "depression") * 1e6
    left.plot(np.append(pulses, 15 + pulses), np.append(rise, fall), color=colour, label=label)
    right.plot(rise[:-1], np.diff(rise), "o-", color=colour, label=f"up, {label}")
    right.plot(fall[:-1], -np.diff(fall), "s--", color=colour, label=f"down, {label}")
left.set(xlabel="pulse number", ylabel="conductance [µS]")
right.set(xlabel="conductance before the pulse [µS]", ylabel="change by one pulse [µS]")
left.legend()
right.legend()
plt.show()

# %%
# On an exponential the change by a pulse is linear in the conductance. NeuroSim and aihwkit have the same device
# under other names:

print(f"NeuroSim labels {fitted.potentiation.label:+.2f} and {fitted.depression.label:+.2f}")
print({name: value for name, value in LinearStep.of(fitted).settings().items() if value})

# %%
# More states
# -----------
# Four devices in one synapse, written in turn: their levels add, their spreads partly cancel.

four = synapse.combine(4)
print(four)
print(f"read noise {100 * synapse.read_noise:.2f} % -> {100 * four.read_noise:.2f} %")
print(pair_levels(synapse).size, "levels in a differential pair of single devices")

# %%
# When the file is not right
# --------------------------
# Units are asked for and rows are named by their lines.

for text in (
    "pulse,resistance\n0,100\n1,90\n",
    "pulse,conductance [uS]\n0,10\n1,nan\n2,-3\n",
    "pulse,conductance [uS]\n0,10\n2,12\n1,11\n3,13\n",
):
    wrong = folder / "wrong.csv"
    wrong.write_text(text, encoding="utf-8")
    try:
        sl.responses.Plasticity.from_csv(wrong)
    except SpinloomError as complaint:
        print(str(complaint).replace(str(folder), "..."))

# %%
# As a parameter set
# ------------------
# What other commands and other people can read: ``spinloom synapse show mine.toml``.

mine = folder / "mine.toml"
mine.write_text(fitted.to_toml("Mine2026_synapse"), encoding="utf-8")
assert sl.responses.Plasticity.from_parameters(mine) == fitted.replace(source="Mine2026_synapse")
print(mine.read_text(encoding="utf-8")[:330], "...")
