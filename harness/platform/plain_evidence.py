"""The evidence of an uplink in the documented form, written as text: most uplinks are such.

What :class:`~harness.platform.evidence.Evidence` would make of it, field by field, comes out the
same; a property test holds it to that.
"""

from __future__ import annotations

from harness.evidence.encode import Stamps, json_text, quoted
from harness.evidence.redact import Redactor
from harness.platform.check_token import VERIFIED
from harness.platform.uplink import Uplink
from harness.senml.seconds import json_seconds

_TOKEN = json_text(VERIFIED.as_dict())
_BASE_NAME = len('[{"bn":"urn:dev:IMEI:') + 15 + len(':"')


class PlainEvidence:
    """On the loop's thread only. ``redactor`` decides what must not be written."""

    def __init__(self, redactor: Redactor) -> None:
        self._redact = redactor
        self._received = Stamps()
        self._answers: dict[tuple[int | None, bytes], str] = {}

    def events(self, uplink: Uplink) -> list[tuple[str, str]] | None:
        """Request, verdict and answer; None when it has to be written field by field.

        ``uplink`` was proved to have a documented head and body, and nothing was found about it.
        """
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
        return [("http.request", request), ("uplink", verdict), ("http.response", answer)]

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
