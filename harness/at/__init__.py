"""AT commands as a pure state machine: bytes in, events out (V.250, 3GPP TS 27.007, 27.005)."""
