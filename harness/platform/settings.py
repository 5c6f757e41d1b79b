"""Settings of the mocked platform, and the list of those that are assumed.

The documents leave much open (facts §1, §13). Whatever they do not say is a setting with a stated
default, and :meth:`PlatformSettings.assumptions` names each, so that reports can print it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from harness.backoff import Reading, with_reading
from harness.errors import UsageError
from harness.platform.actuator.settings import ActuatorSettings
from harness.platform.destination.settings import DestinationSettings
from harness.platform.findings import Outcome
from harness.platform.fota.settings import FotaSettings
from harness.platform.sms_settings import SmsSettings
from harness.platform.wire import Limits

M2M_PATH = "/ingestion/m2m/senml/v1"
IP_PATH = "/ingestion/ip/senml/v1"
TOKEN_HEADER = "Things-Message-Token"
PLATFORM_NAME = "prod.dm.kpnthings.com"
"""NET-TLS: the name of the Internet endpoint."""


class Assumption(NamedTuple):
    """A choice the documents do not make: its name, the value in force, and why that value."""

    name: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class ResponseCodes:
    """The status code of each outcome. The numbers are not documented (facts §1)."""

    accepted: int = 202
    malformed: int = 400
    unverified: int = 401
    unknown_device: int = 404

    def __post_init__(self) -> None:
        for name in ("accepted", "malformed", "unverified", "unknown_device"):
            code = getattr(self, name)
            fits = 200 <= code <= 299 if name == "accepted" else 400 <= code <= 599
            if not fits:
                raise UsageError(
                    f"response code of `{name}`: {code} is out of range; accepted needs a 2xx, "
                    "the others a 4xx or 5xx"
                )

    def of(self, outcome: Outcome) -> int:
        return {
            Outcome.ACCEPTED: self.accepted,
            Outcome.MALFORMED: self.malformed,
            Outcome.UNVERIFIED: self.unverified,
            Outcome.UNKNOWN_DEVICE: self.unknown_device,
        }[outcome]


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds on the host clock.

    ``stall``: no further byte of a request that has begun. ``request``: the whole request, however
    slowly it trickles. ``idle``: a kept-alive connection between requests. ``write``: the peer does
    not read its response. ``handshake``: a whole TLS handshake, which on NB-IoT has round trips of
    ten seconds.
    """

    stall_s: float = 8.0
    request_s: float = 60.0
    idle_s: float = 120.0
    write_s: float = 30.0
    handshake_s: float = 60.0


@dataclass(frozen=True, slots=True)
class PlatformSettings:
    """How the mocked platform behaves where the documents leave it open."""

    codes: ResponseCodes = field(default_factory=ResponseCodes)
    limits: Limits = field(default_factory=Limits)
    times: TimeLimits = field(default_factory=TimeLimits)
    downlink_shape: Literal["separate", "merged"] = "separate"
    downlink_content_type: str = "application/json"
    downlink_done: Literal["sent", "manual"] = "sent"
    sms: SmsSettings = field(default_factory=SmsSettings)
    destinations: DestinationSettings = field(default_factory=DestinationSettings)
    fota: FotaSettings = field(default_factory=FotaSettings)
    actuator: ActuatorSettings = field(default_factory=ActuatorSettings)
    maintenance_code: int = 503
    sms_reading: Reading | None = None  # set: the documented schedule in that reading
    tight_retry_s: float = 1.0
    tight_retries: int = 2
    keep_uplinks: int = 20_000
    keep_bytes: int = 67_108_864  # of their heads and bodies, in memory
    keep_downlinks: int = 100_000  # of those that have ended
    max_connections: int = 2_000
    max_held_bytes: int = 268_435_456  # of requests under way, on all connections together

    def sms_settings(self) -> SmsSettings:
        """The SMS centre's settings, in the reading asked for (contradiction 4)."""
        if self.sms_reading is None:
            return self.sms
        return replace(self.sms, backoff=with_reading(self.sms_reading))

    def assumptions(self) -> list[Assumption]:
        """Every setting that stands in for something the documents do not say."""
        codes = self.codes
        return [
            Assumption(
                "response codes",
                f"accepted {codes.accepted}, malformed {codes.malformed}, "
                f"unverified {codes.unverified}, unknown-device {codes.unknown_device}",
                "the outcomes are documented, their numbers are not",
            ),
            Assumption(
                "order of checks",
                "request form, SenML pack, device identifier, token",
                "the token's secret is found through the identifier in the pack",
            ),
            Assumption(
                "wrong path or method",
                f"malformed ({codes.malformed})",
                "only the four documented outcomes are used",
            ),
            Assumption(
                "Internet uplink in plain, M2M uplink over TLS",
                "taken as it is, flagged",
                "which port refuses what is not documented",
            ),
            Assumption(
                "TLS of the Internet endpoint",
                "1.2 and 1.3, the suites of this machine's OpenSSL",
                "only HTTPS on 443 is documented",
            ),
            Assumption(
                "answer during maintenance",
                str(self.maintenance_code),
                "not documented; a window of maintenance may name another",
            ),
            Assumption("error bodies", "empty", "not documented; empty on success in practice"),
            Assumption("bare LF line ends", "accepted, flagged", "the vendor's own SDK sends them"),
            Assumption("upper-case token", "accepted, flagged", "only lower case is seen in use"),
            Assumption(
                "downlink status life-cycle",
                "Queued and Executing to and fro, then Succeeded or Failed, which are final",
                "only Executing and FAILED are documented",
            ),
            Assumption(
                "downlink is done",
                "when its response was written in full"
                if self.downlink_done == "sent"
                else "when somebody says so",
                "no acknowledgement is documented",
            ),
            Assumption(
                "connection lost before the response ends",
                "the downlink stays Executing and goes with the next uplink",
                "not documented",
            ),
            Assumption("downlink base record", self.downlink_shape, "both shapes are in use"),
            Assumption("downlink content type", self.downlink_content_type, "not documented"),
            Assumption(
                "tight retry loop",
                f"the same bytes more than {self.tight_retries} times in a row, each within "
                f"{self.tight_retry_s:g} s on both the host and the scenario clock",
                "the documents name no minimum",
            ),
            Assumption(
                "limits",
                f"head {self.limits.head} B, body {self.limits.body} B, no further byte for "
                f"{self.times.stall_s:g} s",
                "not documented",
            ),
            *(Assumption(*item) for item in self.sms_settings().assumptions()),
            *(Assumption(*item) for item in self.destinations.assumptions()),
            *(Assumption(*item) for item in self.fota.assumptions()),
            *(Assumption(*item) for item in self.actuator.assumptions()),
        ]
