"""The Actuator API over HTTP: how applications submit downlinks and look at them (facts §5).

It stands under a prefix of the control address, so that its resources cannot be taken for those of
``/api``. What the documents leave open is in
:class:`~harness.platform.actuator.settings.ActuatorSettings`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response

from harness.errors import HilError
from harness.platform.actuator.model import (
    CONNECTIONS,
    Connection,
    NoSuchConnection,
    NoSuchDevice,
    WrongRequest,
)
from harness.platform.actuator.query import PARAMETERS
from harness.platform.actuator.service import Actuator, Listing, Receipt
from harness.platform.control.answers import Answers
from harness.platform.facade import Platform

OLD_PATH = "/api/actuator/downlinks"
OLD_TYPE = "application/vnd.kpnthings.actuator.v1.response+json"
Made = tuple[int, Any]


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


def add_actuator(app: FastAPI, platform: Platform, answers: Answers) -> None:
    """``/actuator/downlinks``, its siblings per connection type, and the deprecated path."""
    actuator = platform.actuator
    router = APIRouter(prefix=actuator.settings.prefix.rstrip("/"), tags=["Actuator API"])
    door = _Door(actuator, answers)

    @router.get("/downlinks", openapi_extra=_parameters(by_device=False))
    def listing(request: Request) -> Response:
        """Downlinks of all connection types, oldest first unless sorted."""
        return door.open(request, lambda: _listed(actuator.list(_pairs(request))))

    @router.post("/downlinks", status_code=201, openapi_extra=_SUBMISSION)
    def submit(request: Request, body: Body) -> Response:
        """Submit a command; the platform encodes it for the device."""
        return door.open(request, lambda: _taken(actuator, actuator.submit(_json(body))))

    @router.post(OLD_PATH, status_code=201, openapi_extra=_SUBMISSION, deprecated=True)
    def submit_old(request: Request, body: Body) -> Response:
        """The deprecated way: a SenML array whose first base name names the device."""
        return door.open(request, lambda: _old(actuator, request, body), old=True)

    for connection in CONNECTIONS:
        _add_connection(router, door, actuator, connection)
    app.include_router(router)


def _add_connection(
    router: APIRouter, door: _Door, actuator: Actuator, connection: Connection
) -> None:
    path = f"/{connection}/downlinks"

    @router.get(
        path, name=f"list {connection} downlinks", openapi_extra=_parameters(by_device=True)
    )
    def listing(request: Request) -> Response:
        """Downlinks of this connection type."""
        return door.open(request, lambda: _listed(actuator.list(_pairs(request), connection)))

    @router.post(
        path,
        name=f"submit {connection} downlink",
        status_code=201,
        openapi_extra=_SUBMISSION,
    )
    def submit(request: Request, body: Body) -> Response:
        """Submit a native payload: it goes to the device as it is, and may break it."""
        return door.open(
            request, lambda: _taken(actuator, actuator.submit_raw(connection, _json(body)))
        )


class _Door:
    """Lets requests in that bear the token, and turns refusals into answers."""

    def __init__(self, actuator: Actuator, answers: Answers) -> None:
        self._actuator = actuator
        self._answers = answers

    def open(self, request: Request, work: Callable[[], Made], *, old: bool = False) -> Response:
        codes = self._actuator.settings.codes
        reason: str | None = None
        if not self._actuator.admits(request.headers.get("authorization")):
            status = codes.unauthorised_old if old else codes.unauthorised
            reason = "the Actuator API asks for a token: send Authorization: Bearer TOKEN"
        else:
            try:
                status, data = work()
            except NoSuchDevice as refused:
                status, reason = codes.unknown_device, str(refused)
            except NoSuchConnection as refused:
                status, reason = 404, str(refused)
            except HilError as refused:  # WrongRequest, and UsageError for records
                status, reason = codes.wrong, str(refused)
        if request.method != "GET" or reason is not None:
            self._actuator.note(request.method, request.url.path, status, reason)
        made = self._answers({"error": reason} if reason is not None else data, status)
        if status == 401:
            made.headers["www-authenticate"] = 'Bearer realm="actuator"'
        if reason is None and old and OLD_TYPE in request.headers.get("accept", ""):
            made.headers["content-type"] = OLD_TYPE
        return made


def _pairs(request: Request) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in request.query_params.multi_items()]


def _listed(listing: Listing) -> Made:
    return 200, {
        "content": [entry.as_dict() for entry in listing.entries],
        "nextCursor": listing.cursor,
    }


def _taken(actuator: Actuator, receipt: Receipt, *more: str) -> Made:
    data = receipt.entry.as_dict()
    advice = [*receipt.advice, *more]
    return actuator.settings.codes.created, data | ({"advice": advice} if advice else {})


def _old(actuator: Actuator, request: Request, body: bytes) -> Made:
    pairs = dict(_pairs(request))
    if set(pairs) - {"port"}:
        raise WrongRequest("the deprecated path has one parameter, port, and that is for LoRa")
    order = _json(body)
    if not isinstance(order, list):
        raise WrongRequest("the deprecated path takes a SenML array")
    port = ["port is for LoRa devices; this one has none, so it was left out"] if pairs else []
    return _taken(actuator, actuator.submit(order), *port)


def _json(body: bytes) -> Any:
    def no_number(word: str) -> Any:
        raise ValueError(f"{word} is no number in JSON")

    try:
        return json.loads(body, parse_constant=no_number)
    except RecursionError:
        raise WrongRequest("the body is nested too deeply") from None
    except ValueError as problem:
        raise WrongRequest(f"the body is no JSON: {problem}") from None


def _parameters(*, by_device: bool) -> dict[str, Any]:
    return {
        "parameters": [
            {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
            for name, text in PARAMETERS.items()
            if by_device or name != "deviceId"
        ]
    }


_SUBMISSION: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        {
                            "type": "array",
                            "items": {"type": "object"},
                            "description": "A SenML pack; its first base name is the device's.",
                        },
                        {
                            "type": "object",
                            "required": ["message"],
                            "properties": {
                                "networkId": {"type": "string"},
                                "deviceId": {"type": "string", "format": "uuid"},
                                "message": {"type": ["array", "string", "object"]},
                                "tagValue": {"type": "string"},
                            },
                        },
                    ]
                }
            }
        },
    }
}
