"""Host side of modem families: drive a modem with AT commands.

:class:`Modem` says what 3GPP TS 27.007 and 27.005 say once (identity §5, SIM §8.3, signal §8.5,
registration §7.2 and §10.1, PDP contexts §10.1, clock §8.15, power §8.2; SMS of 27.005 §3 and §4).
A family adds its dialect (:class:`~harness.at.dialect.Dialect`: unsolicited codes, results,
probe), its abilities as data, and what the vendor does its own way. Drivers are written from the
vendor's manual, never from the virtual modem.

Errors: :class:`~harness.modem.errors.ModemError` leaves when the modem refused or failed,
:class:`~harness.modem.errors.CannotDo` for what the family has not,
:class:`~harness.line.EventTimeout` when what lies behind it stayed silent,
:class:`~harness.line.AtTimeout` when the modem itself did, and the line's own errors.
"""

from __future__ import annotations

from harness.modem.core import Modem
from harness.modem.families import FAMILIES, driver_of, open_modem, recognise
from harness.modem.http import HttpAnswer, HttpOrder
from harness.modem.sockets import SocketModem

__all__ = [
    "FAMILIES",
    "HttpAnswer",
    "HttpOrder",
    "Modem",
    "SocketModem",
    "driver_of",
    "open_modem",
    "recognise",
]
