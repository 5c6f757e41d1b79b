"""Fuzzing of the host's AT engine and of the virtual modem: ``python -m tests.fuzz --help``."""
