"""Compiled loops over p-bits: many replicas at once, or one on sparse or dense couplings; many-body terms."""
