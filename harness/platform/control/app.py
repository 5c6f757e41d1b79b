"""The control API as an application. Import it only where it is served: FastAPI is heavy."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from harness.errors import HilError, UsageError
from harness.evidence import Redactor
from harness.platform.chaos.standing import UnknownRule
from harness.platform.control.actuator import add_actuator
from harness.platform.control.answers import Answers
from harness.platform.control.certificates import add_certificates
from harness.platform.control.chaos import add_chaos
from harness.platform.control.destinations import add_destinations
from harness.platform.control.devices import add_devices
from harness.platform.control.docs import add_docs
from harness.platform.control.events import add_events
from harness.platform.control.feed import Feed
from harness.platform.control.fota import add_firmware
from harness.platform.control.messages import add_messages
from harness.platform.control.page import add_page
from harness.platform.control.state import add_clock, add_state
from harness.platform.control.uplinks import add_uplinks
from harness.platform.downlinks import UnknownDownlink
from harness.platform.facade import Platform, UnknownDevice
from harness.platform.fota.server import UnknownFirmware
from harness.platform.registry import DeviceTaken


def make_app(platform: Platform, feed: Feed, redactor: Redactor) -> FastAPI:
    """Uplinks, downlinks, SMS, clock and events of ``platform`` under ``/api``, and the page."""
    app = FastAPI(
        title="hil serve",
        description="Orders to and questions about the mocked platform.",
        docs_url=None,
        redoc_url=None,
    )
    answers = Answers(redactor)
    _refusals(app, answers)
    add_state(app, platform, answers)
    add_clock(app, platform)
    add_uplinks(app, platform, answers)
    add_messages(app, platform, answers)
    add_events(app, feed)
    add_devices(app, platform, answers)
    add_actuator(app, platform, answers)
    add_certificates(app, platform)
    add_destinations(app, platform, redactor)
    add_chaos(app, platform)
    add_firmware(app, platform, answers)
    add_docs(app)
    add_page(app)
    return app


def _refusals(app: FastAPI, answers: Answers) -> None:
    def refused(status: int, reason: str) -> Response:
        return answers({"error": reason}, status)

    @app.exception_handler(RequestValidationError)
    async def wrong_order(_: Request, error: RequestValidationError) -> Response:
        return refused(422, "; ".join(_sentence(item) for item in error.errors()))

    @app.exception_handler(HTTPException)
    async def no_such_thing(_: Request, error: HTTPException) -> Response:
        return refused(error.status_code, str(error.detail))

    @app.exception_handler(HilError)
    async def refused_order(_: Request, error: HilError) -> Response:
        if isinstance(error, UnknownDevice | UnknownDownlink | UnknownRule | UnknownFirmware):
            return refused(404, str(error))
        fits_not = isinstance(error, UsageError) and not isinstance(error, DeviceTaken)
        return refused(400 if fits_not else 409, str(error))


def _sentence(item: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in item["loc"] if part != "body")
    return f"{where}: {item['msg']}" if where else str(item["msg"])
