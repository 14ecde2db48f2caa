"""Benchmarks: figures that Spinloom must reach, next to its peers in the same run. Never part of the tests."""
