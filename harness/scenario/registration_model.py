"""Registration in scenarios: the steps ``registration`` and ``unregister``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from harness.files import Flag, Model


class RegisterModel(Model):
    """Register a device while the platform runs (REG-M2M, REG-IP): this one again after it was
    removed, when nothing is given; otherwise a further one.

    ``refused``: the platform must refuse it, and ``says`` is part of its reason. ``advice`` is part
    of what it advises about one that it takes; "" when it must have none.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")] = "further-device"
    imei: str | None = None
    dvnuuid: str | None = None
    secret: str | None = None
    iccid: str | None = None
    msisdn: str | None = None
    sim: str | None = None
    rate_plan: str | None = None
    refused: Flag = False
    says: str | None = None
    advice: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> RegisterModel:
        if self.says is not None and not self.refused:
            raise ValueError("says belongs to refused: true")
        if self.advice is not None and self.refused:
            raise ValueError("what is refused gets no advice")
        return self


class UnregisterModel(Model):
    """Remove a device from the platform; this one, ``${name}``, unless told otherwise."""

    name: str = "${name}"
