"""Host side of modem families: drive a modem with AT commands."""
