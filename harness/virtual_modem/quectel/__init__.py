"""Quectel: BG95, BG96."""
