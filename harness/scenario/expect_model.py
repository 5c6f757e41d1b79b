"""What a scenario expects, each with a deadline, and what must not happen."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from harness.files import Flag, Model, Moment, Span
from harness.network.certificates import CertificateKind
from harness.scenario.actuator_model import ActuatorExpectation, DownlinkLifeExpectation
from harness.scenario.chaos_model import ChaosExpectation
from harness.scenario.firmware_model import FirmwareExpectation
from harness.scenario.report_model import RecordModel
from harness.scenario.requirements import RequirementId

Outcome = Literal["accepted", "malformed", "unverified", "unknown-device"]


class UplinkExpectation(Model):
    """An uplink as the platform saw it. ``number`` counts from 1; without it, the newest."""

    number: Annotated[int, Field(ge=1)] | None = None
    outcome: Outcome | None = None
    findings: list[RequirementId] | None = None
    without: list[RequirementId] | None = None
    clean: Flag | None = None
    explained: str | None = None
    base_time: Moment | float | Literal["receipt"] | None = None
    times: list[Moment | float] | None = None
    records: list[RecordModel] | None = None
    body: str | None = None
    path: str | None = None
    host: str | None = None
    peer: str | None = None
    received: Moment | None = None


class ResponseExpectation(Model):
    """What the device itself saw of the answer to its newest report."""

    status: Annotated[int, Field(ge=100, le=599)] | Literal["2xx", "4xx", "5xx"] | None = None
    error: Literal["none", "timeout", "closed", "reset", "refused", "any"] | None = None
    attempts: Annotated[int, Field(ge=1)] | None = None


class ReceivedDownlinkExpectation(Model):
    """The downlinks that reached the device, in order."""

    count: Annotated[int, Field(ge=0)] | None = None
    records: list[RecordModel] | None = None
    bytes: Annotated[int, Field(ge=0)] | None = None


class DownlinkStatusExpectation(Model):
    """The platform's view of its downlinks, in order of queueing."""

    statuses: list[Literal["Queued", "Executing", "Succeeded", "Failed"]]


class SmsAttemptsExpectation(Model):
    """Delivery attempts of one SMS (counted from 1), as time since its submission."""

    number: Annotated[int, Field(ge=1)] = 1
    at: list[Span] | None = None
    tolerance: Span | None = None
    count: Annotated[int, Field(ge=0)] | None = None
    last: Span | None = None


class SmsReceivedExpectation(Model):
    """SMS that reached the device."""

    count: Annotated[int, Field(ge=0)] | None = None
    sender: str | None = None
    text: str | None = None
    obeyed: Flag | None = None


class SmsStatusExpectation(Model):
    """Status of one SMS at the platform."""

    number: Annotated[int, Field(ge=1)] = 1
    status: Literal["PENDING", "DELIVERED", "FAILED"]


class TrafficExpectation(Model):
    """What the capture shows of this device's traffic (NET-*)."""

    dns: Annotated[int, Field(ge=0)] | None = None
    tls: Annotated[int, Field(ge=0)] | None = None
    peers: list[str] | None = None
    connections: Annotated[int, Field(ge=0)] | None = None
    retransmissions: Annotated[int, Field(ge=0)] | None = None
    up_at_most: Annotated[int | None, Field(ge=0)] = None
    down_at_most: Annotated[int | None, Field(ge=0)] = None


class TlsExpectation(Model):
    """TLS handshakes at the HTTPS endpoint (NET-TLS). Without ``number``, the newest."""

    number: Annotated[int, Field(ge=1)] | None = None
    count: Annotated[int, Field(ge=0)] | None = None
    outcome: Literal["established", "refused", "abandoned", "failed"] | None = None
    certificate: CertificateKind | None = None
    alert: str | None = None
    version: Literal["TLSv1.2", "TLSv1.3"] | None = None
    findings: list[RequirementId] | None = None


class ForwardedExpectation(Model):
    """Packs forwarded to HTTPS destinations. Without ``number``, the newest.

    ``at`` is the time of each attempt since the uplink was accepted, ``outcome`` and ``why`` are
    of the newest attempt; ``received`` is how often the bench's endpoint got this body,
    ``verified`` whether its token was right.
    """

    number: Annotated[int, Field(ge=1)] | None = None
    count: Annotated[int, Field(ge=0)] | None = None
    status: Literal["pending", "delivered", "discarded"] | None = None
    attempts: Annotated[int, Field(ge=0)] | None = None
    at: list[Span] | None = None
    outcome: (
        Literal["delivered", "refused", "no-answer", "tls", "unreachable", "timed-out"] | None
    ) = None
    why: str | None = None
    findings: list[RequirementId] | None = None
    received: Annotated[int, Field(ge=0)] | None = None
    verified: Flag | None = None
    body: str | None = None
    headers: list[str] | None = None


class TranscriptExpectation(Model):
    """The AT dialogue between device and modem."""

    contains: list[str] = Field(default_factory=list)
    lacks: list[str] = Field(default_factory=list)


class ModemExpectation(Model):
    """The network's view of a virtual modem."""

    registered: Flag | None = None
    apn: str | None = None
    pdp: Literal["up", "down"] | None = None


class ExitExpectation(Model):
    """How a firmware program ended: its exit code, or ``running``."""

    code: int | Literal["running"]


class Kinds(Model):
    """The kinds of observation a scenario can speak of."""

    uplink: UplinkExpectation | None = None
    uplinks: Annotated[int, Field(ge=0)] | None = None
    response: ResponseExpectation | None = None
    downlink: ReceivedDownlinkExpectation | None = None
    downlink_status: DownlinkStatusExpectation | None = None
    downlink_life: DownlinkLifeExpectation | None = None
    actuator: ActuatorExpectation | None = None
    sms_attempts: SmsAttemptsExpectation | None = None
    sms_received: SmsReceivedExpectation | None = None
    sms_status: SmsStatusExpectation | None = None
    traffic: TrafficExpectation | None = None
    tls: TlsExpectation | None = None
    forwarded: ForwardedExpectation | None = None
    transcript: TranscriptExpectation | None = None
    modem: ModemExpectation | None = None
    exit: ExitExpectation | None = None
    chaos: ChaosExpectation | None = None
    firmware: FirmwareExpectation | None = None


class ExpectModel(Kinds):
    """What must be seen before ``within`` real time has passed."""

    within: Span | None = None
    proves: list[RequirementId] = Field(default_factory=list)

    @model_validator(mode="after")
    def _something(self) -> ExpectModel:
        if not self.model_fields_set - {"within", "proves"}:
            raise ValueError("expect nothing? name at least one kind of observation")
        return self


class NeverModel(Kinds):
    """What must not be seen: now, for ``during`` real time, and until the scenario ends."""

    during: Span | None = None
    proves: list[RequirementId] = Field(default_factory=list)

    @model_validator(mode="after")
    def _something(self) -> NeverModel:
        if not self.model_fields_set - {"during", "proves"}:
            raise ValueError("name at least one kind of observation that must not be made")
        return self
