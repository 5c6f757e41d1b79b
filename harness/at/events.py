"""What the engine reports: frozen values, in the order of the bytes on the wire."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Echo:
    """The modem's echo of what we sent (V.250 §6.2.4), dropped once per command."""

    text: str


@dataclass(frozen=True, slots=True)
class Info:
    """One line of information text of the running command."""

    text: str


@dataclass(frozen=True, slots=True)
class Final:
    """A final result code; ``ok`` says whether the command did what it was asked."""

    text: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """The modem waits for data."""

    text: str


@dataclass(frozen=True, slots=True)
class Payload:
    """Binary data of the running command."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Urc:
    """An unsolicited result code, with the data that belongs to it (``+CMT:``, ``recv``)."""

    text: str
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that are neither an answer nor a known code: late answers, boot garbage."""

    data: bytes


Event = Echo | Info | Final | Prompt | Payload | Urc | Noise
