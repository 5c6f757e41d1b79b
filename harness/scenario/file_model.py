"""The scenario file."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator

from harness.clock.scenario import LAST
from harness.files import Model, Moment, OrText, Span
from harness.rig.capabilities import Capability
from harness.scenario.requirements import RequirementId
from harness.scenario.steps_model import SecretModel, StepModel


class DeviceModel(Model):
    """Which of the rig's devices a scenario wants; virtual devices may be reshaped."""

    sim: Literal["regular", "plus"] | None = None
    secret: SecretModel | None = None
    apn: str | None = None


class ClockModel(Model):
    """How scenario time runs: from ``at``, frozen unless told to move, or with the world."""

    at: Moment | None = None
    mode: Literal["frozen", "real"] = "frozen"

    @field_validator("at")
    @classmethod
    def _within_reach(cls, at: datetime | None) -> datetime | None:
        if at is not None and at > LAST:
            raise ValueError(f"the scenario clock goes no further than {LAST:%Y-%m-%d}")
        return at


class SettingsModel(Model):
    """Settings of the platform for this scenario alone."""

    sms_reading: Literal["discard-wins", "windows-run-out"] | None = None


_Value = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]


def _clock(value: object) -> object:
    if value == "real":
        return {"mode": "real"}
    return {"at": value} if isinstance(value, str) else value


class ScenarioModel(Model):
    """One behaviour: what it verifies, what it needs, and its steps."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=80)]
    title: Annotated[str, Field(min_length=8, max_length=120)]
    verifies: Annotated[list[RequirementId], Field(min_length=1)]
    steps: Annotated[list[StepModel], Field(min_length=1)]
    description: str = ""
    needs: list[Capability] = Field(default_factory=list)
    clock: Annotated[ClockModel, BeforeValidator(_clock), OrText()] = ClockModel()
    device: DeviceModel = DeviceModel()
    settings: SettingsModel = SettingsModel()
    parametrize: dict[str, list[_Value]] | list[dict[str, _Value]] | None = None
    timeout: Span | None = None
