"""Control routes of what goes to devices: downlinks and SMS."""

from __future__ import annotations

from fastapi import FastAPI, Response

from harness.platform.control.answers import Answers
from harness.platform.control.orders import DownlinkOrder, SmsOrder, StatusOrder
from harness.platform.facade import Platform


def add_messages(app: FastAPI, platform: Platform, answers: Answers) -> None:
    """``/api/downlinks`` and ``/api/sms``."""

    @app.get("/api/downlinks")
    def downlinks() -> Response:
        """All downlinks with their status, oldest first."""
        return answers([downlink.as_dict() for downlink in platform.downlinks()])

    @app.post("/api/downlinks", status_code=201)
    def queue_downlink(order: DownlinkOrder) -> Response:
        """Queue a downlink for a device."""
        queued = platform.queue_downlink(
            order.device, order.records, status=order.status, shape=order.shape
        )
        return answers(queued.as_dict(), 201)

    @app.put("/api/downlinks/{ident}")
    def move_on(ident: str, order: StatusOrder) -> Response:
        """Move a downlink on in its life; a step that its life does not have is refused (409)."""
        return answers(platform.set_downlink_status(ident, order.status, order.reason).as_dict())

    @app.get("/api/sms")
    def sms() -> Response:
        """All SMS with status and attempts, oldest first."""
        return answers([message.as_dict() for message in platform.sms()])

    @app.post("/api/sms", status_code=201)
    def submit_sms(order: SmsOrder) -> Response:
        """Submit an SMS; it is retried on the scenario clock."""
        return answers(platform.submit_sms(order.device, order.text).as_dict(), 201)
