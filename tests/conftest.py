"""What all tests share: where the data is, and no window on any screen."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")

# Developers may keep the data beside the checkout; only tests look there, users fetch theirs (`spinloom data fetch`).
_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
if "SPINLOOM_DATA" not in os.environ and _BESIDE.is_dir():
    os.environ["SPINLOOM_DATA"] = str(_BESIDE)
