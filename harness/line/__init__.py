"""Serial lines: ports, locks, and a blocking AT channel on top of the pure engine."""
