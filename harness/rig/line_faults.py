"""Line faults as a scenario names them, put to the virtual modem."""

from __future__ import annotations

from harness.virtual_modem import FaultKind, LineFault, VirtualModem


def inject(
    modem: VirtualModem,
    kind: str,
    *,
    count: int | None = None,
    after: int | None = None,
    seconds: float | None = None,
    text: str | None = None,
) -> None:
    """Disturb the line once; what is None keeps the fault's own default.

    ``unplug`` pulls the serial cable: the port is gone for whoever has it open.
    """
    if kind == "unplug":
        modem.unplug()
        return
    chosen: dict[str, object] = {
        name: value
        for name, value in (("count", count), ("skip", after), ("seconds", seconds), ("text", text))
        if value is not None
    }
    modem.inject(LineFault(FaultKind(kind), **chosen))  # type: ignore[arg-type]
