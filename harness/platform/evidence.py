"""What the platform leaves on the timeline (``docs/timeline.md``)."""

from __future__ import annotations

from typing import Any

from harness.evidence import Event, Recorder, Timeline
from harness.platform.downlink_model import Downlink, Transition, shown_bytes
from harness.platform.message import Message
from harness.platform.plain_evidence import (
    KINDS,
    PlainEvidence,
    answer_fields,
    request_fields,
    verdict_fields,
)
from harness.platform.registry import Registration
from harness.platform.secured import Handshake
from harness.platform.uplink import Uplink

SOURCE = "platform"
_FRAME = 500  # characters of an uplink's evidence beside its own, about


class _NoEvidence:
    """A recorder that keeps nothing: for benchmarks and servers whose events nobody reads."""

    def record(self, source: str, kind: str, **data: Any) -> Event:
        return Event(0, 0.0, "", "", source, kind, data)


NO_EVIDENCE: Recorder = _NoEvidence()


class Evidence:
    """Turns what happens into events; does nothing at all with :data:`NO_EVIDENCE`."""

    def __init__(self, recorder: Recorder) -> None:
        self._record = recorder.record
        self.on = recorder is not NO_EVIDENCE
        self.recorder = recorder if self.on else None
        self._timeline = recorder if isinstance(recorder, Timeline) else None
        self._plain = PlainEvidence(recorder.redactor) if isinstance(recorder, Timeline) else None

    def answered(self, uplink: Uplink) -> None:
        """A request and its verdict; and the answer, unless a fault has yet to shape it."""
        if self._plain is not None and self._timeline is not None and uplink.documented:
            size = len(uplink.head) + 2 * len(uplink.body) + _FRAME
            self._timeline.record_late(
                SOURCE, KINDS, self._plain.texts, uplink, size=size, at_ns=uplink.received_ns
            )
            return
        self.uplink(uplink)
        if uplink.delivery is None and uplink.message is None:
            self.response(uplink)

    def uplink(self, uplink: Uplink) -> None:
        if uplink.message is not None:
            self._message("mqtt.uplink", uplink, uplink.message)
        else:
            self._record(SOURCE, "http.request", **request_fields(uplink))
        self._record(SOURCE, "uplink", **verdict_fields(uplink))

    def _message(self, kind: str, uplink: Uplink, message: Message, **more: Any) -> None:
        self._record(
            SOURCE,
            kind,
            exchange=uplink.exchange,
            device=uplink.device,
            **message.as_dict(),
            described=False,
            **more,
        )

    def published(self, uplink: Uplink, message: Message, taken: bool) -> None:
        """A downlink that followed an uplink; ``taken`` says whether the broker has it."""
        if self.on:
            self._message("mqtt.downlink", uplink, message, id=uplink.downlink, taken=taken)

    def note(self, text: str) -> None:
        if self.on:
            self._record(SOURCE, "note", text=text)

    def handshake(self, handshake: Handshake) -> None:
        if self.on:
            self._record(SOURCE, "tls.handshake", **handshake.as_dict())

    def response(self, uplink: Uplink) -> None:
        self._record(SOURCE, "http.response", **answer_fields(uplink))

    def chaos(self, action: str, **data: Any) -> None:
        if self.on:
            self._record(SOURCE, "chaos", action=action, **data)

    def aborted(self, exchange: int, peer: str, why: str) -> None:
        if self.on:
            self._record(SOURCE, "http.aborted", exchange=exchange, peer=peer, why=why)

    def registration(self, kind: str, device: Registration) -> None:
        """A device came, went, or got another secret (which is not told)."""
        if self.on:
            self._record(
                SOURCE,
                kind,
                device=device.name,
                identifier=device.identifier,
                connection=device.connection,
                iccid=device.iccid,
                msisdn=device.msisdn,
                sim=device.sim,
                has_secret=device.secret is not None,
            )

    def crowded(self, closed: int, limit: int) -> None:
        if self.on:
            self._record(SOURCE, "http.crowded", closed=closed, limit=limit)

    def downlink(self, downlink: Downlink, step: Transition) -> None:
        if self.on:
            raw = {} if downlink.raw is None else {"raw": shown_bytes(downlink.raw)}
            self._record(
                SOURCE,
                "downlink",
                id=downlink.id,
                device=downlink.device,
                status=downlink.status.value,
                records=[dict(record) for record in downlink.records],
                exchange=downlink.exchange,
                **{"from": step.before},
                reason=step.reason,
                style=downlink.style,
                tag=downlink.tag,
                by=downlink.went_by,
                **raw,
            )
