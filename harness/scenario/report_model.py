"""The steps ``report`` and ``publish``: an uplink, right by default, wrong on purpose."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from harness.files import Flag, Model, Moment, Span
from harness.rig.mistakes import MistakeName

LineEnds = Literal["crlf", "lf"]
Shape = Literal["separate", "merged"]


class RecordModel(Model):
    """One SenML record (RFC 8428 §4.2); one of ``v``, ``vs``, ``vb``, ``vd`` (SENML-VALUE)."""

    n: str | None = None
    u: str | None = None
    v: float | None = None
    vs: str | None = None
    vb: Flag | None = None
    vd: str | None = None
    s: float | None = None
    t: float | None = None


class RequestModel(Model):
    """What differs from ``POST /ingestion/m2m/senml/v1`` with its four headers (HTTP-M2M …)."""

    method: str | None = None
    path: str | None = None
    version: str | None = None
    host: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    drop: list[str] = Field(default_factory=list)
    duplicate: list[str] = Field(default_factory=list)
    line_ends: LineEnds = "crlf"
    length_error: int = 0


class TamperModel(Model):
    """Bytes changed after the token was computed, as if on the way (TOKEN-TAMPER)."""

    find: str
    put: str


class PackModel(Model):
    """The pack of an uplink, and its token."""

    records: list[RecordModel] | None = None
    base_name: str | None = None
    base_time: Moment | float | Literal["now"] | None = None
    base_unit: str | None = None
    base_value: float | None = None
    shape: Shape = "separate"
    spaces: Flag = False
    body: str | None = None
    token: MistakeName | None = None
    tamper: TamperModel | None = None

    @model_validator(mode="after")
    def _body_or_records(self) -> Self:
        if self.body is not None and (self.records is not None or self.base_name is not None):
            raise ValueError("give either body (raw) or records, not both")
        return self


class ReportModel(PackModel):
    """Make the device send an uplink."""

    request: RequestModel = RequestModel()
    via: Literal["socket", "http-client"] = "socket"
    keep_open: Flag = False
    verify: Flag = True
    to: Annotated[str, Field(pattern=r"^[0-9A-Za-z.-]+:\d+$")] | None = None
    response_within: Span | None = None
    tries: Annotated[int, Field(ge=1, le=20)] = 3

    @property
    def plain(self) -> bool:
        """True when any device can be asked for it: nothing is chosen, nothing is wrong."""
        return not (self.model_fields_set - {"records"})


class PublishModel(PackModel):
    """Publish an uplink by MQTT, as the device would: from the bench, past its modem (MQTT-INGEST).

    ``identifier`` stands in the topic, the device's own unless given.
    """

    identifier: Annotated[str, Field(min_length=1)] | None = None
