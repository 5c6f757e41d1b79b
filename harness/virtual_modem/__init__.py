"""Modem side of modem families: be a modem on a PTY or UART."""
