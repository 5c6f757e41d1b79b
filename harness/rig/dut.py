"""The device under test as the rig sees it: switch it, stimulate it, see what it did.

Two kinds exist: :class:`~harness.rig.scripted.ScriptedDut` (the harness plays the device and drives
a real or virtual modem) and :class:`~harness.rig.firmware.FirmwareDut` (a firmware program, or a
board, owns the modem).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from harness.errors import UsageError
from harness.rig.mistakes import MistakeName


@dataclass(frozen=True, slots=True)
class Record:
    """One SenML record to be sent; ``None`` means the label is left out."""

    n: str | None = None
    u: str | None = None
    v: float | None = None
    vs: str | None = None
    vb: bool | None = None
    vd: str | None = None
    s: float | None = None
    t: float | None = None

    def labels(self) -> dict[str, object]:
        """The labels that are set, in the order RFC 8428 lists them; whole numbers as int."""
        pairs = (
            (name, getattr(self, name)) for name in ("n", "u", "v", "vs", "vb", "vd", "s", "t")
        )
        return {name: _whole(value) for name, value in pairs if value is not None}


def _whole(value: object) -> object:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


@dataclass(frozen=True, slots=True)
class RequestChanges:
    """What differs from the documented request."""

    method: str | None = None
    path: str | None = None
    version: str | None = None
    host: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: Sequence[str] = ()
    duplicate: Sequence[str] = ()
    bare_lf: bool = False
    length_error: int = 0


@dataclass(frozen=True, slots=True)
class UplinkOrder:
    """What the device is asked to send. ``base_time`` is seconds since 1970.

    ``verify``: an Internet device checks the server's certificate (NET-TLS).
    """

    records: Sequence[Record] | None = None
    base_name: str | None = None
    base_time: float | None = None
    base_unit: str | None = None
    base_value: float | None = None
    merged: bool = False
    spaces: bool = False
    body: bytes | None = None
    mistake: MistakeName | None = None
    tamper: tuple[bytes, bytes] | None = None
    request: RequestChanges = RequestChanges()
    http_client: bool = False
    verify: bool = True
    keep_open: bool = False
    to: tuple[str, int] | None = None
    response_timeout_s: float = 10.0
    tries: int = 3


@dataclass(frozen=True, slots=True)
class UplinkResult:
    """What the device believes about one report.

    ``status`` is the HTTP status it read, ``error`` one of ``timeout``, ``closed``, ``reset``,
    ``refused`` when it read none; ``attempts`` how often it sent.
    """

    status: int | None
    error: str | None
    attempts: int = 1
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class ReceivedDownlink:
    """A downlink that reached the device: its records, resolved labels by name."""

    records: tuple[Mapping[str, object], ...]
    size: int


@dataclass(frozen=True, slots=True)
class ReceivedSms:
    """An SMS that reached the device; ``obeyed`` whether it acted on it."""

    sender: str
    text: str
    obeyed: bool


@dataclass(slots=True)
class Seen:
    """What a device has reported so far. Appended to by one thread, read by the runner."""

    results: list[UplinkResult] = field(default_factory=list)
    downlinks: list[ReceivedDownlink] = field(default_factory=list)
    sms: list[ReceivedSms] = field(default_factory=list)


def switched_off(name: str) -> UsageError:
    """What is said to an order that only a device with power can follow."""
    return UsageError(f"{name} is switched off; put `power: on` before this step")


class Dut(Protocol):
    """What the runner asks of a device."""

    seen: Seen

    def power_on(self, *, attach: bool = True) -> None:
        """Switch on; with ``attach``, return once it is registered with its PDP context up."""

    def power_off(self, *, abrupt: bool = False) -> None:
        """Power down in order, or cut the power."""

    def reset(self) -> None:
        """Restart it and wait until it is attached again."""

    def radio(self, *, on: bool) -> None:
        """Switch the radio (AT+CFUN=4 / 1)."""

    def report(self, order: UplinkOrder) -> None:
        """Make it send an uplink; what came of it is appended to ``seen.results``."""

    def drain(self, timeout_s: float = 0.0) -> None:
        """Process what has arrived, waiting at most ``timeout_s`` for something to arrive."""

    def sms_reached_modem(self, before: int) -> None:
        """The network has just handed an SMS to the modem; ``before``, ``seen`` had so many.

        A device that lives in real time gets time to read it before scenario time moves on.
        """

    def death(self) -> str | None:
        """How it ended on its own, in words; None while it lives, was stopped, or cannot end."""

    def exit_code(self) -> int | None:
        """The exit code of a firmware program that has ended; None while it runs."""

    def close(self) -> None:
        """Let go of everything. Never raises."""
