"""How the Actuator API behaves, and which of that is assumed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from harness.errors import UsageError

_TOKEN = re.compile(r"(?=.{16,4096}\Z)[A-Za-z0-9._~+/-]+=*")


@dataclass(frozen=True, slots=True)
class ActuatorCodes:
    """HTTP status codes. Documented for the deprecated API are 200, 201, 204, 302, 400 and 403."""

    created: int = 201
    wrong: int = 400
    unknown_device: int = 404
    unauthorised: int = 401
    unauthorised_old: int = 302

    def __post_init__(self) -> None:
        for name, low, high in (
            ("created", 200, 299),
            ("wrong", 400, 499),
            ("unknown_device", 400, 499),
            ("unauthorised", 300, 499),
            ("unauthorised_old", 300, 499),
        ):
            if not low <= getattr(self, name) <= high:
                raise UsageError(
                    f"actuator code `{name}`: {getattr(self, name)} is not within {low} to {high}"
                )


@dataclass(frozen=True, slots=True)
class ActuatorSettings:
    """Settings of the Actuator API.

    ``prefix`` is where it stands on the control address. ``token``: the bearer token it asks for;
    None asks for none. ``executes``: whether an accepted downlink becomes Executing at once, or
    when somebody says so.
    """

    prefix: str = "/actuator"
    token: str | None = field(default=None, repr=False)
    executes: Literal["at-once", "manual"] = "at-once"
    limit: int = 50
    limit_maximum: int = 1000
    codes: ActuatorCodes = field(default_factory=ActuatorCodes)

    def __post_init__(self) -> None:
        if not self.prefix.startswith("/") or self.prefix.rstrip("/") in ("", "/api", "/docs"):
            raise UsageError(
                f"the Actuator API's prefix {self.prefix!r} is of no use: begin with / and keep "
                "away from /, /api and /docs"
            )
        if self.token is not None and not _TOKEN.fullmatch(self.token):
            raise UsageError(
                "the Actuator API's token has 16 to 4096 letters, digits and any of -._~+/ "
                "(RFC 6750 §2.1): a JWT will do, and so will any other"
            )

    def assumptions(self) -> list[tuple[str, str, str]]:
        """Name, value in force and reason of each choice that the documents do not make."""
        codes = self.codes
        return [
            (
                "Actuator API address",
                f"under {self.prefix} on the control address",
                "the real one has a host of its own, api.kpnthings.com",
            ),
            (
                "Actuator API bodies",
                "submission: a SenML pack, or an object with networkId or deviceId, message, "
                "tagValue; listing: content and nextCursor",
                "the query parameters are documented, the bodies are not",
            ),
            (
                "networkId and deviceId",
                "the base name of the device; its DvnUUID, or a version 5 UUID made of the base "
                "name",
                "a base name and a UUID stand in the documents' examples",
            ),
            (
                "actuator-style encoding",
                "the records as a SenML pack in the response to an uplink",
                "which encoders there are is not documented",
            ),
            (
                "Actuator API submission",
                "Queued, then Executing "
                + ("at once" if self.executes == "at-once" else "when somebody says so"),
                "not documented",
            ),
            (
                "Actuator API statuses",
                "in upper case, as FAILED is; of an SMS, those of the SMS centre",
                "only FAILED is documented",
            ),
            (
                "Actuator API codes",
                f"created {codes.created}, wrong {codes.wrong}, unknown device "
                f"{codes.unknown_device}, token refused {codes.unauthorised} "
                f"({codes.unauthorised_old} on the deprecated path)",
                "documented for the deprecated path only, and there without 401 and 404",
            ),
            (
                "Actuator API token",
                "any bearer is taken" if self.token is None else "one fixed bearer, all scopes",
                "tokens come from a service that is not mocked",
            ),
            (
                "Actuator API listing",
                f"oldest first unless sorted, at most {self.limit_maximum} per page",
                f"only the default of {self.limit} per page is documented",
            ),
        ]
