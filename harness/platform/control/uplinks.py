"""Control routes of the uplinks: the list, one in detail, and what a device measured."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query, Response
from starlette.exceptions import HTTPException

from harness.platform.control.answers import Answers
from harness.platform.control.details import details, measurements
from harness.platform.facade import Platform

_BRIEF = ("exchange", "received", "device", "outcome", "findings", "pack")
Limit = Annotated[int, Query(ge=1, le=20_000)]


def add_uplinks(app: FastAPI, platform: Platform, answers: Answers) -> None:
    """``/api/uplinks`` and ``/api/measurements``."""

    @app.get("/api/uplinks")
    def uplinks(
        device: str | None = None,
        outcome: str | None = None,
        after: int = 0,
        limit: Limit | None = None,
        brief: bool = False,
    ) -> Response:
        """The uplinks so far, newest last: the newest `limit` of those of `device` with `outcome`
        and an exchange number above `after`. `brief` leaves out their bytes, token and answer."""
        found = [
            uplink
            for uplink in platform.uplinks
            if uplink.exchange > after
            and (device is None or uplink.device == device)
            and (outcome is None or uplink.outcome.value == outcome)
        ]
        listed = [uplink.as_dict() for uplink in (found[-limit:] if limit else found)]
        return answers([{key: one[key] for key in _BRIEF} for one in listed] if brief else listed)

    @app.get("/api/uplinks/{exchange}")
    def one_uplink(exchange: int) -> Response:
        """One uplink in every detail, by its exchange number."""
        for uplink in reversed(platform.uplinks):
            if uplink.exchange == exchange:
                return answers(details(uplink, platform))
        raise HTTPException(404, f"there is no uplink {exchange}, or not any more")

    @app.get("/api/measurements")
    def measured(device: str, limit: Annotated[int, Query(ge=1, le=2_000)] = 200) -> Response:
        """The numbers in a device's newest accepted uplinks, per measurement, oldest first."""
        return answers(measurements(device, platform, limit))
