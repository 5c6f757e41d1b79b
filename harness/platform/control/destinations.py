"""Control routes of the HTTPS destinations: where accepted packs go, and what became of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from harness.evidence import Redactor
from harness.platform.destination.config import Destination
from harness.platform.facade import Platform


class DestinationOrder(BaseModel):
    """A new destination (DEST-CONFIG). Its secret is taken and never shown again."""

    model_config = ConfigDict(extra="forbid")

    name: str
    url: str
    secret: str
    method: str = "POST"
    description: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    expected: int | None = None
    plug_uuid: str = ""
    shape: Literal["separate", "merged"] = "separate"
    numbers: Literal["plain", "exponent"] = "plain"
    devices: list[str] | None = None
    connect: Annotated[str, Field(pattern=r"^[^\s:]+:\d{1,5}$")] | None = None


def add_destinations(app: FastAPI, platform: Platform, redactor: Redactor) -> None:
    """``/api/destinations`` and ``/api/deliveries``."""

    @app.get("/api/destinations")
    def destinations() -> list[dict[str, Any]]:
        """The destinations, without secrets and header values."""
        return [_shown(destination) for destination in platform.destinations]

    @app.post("/api/destinations", status_code=201)
    def add(order: DestinationOrder) -> dict[str, Any]:
        """Forward accepted packs there from now on; all objections come at once."""
        host, _, port = (order.connect or "").rpartition(":")
        destination = Destination(
            order.name, order.url, order.secret, order.method, order.description,
            tuple(order.headers.items()), order.expected, order.plug_uuid, order.shape,
            order.numbers, None if order.devices is None else frozenset(order.devices),
            (host, int(port)) if port else None,
        )  # fmt: skip
        for name, value in destination.secrets():
            redactor.add(name, value)
        return _shown(platform.add_destination(destination))

    @app.delete("/api/destinations/{name}")
    def remove(name: str) -> dict[str, str]:
        """Forward nothing more there."""
        platform.remove_destination(name)
        return {"removed": name}

    @app.get("/api/deliveries")
    def deliveries() -> list[dict[str, Any]]:
        """The packs that were forwarded, with every attempt and its verdict, oldest first."""
        return [delivery.as_dict() for delivery in platform.deliveries]


def _shown(destination: Destination) -> dict[str, Any]:
    return {
        "name": destination.name,
        "description": destination.description,
        "url": destination.url,
        "method": destination.method,
        "headers": [name for name, _ in destination.headers],
        "expected": destination.expected,
        "plug_uuid": destination.plug_uuid,
        "shape": destination.shape,
        "numbers": destination.numbers,
        "devices": None if destination.devices is None else sorted(destination.devices),
    }
