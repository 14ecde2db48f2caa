"""Equations as pure scalar functions on SI floats (numba and math only: no arrays, no input or output).

The same functions run on every engine. Each works in the precision of its arguments: the constants in
:mod:`spinloom.physics.scalar` are float32 numbers that float64 represents exactly, so they promote nothing.
"""
