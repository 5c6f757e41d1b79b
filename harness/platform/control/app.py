"""The control API as an application. Import it only where it is served: FastAPI is heavy."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException

from harness.clock import ClockError, VirtualClock
from harness.errors import HilError, UsageError
from harness.evidence import Redactor
from harness.platform.control.certificates import add_certificates
from harness.platform.control.destinations import add_destinations
from harness.platform.control.docs import add_docs
from harness.platform.control.feed import Feed
from harness.platform.control.orders import ClockOrder, DownlinkOrder, SmsOrder
from harness.platform.downlinks import Downlink
from harness.platform.facade import Platform, UnknownDevice


def make_app(platform: Platform, feed: Feed, redactor: Redactor) -> FastAPI:
    """Uplinks, downlinks, SMS, clock and events of ``platform``, under ``/api``."""
    app = FastAPI(
        title="hil serve",
        description="Orders to and questions about the mocked platform.",
        docs_url=None,
        redoc_url=None,
    )
    _refusals(app)
    _reads(app, platform, feed, redactor)
    _orders(app, platform)
    add_certificates(app, platform)
    add_destinations(app, platform, redactor)
    add_docs(app)
    return app


def _refusals(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def wrong_order(_: Request, error: RequestValidationError) -> Response:
        return _refused(422, "; ".join(_sentence(item) for item in error.errors()))

    @app.exception_handler(HTTPException)
    async def no_such_thing(_: Request, error: HTTPException) -> Response:
        return _refused(error.status_code, str(error.detail))

    @app.exception_handler(HilError)
    async def refused_order(_: Request, error: HilError) -> Response:
        if isinstance(error, UnknownDevice):
            return _refused(404, str(error))
        return _refused(400 if isinstance(error, UsageError) else 409, str(error))


def _reads(app: FastAPI, platform: Platform, feed: Feed, redactor: Redactor) -> None:
    def shown(items: Sequence[dict[str, Any]]) -> Response:
        text = json.dumps(items, ensure_ascii=False, default=str)
        return Response(redactor(text), media_type="application/json")

    @app.get("/api/uplinks")
    def uplinks() -> Response:
        """The uplinks so far, newest last."""
        return shown([uplink.as_dict() for uplink in platform.uplinks])

    @app.get("/api/downlinks")
    def downlinks() -> Response:
        """All downlinks with their status, oldest first."""
        return shown([_downlink(downlink) for downlink in platform.downlinks()])

    @app.get("/api/sms")
    def sms() -> Response:
        """All SMS with status and attempts, oldest first."""
        return shown([message.as_dict() for message in platform.sms()])

    @app.get("/api/events")
    def events() -> StreamingResponse:
        """Timeline events from now on, as server-sent events."""
        return StreamingResponse(feed.stream(), media_type="text/event-stream")


def _orders(app: FastAPI, platform: Platform) -> None:
    clock = platform.clock
    one_at_a_time = threading.Lock()

    def time_shown() -> dict[str, Any]:
        now = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"now": now, "frozen": isinstance(clock, VirtualClock)}

    @app.post("/api/downlinks", status_code=201)
    def queue_downlink(order: DownlinkOrder) -> dict[str, Any]:
        """Queue a downlink for a device."""
        return _downlink(
            platform.queue_downlink(
                order.device, order.records, status=order.status, shape=order.shape
            )
        )

    @app.post("/api/sms", status_code=201)
    def submit_sms(order: SmsOrder) -> dict[str, Any]:
        """Submit an SMS; it is retried on the scenario clock."""
        return platform.submit_sms(order.device, order.text).as_dict()

    @app.get("/api/clock")
    def read_clock() -> dict[str, Any]:
        """The scenario clock, and whether it stands still until it is moved."""
        return time_shown()

    @app.post("/api/clock")
    def move_clock(order: ClockOrder) -> dict[str, Any]:
        """Move the scenario clock forward; what falls due happens on the way."""
        if not one_at_a_time.acquire(blocking=False):
            raise ClockError("the clock is being moved by another order")
        try:
            if order.advance is not None:
                clock.advance(order.advance)
            elif order.set is not None:
                clock.advance_to(order.set)
        finally:
            one_at_a_time.release()
        return time_shown()


def _downlink(downlink: Downlink) -> dict[str, Any]:
    return {
        "id": downlink.id,
        "device": downlink.device,
        "status": downlink.status.value,
        "records": [dict(record) for record in downlink.records],
        "shape": downlink.shape,
        "exchange": downlink.exchange,
        "sent": downlink.sent,
    }


def _refused(status: int, reason: str) -> JSONResponse:
    return JSONResponse({"error": reason}, status_code=status)


def _sentence(item: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in item["loc"] if part != "body")
    return f"{where}: {item['msg']}" if where else str(item["msg"])
