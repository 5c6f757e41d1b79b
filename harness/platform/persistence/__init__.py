"""Keeping what the platform has seen and was told in one SQLite file."""
