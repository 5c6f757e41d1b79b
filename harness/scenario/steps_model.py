"""The steps of a scenario. Each step is a mapping with exactly one key."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from harness.errors import UsageError
from harness.files import Flag, Model, Moment, OrText, Span
from harness.network.certificates import CertificateKind
from harness.platform.faults import Fault, make_fault
from harness.scenario.actuator_model import ActuatorModel
from harness.scenario.chaos_model import ChaosModel
from harness.scenario.expect_model import ExpectModel, NeverModel
from harness.scenario.firmware_model import FirmwareFaultModel, FirmwareModel
from harness.scenario.registration_model import RegisterModel, UnregisterModel
from harness.scenario.report_model import PublishModel, RecordModel, ReportModel, Shape

LONGEST_LINE_FAULT = timedelta(minutes=10)

OutcomeName = Literal["accepted", "malformed", "unverified", "unknown-device"]


def _short(key: str) -> BeforeValidator:
    """Accept the short form: ``advance: 5m`` for ``advance: {by: 5m}``."""

    def widen(value: object) -> object:
        return {key: value} if isinstance(value, str) else value

    return BeforeValidator(widen)


class PowerModel(Model):
    """Switch the device on, off (an orderly power-down), cut its power, or reset it."""

    state: Literal["on", "off", "cut", "reset"]
    attach: Flag = True


class RadioModel(Model):
    """Switch the modem's radio (AT+CFUN)."""

    state: Literal["on", "off"]


class DownlinkModel(Model):
    """Queue a downlink for the device (DL-EXECUTING, DL-ONE)."""

    records: Annotated[list[RecordModel], Field(min_length=1)]
    status: Literal["Queued", "Executing"] = "Executing"
    shape: Shape = "separate"


class DownlinkStatusModel(Model):
    """Move a queued downlink (counted from 1 in order of queueing) to another status.

    ``refused``: the platform must refuse it, because its life has no such step.
    """

    number: Annotated[int, Field(ge=1)]
    status: Literal["Queued", "Executing", "Succeeded", "Failed"]
    reason: Annotated[str, Field(min_length=1)] = "set by the scenario"
    refused: Flag = False


class SmsModel(Model):
    """Submit an SMS downlink for the device (SMS-PLUS)."""

    text: Annotated[str, Field(min_length=1, max_length=160)]
    refused: Flag = False


class ForeignSmsModel(Model):
    """An SMS from somebody else reaches the device, past the platform (SMS-SENDER)."""

    sender: str
    text: str


class AdvanceModel(Model):
    """Step the scenario clock."""

    by: Span | None = None
    to: Moment | None = None

    @model_validator(mode="after")
    def _one(self) -> AdvanceModel:
        if (self.by is None) == (self.to is None):
            raise ValueError("give exactly one of by: DURATION and to: MOMENT")
        return self


class CycleModel(Model):
    """Switch the device on for a while, again and again, while the scenario clock runs."""

    on: Span
    every: Span
    times: Annotated[int, Field(ge=1, le=500)]

    @model_validator(mode="after")
    def _off_in_between(self) -> CycleModel:
        if self.on >= self.every:
            raise ValueError("the device is never off: let on be shorter than every")
        return self


class ResponseFaultModel(Model):
    """How the platform misbehaves for the next uplinks (RESP-ROBUST)."""

    kind: Literal[
        "late",
        "split",
        "no-reason-phrase",
        "lower-case-headers",
        "empty",
        "reset",
        "refuse",
        "close-after-header",
        "truncate-body",
        "status",
    ]
    times: Annotated[int, Field(ge=1, le=100)] = 1
    by: Span | None = None
    pieces: Annotated[int, Field(ge=2, le=1000)] | None = None
    gap: Span | None = None
    outcome: OutcomeName | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    missing: Annotated[int, Field(ge=1)] | None = None

    def fault(self) -> Fault:
        """Raises :class:`~harness.errors.UsageError` for what the kind does not take."""
        given = {
            "seconds": self.by.total_seconds() if self.by is not None else None,
            "gap": self.gap.total_seconds() if self.gap is not None else None,
            "pieces": self.pieces,
            "outcome": self.outcome,
            "code": self.status,
            "missing": self.missing,
        }
        return make_fault(
            self.kind, {key: value for key, value in given.items() if value is not None}
        )

    @model_validator(mode="after")
    def _makes_sense(self) -> ResponseFaultModel:
        try:
            self.fault()
        except UsageError as error:  # in the words of this file
            told = str(error).replace("seconds", "by").replace("code", "status")
            raise ValueError(told) from None
        return self


