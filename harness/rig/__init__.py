"""Rigs: what is on a bench and how to reach, power and stimulate it."""
