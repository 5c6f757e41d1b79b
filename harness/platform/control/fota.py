"""Control routes of firmware over the air: offers, what devices made of them, and faults."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Response
from pydantic import Field, model_validator

from harness.errors import UsageError
from harness.platform.control.answers import Answers
from harness.platform.control.orders import Order
from harness.platform.facade import Platform, UnknownDevice
from harness.platform.faults import make_fault
from harness.platform.fota.image import made_up_image


class FirmwareOrder(Order):
    """Offer a device new firmware (FOTA-OFFER): ``image`` in base64, or ``size`` bytes made up."""

    device: str
    version: str
    image: str | None = None
    size: Annotated[int, Field(ge=1, le=16 * 1024 * 1024)] | None = None
    seed: int = 0
    status: Literal["206", "200"] | None = None
    token_life: Annotated[float, Field(gt=0, le=10 * 366 * 86_400)] | None = None

    @model_validator(mode="after")
    def _one(self) -> FirmwareOrder:
        if (self.image is None) == (self.size is None):
            raise ValueError("give exactly one of `image` (base64) and `size` (bytes)")
        return self

    def content(self) -> bytes:
        """The image itself. Raises :class:`UsageError`."""
        if self.image is None:
            return made_up_image(self.version, self.size or 0, self.seed)
        try:
            return base64.b64decode(self.image, validate=True)
        except binascii.Error as error:
            raise UsageError(f"`image` is not base64: {error}") from None


class RenewalOrder(Order):
    """Another token for the same URL; ``token_life`` in seconds."""

    token_life: Annotated[float, Field(gt=0, le=10 * 366 * 86_400)] | None = None


class FirmwareFaultOrder(Order):
    """Spoil ``times`` answers of the file server, after ``after`` more that are right."""

    kind: str
    device: str | None = None
    after: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    parameters: dict[str, Any] = Field(default_factory=dict)


def add_firmware(app: FastAPI, platform: Platform, answers: Answers) -> None:
    """``/api/firmware``."""
    files = platform.firmware

    @app.get("/api/firmware")
    def offers() -> Response:
        """All offers and how far each has come, oldest first, without tokens and images."""
        return answers([offer.as_dict() for offer in files.all()])

    @app.post("/api/firmware", status_code=201)
    def offer(order: FirmwareOrder) -> Response:
        """Offer an image: its URL and token go with the device's next uplink."""
        made = platform.offer_firmware(
            order.device,
            order.content(),
            order.version,
            status_form=order.status,
            token_life_s=order.token_life,
        )
        return answers(made.as_dict(), 201)

    @app.post("/api/firmware/faults", status_code=201)
    def spoil(order: FirmwareFaultOrder) -> Response:
        """Put a fault on answers of the file server, for one device or for all."""
        if order.device is not None and platform.registry.by_name(order.device) is None:
            raise UnknownDevice(f"no device {order.device!r} is registered")
        fault = make_fault(order.kind, order.parameters)
        files.faults.add(fault, device=order.device, count=order.times, skip=order.after)
        return answers(order.model_dump(), 201)

    @app.delete("/api/firmware/faults")
    def heal() -> Response:
        """No fault is left on the file server."""
        files.faults.clear()
        return answers({"cleared": True})

    @app.get("/api/firmware/{ident}")
    def one(ident: str) -> Response:
        """One offer with every request for it."""
        found = files.get(ident)
        return answers(found.as_dict() | {"requested": [p.as_dict() for p in found.parts]})

    @app.post("/api/firmware/{ident}/renew", status_code=201)
    def renew(ident: str, order: RenewalOrder) -> Response:
        """The same URL with another token, in another downlink; the old token opens nothing."""
        return answers(files.renew(ident, order.token_life).as_dict(), 201)
