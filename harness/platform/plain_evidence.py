"""The evidence of an uplink: its fields, and a quick way to their text.

Most uplinks are in the documented form. Their text is put together without going through fields and
JSON; a property test holds it to what would have come out.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from harness.evidence import Redactor, redacted
from harness.evidence.encode import Stamps, json_text, quoted
from harness.platform.check_token import VERIFIED
from harness.platform.uplink import Uplink
from harness.senml.seconds import json_seconds

_TOKEN = json_text(VERIFIED.as_dict())
_BASE_NAME = len('[{"bn":"urn:dev:IMEI:') + 15 + len(':"')


KINDS = ("http.request", "uplink", "http.response")


def request_fields(uplink: Uplink) -> dict[str, Any]:
    """Of the event ``http.request``."""
    return {
        "exchange": uplink.exchange,
        "peer": uplink.peer,
        "device": uplink.device,
        "head": uplink.head,
        "body": uplink.body,
    }


def verdict_fields(uplink: Uplink) -> dict[str, Any]:
    """Of the event ``uplink``."""
    spoilt = {"fault": " + ".join(uplink.faults)} if uplink.faults else {}
    return {
        "exchange": uplink.exchange,
        "device": uplink.device,
        "outcome": uplink.outcome.value,
        "findings": [finding.as_dict() for finding in uplink.findings],
        "token": uplink.token.as_dict(),
        "pack": uplink.pack,
        "received": uplink.received,
        **spoilt,
    }


def answer_fields(uplink: Uplink) -> dict[str, Any]:
    """Of the event ``http.response``."""
    struck = {"chaos": list(uplink.chaos)} if uplink.chaos else {}
    return {
        "exchange": uplink.exchange,
        "status": uplink.status,
        "bytes": uplink.sent,
        "fault": " + ".join(uplink.faults) or None,
        **struck,
    }


class PlainEvidence:
    """Thread-safe. ``redactor`` decides what must not be written."""

    def __init__(self, redactor: Redactor) -> None:
        self._redact = redactor
        self._lock = threading.Lock()
        self._received = Stamps()
        self._answers: dict[tuple[int | None, bytes], str] = {}

    def texts(self, uplink: Uplink) -> Sequence[str]:
        """The members of its events, one text for each of :data:`KINDS`.

        ``uplink`` was proved to have a documented head and body, and nothing was found about it.
        """
        with self._lock:
            quick = self._quick(uplink)
        if quick is not None:
            return quick
        fields = (request_fields(uplink), verdict_fields(uplink), answer_fields(uplink))
        return [json_text(redacted(one, self._redact))[1:-1] for one in fields]

    def _quick(self, uplink: Uplink) -> Sequence[str] | None:
        """None when it has to be written field by field."""
        head, body = uplink.head.decode("ascii"), uplink.body.decode("ascii")
        rest = body[_BASE_NAME:]
        if '"t":' in rest or self._redact(head) != head or self._redact(body) != body:
            return None
        device = quoted(uplink.device or "")
        request = (
            f'"exchange":{uplink.exchange},"peer":{quoted(uplink.peer)},"device":{device},'
            f'"head":"{_escaped(head)}","body":"{_escaped(body)}"'
        )
        verdict = (
            f'"exchange":{uplink.exchange},"device":{device},"outcome":"accepted","findings":[],'
            f'"token":{_TOKEN},"pack":{_pack(body, rest, uplink.received_ns)},'
            f'"received":"{self._received(uplink.received_ns)}"'
        )
        answer = f'"exchange":{uplink.exchange},{self._answer(uplink)}'
        return request, verdict, answer

    def _answer(self, uplink: Uplink) -> str:
        key = uplink.status, uplink.sent
        text = self._answers.get(key)
        if text is None:
            shown = quoted(uplink.sent.decode("latin-1"))
            text = f'"status":{uplink.status},"bytes":{shown},"fault":null'
            self._answers[key] = text
        return text


def _escaped(text: str) -> str:
    """Of what the documented form can hold, only these need it."""
    return text.replace('"', '\\"').replace("\r\n", "\\r\\n")


def _pack(body: str, rest: str, received_ns: int) -> str:
    """The pack with its base record alone, as it would be forwarded; ``rest`` follows the name."""
    bt = repr(json_seconds(received_ns))
    if rest.startswith(',"bt":'):
        bt = rest[len(',"bt":') :].partition(",")[0].partition("}")[0]
        rest = rest[len(',"bt":') + len(bt) :]
    records = rest[2:] if rest.startswith("}") else "{" + rest[1:]
    return f'{body[:_BASE_NAME]},"bt":{bt}}},{records}'
