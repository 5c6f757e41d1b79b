"""Control routes of the registered devices: who is known, who comes, who goes, another secret."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Response
from pydantic import Field

from harness.platform.actuator.model import device_id
from harness.platform.control.answers import Answers
from harness.platform.control.orders import Order
from harness.platform.facade import Platform
from harness.platform.registration import advice
from harness.platform.registry import Registration, SimType


class SecretOrder(Order):
    """A device's new secret (TOKEN-SECRET); null for none. It is taken and never shown again."""

    secret: str | None = Field(repr=False)


class DeviceOrder(Order):
    """A new device (REG-M2M, REG-IP). Its secret is taken and never shown again."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    imei: str | None = None
    dvnuuid: str | None = None
    secret: str | None = Field(default=None, repr=False)
    iccid: str | None = None
    msisdn: str | None = None
    sim: SimType = "regular"
    rate_plan: str | None = None

    def registration(self) -> Registration:
        """The registration as it stands here; nothing is checked yet."""
        fields = self.model_dump()
        if self.dvnuuid is not None:
            fields["dvnuuid"] = self.dvnuuid.lower()
        return Registration(**fields)


def add_devices(app: FastAPI, platform: Platform, answers: Answers) -> None:
    """``/api/devices``."""

    @app.get("/api/devices")
    def devices() -> Response:
        """The registered devices, without secrets, each with what could be better about it."""
        return answers([_shown(device) for device in platform.registry])

    @app.post("/api/devices", status_code=201)
    def register(order: DeviceOrder) -> Response:
        """Register a device, from now on; all objections come at once."""
        return answers(_shown(platform.register(order.registration())), 201)

    @app.put("/api/devices/{name}/secret")
    def change_secret(name: str, order: SecretOrder) -> Response:
        """Give a device another secret, in force for its next request."""
        return answers(_shown(platform.change_secret(name, order.secret)))

    @app.delete("/api/devices/{name}")
    def remove(name: str) -> Response:
        """Forget a device; its downlinks that have not ended are Failed."""
        return answers({"removed": platform.remove(name).name})


def _shown(device: Registration) -> dict[str, Any]:
    return {
        "name": device.name,
        "identifier": device.identifier,
        "connection": device.connection,
        "imei": device.imei,
        "dvnuuid": device.dvnuuid,
        "device_id": device_id(device),
        "iccid": device.iccid,
        "msisdn": device.msisdn,
        "sim": device.sim,
        "rate_plan": device.rate_plan,
        "has_secret": device.secret is not None,
        "advice": [remark.message for remark in advice(device)],
    }
