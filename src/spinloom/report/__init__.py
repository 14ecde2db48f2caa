"""The only room that draws: figures, tables, and one self-contained HTML page."""

from __future__ import annotations

from spinloom.report.page import write, write_together
from spinloom.report.tables import expectation_table

__all__ = ["expectation_table", "write", "write_together"]
