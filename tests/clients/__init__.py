"""Clients that nobody here wrote, against the virtual modem of every family they apply to."""
