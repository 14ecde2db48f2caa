"""
p-bits that learn
=================

A Boltzmann machine learns a distribution by comparing the correlations of the data with its own, which p-bits draw. A
chip whose p-bits differ learns the difference away.
"""

import matplotlib.pyplot as plt
import numpy as np

import spinloom as sl
from spinloom.report.figures import GUIDE, OURS

# %%
# A full adder
# ------------
# Eight rows of five bits. The machine is told nothing but these rows: every row shall be equally likely, every other
# state rare. Kept chains ("pcd") are copies of the p-bits that run on while the couplings change.

rows = np.array([(a, b, c, (a + b + c) % 2, (a + b + c) // 2) for a in (0, 1) for b in (0, 1) for c in (0, 1)])

how = {"epochs": 3000, "learning_rate": 0.1, "final_rate": 0.0, "evaluate_every": 50}
figure, axes = plt.subplots(1, 3, figsize=(14, 3.8), layout="constrained")
for label, method, sweeps, style in (
    ("exact gradient", "exact", 1, "--"),
    ("CD-1", "cd", 1, "-"),
    ("PCD-5", "pcd", 5, "-"),
):
    machine = sl.ising.BoltzmannMachine(visible=5)
    learning = sl.ising.Learning(method, sweeps=sweeps, chains=256, **how)
    history = machine.fit(rows, learning, seed=1)
    colour = GUIDE if method == "exact" else OURS[0] if method == "cd" else OURS[1]
    axes[0].semilogx(history.epoch[1:], history.log_likelihood[1:], style, color=colour, label=label)
    print(f"{label}: {history.log_likelihood[-1]:.4f} nat a row; the truth table itself has {-np.log(8):.4f}")
axes[0].set(xlabel="updates", ylabel="ln P of a row (nat)", title="exact log-likelihood")
axes[0].legend(frameon=False)

# %%
# What it learned
# ---------------
# The exact distribution over all 32 states, and 4000 samples of the p-bits. Holding the inputs makes it add.

drawn = machine.sample(4000, sweeps=50, seed=2)
counts = np.bincount(drawn @ (1 << np.arange(5)), minlength=32)
axes[1].bar(np.arange(32), counts / 4000, color=OURS[2])
axes[1].plot(np.arange(32), machine.distribution(), "o", color=OURS[0], markersize=4)
axes[1].set(
    xlabel="state, A + 2B + 4C + 8S + 16C'", ylabel="probability", title="learned: exact (dots), 4000 samples (bars)"
)

added = machine.sample(1000, sweeps=50, given=[1, 0, 1, np.nan, np.nan], seed=3)
print(f"1 + 0 + 1: sum 0 and carry 1 in {np.mean((added[:, 3] == 0) & (added[:, 4] == 1)):.0%} of 1000 draws")

# %%
# On a chip
# ---------
# p-bits whose slopes and offsets differ by 30 %. Weights from a computer do not fit them; weights learned on the chip
# do, by a single chain, as hardware has it.

device = sl.device("Borders2019_smtj", slope_spread=0.3, offset_spread=0.3)
computed, learned = [], []
for number in range(3):
    chip = sl.ising.Chip(device, seed=number)
    machine.chip = chip
    computed.append(machine.divergence(rows))
    grown = sl.ising.BoltzmannMachine(5, chip=chip)
    one = sl.ising.Learning("pcd", sweeps=30, chains=1, averaged=True, epochs=2000, learning_rate=0.1, final_rate=0.0)
    grown.fit(rows, one, seed=number)
    learned.append(grown.divergence(rows))
    print(f"chip {number}: divergence {computed[-1]:.3f} nat with computed weights, {learned[-1]:.3f} learned on it")
axes[2].bar(np.arange(3) - 0.2, computed, 0.4, color=GUIDE, label="weights from a computer")
axes[2].bar(np.arange(3) + 0.2, learned, 0.4, color=OURS[1], label="learned on the chip")
axes[2].set(xlabel="chip", ylabel="divergence from the data (nat)", title="30 % spread", xticks=range(3))
axes[2].legend(frameon=False)
plt.show()
