"""What a replay does next: frozen values, in the order of the bytes on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Say:
    """Bytes for the host, recorded ``gap_s`` after what came before them."""

    data: bytes
    gap_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Unknown:
    """A command that was never recorded; it was answered with ERROR."""

    command: str


@dataclass(frozen=True, slots=True)
class PayloadDiffers:
    """Another payload than at this line of the recording, answered as the recorded one."""

    line: int
    expected: str
    seen: str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The host left the recording; nothing follows. ``expected`` is "" behind its end.

    ``seen`` goes up to the first character that differs; "" when the host sent too little.
    """

    line: int
    expected: str
    seen: str


Event = Say | Unknown | PayloadDiffers | Mismatch


class Matcher(Protocol):
    """Bytes of the host in, in any chunking; events out."""

    @property
    def played(self) -> int:
        """Turns of the recording that were played at least once."""

    @property
    def missing(self) -> Mismatch | None:
        """What the host still owes, when it has to play all."""

    def start(self) -> list[Event]:
        """What the modem says by itself."""

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes as they came from the line."""
