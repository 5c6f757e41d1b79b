"""What a device trusts when it talks TLS."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TlsTrust:
    """``anchor`` is the PEM certificate of the one authority that is trusted; None: nothing is
    verified, whatever the server shows. With an anchor, name and validity are checked too."""

    anchor: bytes | None
