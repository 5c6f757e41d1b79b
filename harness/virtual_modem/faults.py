"""Faults of the line, injected while the modem runs; each is recorded when it strikes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from harness.errors import UsageError


class FaultKind(Enum):
    """``rx`` is modem to host, ``tx`` host to modem."""

    DROP = "drop"  # `count` bytes after `skip` never arrive
    DUPLICATE = "duplicate"  # `count` bytes after `skip` arrive twice
    GARBAGE = "garbage"  # `data` is inserted after `skip` bytes
    SPLIT = "split"  # rx only: a pause of `seconds` after `skip` bytes
    DELAY = "delay"  # rx only: the next output comes `seconds` late
    URC = "urc"  # `text` at a `place` of the next response that has it
    URC_FLOOD = "urc-flood"  # `count` times `text`, one each `seconds`, from now or from boot on
    LATE = "late"  # the next command is taken up `seconds` late; meanwhile the host may give up
    BOOT_GARBAGE = "boot-garbage"  # `data` before the codes of the next boot
    BROWN_OUT = "brown-out"  # supply drops when the next command line arrives (or at once)
    SILENCE = "silence"  # for `seconds` the modem neither listens nor answers


class Place(Enum):
    """Where in a response an unsolicited code comes."""

    AFTER_ECHO = "after-echo"  # before the first line of information, or the prompt
    BETWEEN_LINES = "between-lines"  # of an information response of two lines or more
    BEFORE_FINAL = "before-final"  # between information and OK
    AT_PROMPT = "at-prompt"  # behind the prompt, while it waits for the payload


@dataclass(frozen=True, slots=True)
class LineFault:
    """One fault, which strikes once. Raises :class:`UsageError` for values without meaning."""

    kind: FaultKind
    direction: str = "rx"
    skip: int = 0
    count: int = 1
    seconds: float = 0.05
    data: bytes = b"\x00\xff~"
    text: str = '+QIND: "csq",20,99'
    at_once: bool = False
    place: str = Place.BEFORE_FINAL.value

    def __post_init__(self) -> None:
        numbers = (self.skip, self.count, self.seconds)
        if not all(isinstance(number, int | float) for number in numbers):
            raise UsageError("line fault: skip, count and seconds are numbers")
        if not (isinstance(self.skip, int) and isinstance(self.count, int)):
            raise UsageError("line fault: skip and count are whole numbers")
        if self.direction not in ("rx", "tx"):
            raise UsageError(f"line fault: direction is rx or tx, not {self.direction!r}")
        if self.place not in (known := [place.value for place in Place]):
            raise UsageError(f"line fault: place is one of {', '.join(known)}, not {self.place!r}")
        if self.skip < 0 or self.count < 1 or not 0 <= self.seconds <= 600:
            raise UsageError("line fault: skip from 0, count from 1, seconds 0 to 600")
        if self.direction == "tx" and self.kind in (FaultKind.SPLIT, FaultKind.DELAY):
            raise UsageError(f"line fault: {self.kind.value} exists in direction rx only")

    @property
    def where(self) -> Place:
        return Place(self.place)

    def apply(self, data: bytes) -> bytes:
        """``data`` as it arrives at the other side."""
        skip = min(self.skip, len(data))
        before, hit = data[:skip], data[skip : skip + self.count]
        rest = data[skip + self.count :]
        if self.kind is FaultKind.DROP:
            return before + rest
        if self.kind is FaultKind.DUPLICATE:
            return before + hit + hit + rest
        if self.kind is FaultKind.GARBAGE:
            return before + self.data + hit + rest
        return data
