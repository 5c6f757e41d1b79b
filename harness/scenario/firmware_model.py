"""Firmware over the air in scenarios: the steps ``firmware`` and ``firmware-fault``, and the
expectation ``firmware``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from harness.errors import UsageError
from harness.files import Flag, Model, Span
from harness.platform.fota.image import made_up_image
from harness.scenario.requirements import RequirementId


class FirmwareModel(Model):
    """Offer the device new firmware (FOTA-OFFER), or with ``renew`` the newest once more.

    The image is made up, of ``size`` bytes from ``seed``, unless ``file`` names one (beside the
    scenario). ``status`` is the form of the answers' first line: ``206 Partial Content``, or
    ``HTTP/1.1 200`` without a reason phrase. A renewed offer has the same URL and another token.
    """

    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._+\-]{0,63}$")] | None = None
    size: Annotated[int, Field(ge=1, le=16 * 1024 * 1024)] | None = None
    seed: int = 0
    file: str | None = None
    status: Literal["206", "200"] | None = None
    token_life: Span | None = None
    renew: Flag = False

    @model_validator(mode="after")
    def _one_image(self) -> FirmwareModel:
        if self.renew:
            if self.model_fields_set - {"renew", "token_life"}:
                raise ValueError("renew takes nothing but token-life: the image stays the same")
            return self
        if self.version is None:
            raise ValueError("give the version of the image")
        if (self.size is None) == (self.file is None):
            raise ValueError("give exactly one of size: BYTES and file: PATH")
        if self.size is not None:
            try:
                made_up_image(self.version, min(self.size, 4096), self.seed)
            except UsageError as error:
                raise ValueError(str(error)) from None
        return self


class FirmwareFaultModel(Model):
    """How the file server misbehaves: ``times`` answers, after ``after`` more that are right.

    ``truncate-body`` drops the connection in the middle of a part.
    """

    kind: Literal[
        "wrong-crc", "damaged-part", "short-part", "truncate-body", "expired-token", "late",
        "split", "empty", "reset", "status", "close-after-header", "no-reason-phrase",
        "lower-case-headers",
    ]  # fmt: skip
    after: Annotated[int, Field(ge=0, le=100_000)] = 0
    times: Annotated[int, Field(ge=1, le=100_000)] = 1
    by: Span | None = None
    pieces: Annotated[int, Field(ge=2, le=1000)] | None = None
    gap: Span | None = None
    missing: Annotated[int, Field(ge=1)] | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None


class FirmwareExpectation(Model):
    """What a device made of the firmware it was offered. Without ``number``, of the newest offer.

    ``fetched``: it was given every byte, the right ones. ``parts`` are the different ones that came
    right, ``requests`` all that were asked for, ``crc`` that of the whole image (8 hex digits),
    ``reported`` the version an uplink told after that. ``clean``: nothing was found that is worse
    than an ``info``.
    """

    number: Annotated[int, Field(ge=1)] | None = None
    fetched: Flag | None = None
    parts: Annotated[int, Field(ge=0)] | None = None
    requests: Annotated[int, Field(ge=0)] | None = None
    requests_at_least: Annotated[int, Field(ge=1)] | None = None
    requests_at_most: Annotated[int, Field(ge=0)] | None = None
    crc: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")] | None = None
    reported: str | None = None
    findings: list[RequirementId] | None = None
    clean: Flag | None = None
