"""The Actuator API in scenarios: the step ``actuator``, and the expectations ``actuator`` and
``downlink-life``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from harness.files import Flag, Model
from harness.scenario.report_model import RecordModel

Way = Literal["http", "sms", "mqtt", "lora", "digitalmatter"]


class ActuatorModel(Model):
    """Submit a downlink as an application does: actuator style unless ``via`` names a connection,
    whose raw payload is ``message`` or ``records``.

    ``to`` is the base name of another device than this one. ``refused``: the API must refuse it;
    ``says`` is part of its reason.
    """

    via: Literal["actuator"] | Way = "actuator"
    records: Annotated[list[RecordModel], Field(min_length=1)] | None = None
    message: str | None = None
    tag: str | None = None
    to: str | None = None
    refused: Flag = False
    says: str | None = None

    @model_validator(mode="after")
    def _one_message(self) -> ActuatorModel:
        if (self.records is None) == (self.message is None):
            raise ValueError("give exactly one of records and message")
        if self.says is not None and not self.refused:
            raise ValueError("says belongs to refused: true")
        return self


class ActuatorExpectation(Model):
    """What the Actuator API lists: of all connection types unless ``via`` names one, with the
    ``query`` parameters as they are documented.

    ``number`` counts from 1 in the page, without it the last one is looked at; ``message`` is part
    of its message, ``reason`` part of why it has the status it has, ``steps`` the statuses it went
    through, in order. ``refused`` is part of the reason for which the query must be refused.
    """

    via: Way | None = None
    query: dict[str, str] = Field(default_factory=dict)
    count: Annotated[int, Field(ge=0)] | None = None
    more: Flag | None = None
    number: Annotated[int, Field(ge=1)] | None = None
    connection: Literal["HTTP", "SMS", "MQTT"] | None = None
    status: str | None = None
    tag: str | None = None
    message: str | None = None
    steps: list[str] | None = None
    reason: str | None = None
    refused: str | None = None


class DownlinkLifeExpectation(Model):
    """Every transition of one downlink (counted from 1): the statuses it went through, the same one
    twice when it was only sent or lost, and part of the newest one's reason."""

    number: Annotated[int, Field(ge=1)] = 1
    steps: list[Literal["Queued", "Executing", "Succeeded", "Failed"]] | None = None
    reason: str | None = None
