"""Telit: ME910, LE910."""
