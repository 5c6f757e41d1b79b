"""Sierra Wireless: HL78."""
