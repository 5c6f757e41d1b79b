"""Findings that only several requests of one device can show: how it takes the answer."""

from __future__ import annotations

from harness.clock import monotonic
from harness.platform.findings import Finding, Outcome, error, info, warning
from harness.platform.settings import PlatformSettings
from harness.platform.uplink import Uplink


class _Last:
    __slots__ = ("host_s", "repeats", "uplink")

    def __init__(self, uplink: Uplink, host_s: float, repeats: int) -> None:
        self.uplink = uplink
        self.host_s = host_s
        self.repeats = repeats


class Behaviour:
    """Remembers the last request of each device and compares the next one with it.

    A retry is *tight* when it comes within ``tight_retry_s`` on the host clock **and** on the
    scenario clock: a device that waited on either has waited (in simulation, hours of scenario time
    cost no host time; on a bench, the scenario clock may stand still).
    """

    def __init__(self, settings: PlatformSettings) -> None:
        self._settings = settings
        self._last: dict[str, _Last] = {}
        codes = settings.codes
        self._requirement = {
            codes.of(Outcome.UNKNOWN_DEVICE): "RESP-UNKNOWN",
            codes.of(Outcome.UNVERIFIED): "RESP-UNVERIFIED",
            codes.of(Outcome.MALFORMED): "RESP-MALFORMED",
        }

    def note(self, who: str, uplink: Uplink) -> Finding | None:
        """Compare ``uplink`` with the last one of ``who`` and remember it. Before its answer."""
        now = monotonic()
        last = self._last.get(who)
        if last is None:
            self._last[who] = _Last(uplink, now, 0)
            return None
        if last.uplink.body != uplink.body:
            last.uplink, last.host_s, last.repeats = uplink, now, 0
            return None
        before = last.uplink
        gap_host = now - last.host_s
        gap_scenario = (uplink.received_ns - before.received_ns) / 1e9
        limit = self._settings.tight_retry_s
        tight = gap_host < limit and gap_scenario < limit
        repeats = last.repeats + 1 if tight else 0
        self._last[who] = _Last(uplink, now, repeats)
        if not before.whole or before.status is None:
            return None  # it cannot know what became of the first one: RESP-ROBUST
        if 200 <= before.status <= 299:
            if uplink.outcome is not Outcome.ACCEPTED:
                return None
            return _again(before, uplink, tight)
        if not tight or before.head != uplink.head:
            return None
        requirement = self._requirement.get(before.status)
        if requirement is None and before.status >= 500:
            return self._hammering(before, repeats)
        requirement = requirement or "RESP-MALFORMED"
        message = (
            f"the same bytes again {min(gap_host, 999):.3f} s (host) after exchange "
            f"{before.exchange} was refused with {before.status}"
        )
        if repeats < self._settings.tight_retries:
            return warning(requirement, message)
        return error(requirement, f"{message}, {repeats + 1} times in a row: a tight retry loop")

    def _hammering(self, before: Uplink, repeats: int) -> Finding | None:
        """A platform in trouble is asked again, which is right; without a pause, it is told."""
        if repeats < self._settings.tight_retries:
            return None
        return info(
            "RESP-ROBUST",
            f"the same bytes {repeats + 1} times in a row without a pause, after exchange "
            f"{before.exchange} was answered with {before.status}: a platform in trouble is better "
            "asked later",
        )


def _again(before: Uplink, uplink: Uplink, tight: bool) -> Finding:
    """An accepted uplink came again."""
    accepted = f"the same bytes as exchange {before.exchange}, which was answered with"
    if "late" in before.faults:  # the device may have given it up, and gone where no answer comes
        return info("RESP-ACCEPTED", f"{accepted} {before.status}, but late")
    # Without bt, equal bytes may as well be a new measurement of the same value.
    make = warning if tight or b'"bt"' in uplink.body else info
    return make(
        "RESP-ACCEPTED", f"{accepted} {before.status}: an accepted uplink is not sent again"
    )
