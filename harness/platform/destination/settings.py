"""How forwarding behaves where the documents leave it open."""

from __future__ import annotations

from dataclasses import dataclass

from harness.platform.destination.config import SECRET_MINIMUM


@dataclass(frozen=True, slots=True)
class DestinationSettings:
    """``timeouts_s`` on the scenario clock, one per attempt; ``hold_s`` is host seconds for which
    virtual time waits for an endpoint that may still answer."""

    timeouts_s: tuple[float, ...] = (10.0, 20.0, 40.0)
    hold_s: float = 1.0
    secret_minimum: int = SECRET_MINIMUM

    def assumptions(self) -> list[tuple[str, str, str]]:
        """Name, value and reason of what the documents leave open."""
        shown = ", ".join(f"{seconds:g}" for seconds in self.timeouts_s)
        return [
            (
                "destination time-outs",
                f"{shown} s; the next attempt starts when the time-out has passed",
                "three attempts with rising time-out are documented, no figures",
            ),
            (
                "destination trust store",
                "the public authorities of this machine",
                "documented is Java's default trust store",
            ),
            (
                "destination secret",
                f"at least {self.secret_minimum} characters",
                "the page says 32 and 30",
            ),
            (
                "destination flow",
                "every accepted pack goes to every destination that does not name its devices",
                "how devices and destinations are joined is not described in what was read",
            ),
        ]
