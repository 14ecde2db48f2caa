"""Encodings: questions as Ising energies, one kind a module, each with the way back from spins to answers."""
