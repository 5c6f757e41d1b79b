"""SMS: attempts at their moments, what reached the device, and the status at the platform."""

from __future__ import annotations

from datetime import timedelta

from harness.backoff.duration import format_duration
from harness.platform.sms import Sms
from harness.scenario.expect_model import (
    SmsAttemptsExpectation,
    SmsReceivedExpectation,
    SmsStatusExpectation,
)
from harness.scenario.stage import Stage
from harness.scenario.verdict import Mismatch

_ZERO = timedelta(0)


def _sms(stage: Stage, number: int) -> Sms | None:
    submitted = stage.bench.platform.sms()
    return submitted[number - 1] if number <= len(submitted) else None


def _elapsed(sms: Sms) -> list[timedelta]:
    return [attempt.at - sms.submitted for attempt in sms.attempts]


def check_sms_attempts(stage: Stage, want: SmsAttemptsExpectation) -> Mismatch | None:
    """SMS-RETRY-1 … 4: each attempt at its moment since submission."""
    sms = _sms(stage, want.number)
    if sms is None:
        return Mismatch(f"SMS {want.number}", "it was never submitted")
    times = _elapsed(sms)
    tolerance = want.tolerance or _ZERO
    if want.at is not None:
        wrong = len(want.at) != len(times) or any(
            abs(seen - wanted) > tolerance for wanted, seen in zip(want.at, times, strict=False)
        )
        if wrong:
            return Mismatch(f"attempts at {_show(want.at)}", _show(times), _phase(want.at, times))
    if want.count is not None and len(times) != want.count:
        return Mismatch(f"{want.count} attempts", f"{len(times)} attempts: {_show(times)}")
    if want.last is not None and (not times or abs(times[-1] - want.last) > tolerance):
        shown = _show(times[-1:])
        return Mismatch(f"the last attempt at {_show([want.last])}", shown)
    return None


def _show(times: list[timedelta]) -> str:
    if not times:
        return "no attempts"
    return ", ".join(format_duration(time) for time in times)


def _phase(want: list[timedelta], seen: list[timedelta]) -> tuple[str, ...]:
    """The requirement of the phase in which the first difference lies."""
    first = next(
        (wanted for wanted, got in zip(want, seen, strict=False) if wanted != got),
        (want + seen)[min(len(want), len(seen))] if len(want) != len(seen) else _ZERO,
    )
    for end_h, requirement in (
        (5 / 60, "SMS-RETRY-1"),
        (65 / 60, "SMS-RETRY-2"),
        (13 + 5 / 60, "SMS-RETRY-3"),
    ):
        if first <= timedelta(hours=end_h):
            return (requirement,)
    return ("SMS-RETRY-4",)


def check_sms_received(stage: Stage, want: SmsReceivedExpectation) -> Mismatch | None:
    """SMS-SENDER: what reached the device."""
    received = stage.bench.dut.seen.sms
    shown = "; ".join(
        f"{item.text!r} from {item.sender}{' (obeyed)' if item.obeyed else ''}" for item in received
    )
    shown = shown or "the device has received no SMS"
    if want.count is not None and len(received) != want.count:
        return Mismatch(f"{want.count} SMS at the device", shown)
    if want.model_fields_set - {"count"} and not any(
        (want.sender is None or item.sender == want.sender)
        and (want.text is None or item.text == stage.fill(want.text))
        and (want.obeyed is None or item.obeyed == want.obeyed)
        for item in received
    ):
        parts = [
            f"{name} {value!r}"
            for name, value in (
                ("sender", want.sender),
                ("text", want.text),
                ("obeyed", want.obeyed),
            )
            if value is not None
        ]
        requirements = ("SMS-SENDER",) if want.sender or want.obeyed is not None else ()
        return Mismatch(f"an SMS with {', '.join(parts)}", shown, requirements)
    return None


def check_sms_status(stage: Stage, want: SmsStatusExpectation) -> Mismatch | None:
    """SMS-FAILED: the status of an SMS at the platform."""
    sms = _sms(stage, want.number)
    seen = "it was never submitted" if sms is None else sms.status
    if seen == want.status:
        return None
    requirements = ("SMS-FAILED",) if want.status == "FAILED" else ()
    return Mismatch(f"SMS {want.number} to read {want.status}", seen, requirements)
