"""Host side of modem families: drive a modem with AT commands."""

from __future__ import annotations

from harness.clock import NO_WORK, WorkCounter
from harness.errors import UsageError
from harness.evidence import Recorder
from harness.line import AtChannel, PortSettings
from harness.modem.quectel_bg import DIALECT, QuectelBg

__all__ = ["QuectelBg", "open_modem"]


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