class LineFaultModel(Model):
    """Disturb the serial line, or the modem behind it."""

    kind: Literal[
        "drop", "split", "delay", "duplicate", "garbage", "urc", "urc-flood", "late",
        "boot-garbage", "brown-out", "silence", "unplug",
    ]  # fmt: skip
    count: Annotated[int, Field(ge=1, le=100_000)] | None = None
    after: Annotated[int, Field(ge=0)] | None = None
    by: Span | None = None
    text: str | None = None
    place: Literal["after-echo", "between-lines", "before-final", "at-prompt"] | None = None

    @model_validator(mode="after")
    def _ends(self) -> LineFaultModel:
        if self.by is not None and self.by > LONGEST_LINE_FAULT:
            raise ValueError("a line fault lasts 10m at most")
        return self


class SecretModel(Model):
    """Change the registered secret of the device on the platform, at once; ``both``: in the device
    as well."""

    length: Annotated[int, Field(ge=30, le=100)] | None = None
    none: Flag = False
    both: Flag = True


class DestinationStepModel(Model):
    """Forward accepted packs to an HTTPS endpoint that the bench makes (DEST-CONFIG, DEST-REQUEST).

    ``answers`` are given in turn, the last one stays: a status code, ``silent``, ``close`` (without
    an answer) or ``garbage``. ``refused``: the platform must refuse this configuration.
    """

    certificate: CertificateKind = "right"
    answers: Annotated[
        list[Annotated[int, Field(ge=100, le=599)] | Literal["silent", "close", "garbage"]],
        Field(min_length=1),
    ] = [200]  # noqa: RUF012  # pydantic copies defaults
    url: str | None = None
    secret: str | None = None
    method: str = "POST"
    headers: dict[str, str] = Field(default_factory=dict)
    expected_code: int | None = None
    shape: Shape = "separate"
    numbers: Literal["plain", "exponent"] = "plain"
    refused: Flag = False


class CertificateModel(Model):
    """Which certificate the HTTPS endpoint presents from now on (NET-TLS); at first the right one.

    All but the right one must be refused by the device.
    """

    kind: CertificateKind


class NoteModel(Model):
    """A sentence for the timeline."""

    text: str


def _once(value: object) -> object:
    if isinstance(value, dict) and len(value) != 1:
        keys = ", ".join(map(str, value)) or "none"
        raise ValueError(f"a step has exactly one key; this one has {keys}")
    if value in ({"report": None}, {"destination": None}, {"registration": None}):
        return {key: {} for key in value}
    return value


def _nothing_is_default(value: object) -> object:
    return {} if value is None else value


class StepModel(Model):
    """One step."""

    power: Annotated[PowerModel, _short("state"), OrText()] | None = None
    radio: Annotated[RadioModel, _short("state"), OrText()] | None = None
    report: Annotated[ReportModel, BeforeValidator(_nothing_is_default)] | None = None
    publish: Annotated[PublishModel, BeforeValidator(_nothing_is_default)] | None = None
    downlink: DownlinkModel | None = None
    downlink_status: DownlinkStatusModel | None = None
    actuator: ActuatorModel | None = None
    registration: Annotated[RegisterModel, BeforeValidator(_nothing_is_default)] | None = None
    unregister: Annotated[UnregisterModel, _short("name"), OrText()] | None = None
    secret: SecretModel | None = None
    sms: Annotated[SmsModel, _short("text"), OrText()] | None = None
    foreign_sms: ForeignSmsModel | None = None
    advance: Annotated[AdvanceModel, _short("by"), OrText()] | None = None
    cycle: CycleModel | None = None
    response_fault: Annotated[ResponseFaultModel, _short("kind"), OrText()] | None = None
    chaos: Annotated[ChaosModel, _short("kind"), OrText()] | None = None
    firmware: FirmwareModel | None = None
    firmware_fault: Annotated[FirmwareFaultModel, _short("kind"), OrText()] | None = None
    line_fault: Annotated[LineFaultModel, _short("kind"), OrText()] | None = None
    destination: Annotated[DestinationStepModel, BeforeValidator(_nothing_is_default)] | None = None
    certificate: Annotated[CertificateModel, _short("kind"), OrText()] | None = None
    note: Annotated[NoteModel, _short("text"), OrText()] | None = None
    expect: ExpectModel | None = None
    never: NeverModel | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_key(cls, value: Any) -> Any:
        return _once(value)

    @property
    def kind(self) -> str:
        """The name of the one field that is set."""
        return next(iter(self.model_fields_set))

    @property
    def action(self) -> Model:
        """The model of the one field that is set."""
        value = getattr(self, self.kind)
        assert isinstance(value, Model)
        return value
