"""What an examination finds: one row per check, per device and for the rig as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

#: The rows of a device, in the order in which they are found out.
CHECKS = ("port", "rights", "in use", "baud", "echo", "family", "imei", "radio", "sim", "iccid",
          "registration", "signal", "apn", "platform", "clock")  # fmt: skip


class State(StrEnum):
    """``warning``: a run may go on. ``unfit``: it would fail, and not for the device's fault."""

    OK = "ok"
    WARNING = "warning"
    UNFIT = "unfit"
    UNCHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row: what was seen, and what to do about it ("" when nothing needs to be done)."""

    check: str
    state: State
    seen: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """A device's rows; ``port`` is the path that was examined."""

    name: str
    port: str
    findings: tuple[Finding, ...]

    @property
    def fit(self) -> bool:
        return not any(finding.state is State.UNFIT for finding in self.findings)

    @property
    def reason(self) -> str:
        """Why it is not fit, with what to do, on one line; "" when it is fit."""
        return reason_of(self.findings)


@dataclass(frozen=True, slots=True)
class RigHealth:
    """The rig's own rows (disk, platform's address, secrets), and those of its devices."""

    rig: str
    bench: tuple[Finding, ...]
    devices: tuple[DeviceHealth, ...]

    @property
    def bench_fit(self) -> bool:
        return not any(finding.state is State.UNFIT for finding in self.bench)

    @property
    def fit(self) -> bool:
        """Everything that was examined is fit."""
        return self.bench_fit and all(device.fit for device in self.devices)


def reason_of(findings: Iterable[Finding]) -> str:
    """The unfit rows as one sentence each."""
    return "; ".join(
        f"{finding.check}: {finding.seen}" + (f" ({finding.advice})" if finding.advice else "")
        for finding in findings
        if finding.state is State.UNFIT
    )


def ok(check: str, seen: str) -> Finding:
    return Finding(check, State.OK, seen)


def warning(check: str, seen: str, advice: str = "") -> Finding:
    return Finding(check, State.WARNING, seen, advice)


def unfit(check: str, seen: str, advice: str = "") -> Finding:
    return Finding(check, State.UNFIT, seen, advice)


def unchecked(check: str, why: str) -> Finding:
    return Finding(check, State.UNCHECKED, why)


@dataclass(slots=True)
class Sheet:
    """The rows of one device while they are found out."""

    doing: str = CHECKS[0]
    _found: dict[str, Finding] = field(default_factory=dict)

    def begin(self, check: str) -> None:
        """What goes wrong from now on belongs to this row."""
        self.doing = check

    def add(self, finding: Finding) -> bool:
        """Note a row; whether it leaves the device fit."""
        self._found[finding.check] = finding
        return finding.state is not State.UNFIT

    def stop(self, why: str) -> None:
        """Nothing more can be found out; the row that was under way says why."""
        if self.doing not in self._found or self._found[self.doing].state is State.OK:
            self.add(unfit(self.doing, why))

    def rows(self) -> tuple[Finding, ...]:
        """All rows; what was not reached says which row kept it from being so."""
        stopped = next((f.check for f in self._found.values() if f.state is State.UNFIT), "")
        why = f"because of: {stopped}" if stopped else "not reached"
        return tuple(self._found.get(check) or unchecked(check, why) for check in CHECKS)
