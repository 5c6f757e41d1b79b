"""Line faults as a scenario names them, put to the virtual modem."""

from __future__ import annotations

from dataclasses import replace

from harness.virtual_modem import FaultKind, LineFault, VirtualModem


def inject(
    modem: VirtualModem,
    kind: str,
    *,
    count: int | None = None,
    after: int | None = None,
    seconds: float | None = None,
    text: str | None = None,
    place: str | None = None,
) -> None:
    """Disturb the line once; what is None keeps the fault's own default.

    ``unplug`` pulls the serial cable: the port is gone for whoever has it open.
    """
    if kind == "unplug":
        modem.unplug()
        return
    fault = LineFault(FaultKind(kind))
    if count is not None:
        fault = replace(fault, count=count)
    if after is not None:
        fault = replace(fault, skip=after)
    if seconds is not None:
        fault = replace(fault, seconds=seconds)
    if text is not None:
        fault = replace(fault, text=text)
    if place is not None:
        fault = replace(fault, place=place)
    modem.inject(fault)
