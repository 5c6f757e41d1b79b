"""Host side of modem families: drive a modem with AT commands.

:class:`Modem` says what 3GPP TS 27.007 and 27.005 say once (identity §5, SIM §8.3, signal §8.5,
registration §7.2 and §10.1, clock §8.15, power §8.2; SMS of 27.005 §3 and §4). A family adds its
dialect (:class:`~harness.at.dialect.Dialect`: unsolicited codes, results, probe) and what the
vendor does its own way. Drivers are written from the vendor's manual, never from the virtual
modem.

Errors: :class:`~harness.modem.errors.ModemError` leaves when the modem refused or failed,
:class:`~harness.line.EventTimeout` when what lies behind it stayed silent,
:class:`~harness.line.AtTimeout` when the modem itself did, and the line's own errors.
"""

from __future__ import annotations

from harness.clock import NO_WORK, WorkCounter
from harness.errors import UsageError
from harness.evidence import Recorder
from harness.line import AtChannel, PortSettings
from harness.modem.core import Modem
from harness.modem.quectel_bg import DIALECT, QuectelBg

__all__ = ["Modem", "QuectelBg", "open_modem"]


def open_modem(
    family: str,
    url: str,
    *,
    name: str = "modem",
    recorder: Recorder | None = None,
    work: WorkCounter = NO_WORK,
    settings: PortSettings | None = None,
) -> QuectelBg:
    """Open the line and bind the family's driver; nothing is sent yet."""
    if family != "quectel-bg":
        raise UsageError(f"no driver for modem family {family!r}; known: quectel-bg")
    return QuectelBg(
        AtChannel(url, DIALECT, name=name, recorder=recorder, work=work, settings=settings)
    )
