"""How the SMS centre behaves, and which of that is assumed."""

from __future__ import annotations

from dataclasses import dataclass

from harness.backoff import KPN, BackoffSettings, attempts, discard_after
from harness.platform.registry import SimType

SENDER = "5277"
"""Where SMS downlinks come from (SMS-SENDER)."""


@dataclass(frozen=True, slots=True)
class StatusNames:
    """What the Actuator API calls the states of an SMS. Only ``FAILED`` is documented."""

    pending: str = "PENDING"
    delivered: str = "DELIVERED"
    failed: str = "FAILED"


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """Settings of the SMS centre.

    ``sims``: the SIM types that may get SMS downlinks (SMS-PLUS).
    """

    backoff: BackoffSettings = KPN
    sender: str = SENDER
    sims: frozenset[SimType] = frozenset({"plus", "early-access", "jasper"})
    status: StatusNames = StatusNames()

    def assumptions(self) -> list[tuple[str, str, str]]:
        """Name, value in force and reason of each choice that the documents do not make."""
        moments = attempts(self.backoff)
        last_s, discard_s = moments[-1], discard_after(self.backoff)
        return [
            (
                "SMS schedule",
                f"{self.backoff.reading}: {len(moments)} attempts with the one at submission, last "
                f"at {_hours(last_s)}, discarded at {_hours(discard_s)}",
                "the windows add up to 49 h 05 min, the text says 48 h (contradiction 4)",
            ),
            (
                "SIM types with SMS",
                ", ".join(sorted(self.sims)),
                "documented for M2M+ SIMs; early access and Jasper share their APN",
            ),
            (
                "SMS status names",
                f"{self.status.pending}, {self.status.delivered}, {self.status.failed}",
                "only FAILED is documented",
            ),
            ("SMS content", "passed on as it is", "not documented"),
        ]


def _hours(seconds: int) -> str:
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d}"
