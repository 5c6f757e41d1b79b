"""The orders that the control API takes, as closed models."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DownlinkOrder(Order):
    """Queue a downlink; only an Executing one goes with the device's next uplink (DL-EXECUTING)."""

    device: str
    records: list[dict[str, Any]] = Field(min_length=1)
    status: str = "Executing"
    shape: Literal["separate", "merged"] | None = None


class StatusOrder(Order):
    """Move a downlink to another status of its life."""

    status: str
    reason: str = Field(default="set by an order", min_length=1, max_length=500)


class SmsOrder(Order):
    """Submit an SMS (SMS-PLUS)."""

    device: str
    text: str = Field(max_length=1530)


class ClockOrder(Order):
    """Move the scenario clock: by seconds, or to a moment with a time zone."""

    advance: float | None = Field(default=None, ge=0, allow_inf_nan=False, le=10 * 366 * 86_400)
    set: datetime | None = None

    @model_validator(mode="after")
    def _one(self) -> ClockOrder:
        if (self.advance is None) == (self.set is None):
            raise ValueError("give exactly one of `advance` (seconds) and `set` (ISO 8601)")
        if self.set is not None and self.set.tzinfo is None:
            raise ValueError("`set` needs a time zone, for example 2026-03-01T12:00:00Z")
        return self
