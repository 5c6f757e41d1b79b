"""Nordic Semiconductor: nRF91 with the Serial LTE Modem application."""
