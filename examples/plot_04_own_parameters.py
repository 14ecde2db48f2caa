"""
A parameter set of your own
===========================

Your junction is one TOML file: value, unit, how it is known, where it stands. The file works by its path
wherever a built-in name works. This example writes one, makes the mistakes people make, and compares it with a
published junction.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import spinloom as sl
from spinloom.report.figures import OURS

# %%
# The file
# --------
# Parameters that are not given have defaults, and are marked as assumed. ``how`` is stated, figure, fitted,
# computed or assumed.

text = """
name = "Mine2026_mtj"
device = "magnetic_tunnel_junction"
title = "A junction from the wafer of last week"
reference = "Mine2026"

[references.Mine2026]
title = "Lab book 12"

[parameters.damping]
value = 0.02
how = "fitted"
where = "ferromagnetic resonance, page 36"

[parameters.saturation_magnetisation]
value = "1100 kA/m"
how = "stated"
where = "page 34"

[parameters.length]
value = "25 nm"
how = "figure"
where = "electron micrograph, page 35"

[parameters.width]
value = "25 nm"
how = "figure"
where = "electron micrograph, page 35"

[parameters.thickness]
value = "1.2 nm"
how = "stated"
where = "page 34"

[parameters.shape]
value = "ellipse"
how = "figure"

[parameters.interfacial_anisotropy]
value = "0.87 mJ/m^2"
how = "fitted"
where = "page 37"

[parameters.polarisation]
value = 0.55
how = "assumed"
"""

folder = Path(tempfile.mkdtemp())
mine = folder / "mine.toml"
mine.write_text(text, encoding="utf-8")
print(sl.parameters.check(mine) or "fine")

# %%
# The mistakes people make
# ------------------------
# A check names every fault of a file at once, with the closest match for a misspelt name.

broken = folder / "broken.toml"
broken.write_text(
    text.replace("polarisation]", "polarization]").replace('"1.2 nm"', '"1.2 T"').replace("= 0.02", "= -0.02"),
    encoding="utf-8",
)
for fault in sl.parameters.check(broken):
    print("-", fault)

# %%
# In use
# ------

figure, axes = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
for colour, name in zip(OURS, ("Xin2023_mtj", mine), strict=False):
    junction = sl.device(name)
    print(junction.summary())
    threshold = junction.critical_current()
    curve = junction.switching_probability(sl.span(-0.2 * threshold, 2 * threshold, 45), "30 ns")
    axes.plot(curve.current / threshold, curve, color=colour, label=junction.summary())
axes.set(xlabel="current / critical current", ylabel="switching probability after 30 ns")
axes.legend(fontsize=7.5)
plt.show()

# %%
# What was assumed
# ----------------
# The result carries it along.

for parameter in sl.device(mine).parameters.assumed():
    print(parameter)
