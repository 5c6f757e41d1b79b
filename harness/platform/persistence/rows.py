"""Uplinks, downlinks and SMS as rows and back. No secret is in a row (:class:`Rows` redacts).

A downlink or SMS whose content holds a secret cannot be sent again from what is kept: its row is
marked ``unsendable``, and read back it has failed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from harness.evidence import Redactor
from harness.network.tls import TlsSession
from harness.platform.check_token import VERIFIED
from harness.platform.downlinks import Downlink, DownlinkStatus, Transition
from harness.platform.findings import Finding, Outcome
from harness.platform.message import Message
from harness.platform.sms_model import Sms
from harness.platform.store import Aborted
from harness.platform.uplink import TokenVerdict, Uplink, Verdict
from harness.token import Explanation

_DOWNLINK = TypeAdapter(Downlink)
_SMS = TypeAdapter(Sms)
_EXPLANATION = TypeAdapter(Explanation)
_TLS = TypeAdapter(TlsSession)
_MESSAGE = TypeAdapter(Message)
_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAIN = str.maketrans("‹›", "<>")
_BYTES = "\x00latin-1"  # no record has a name with a NUL
_UNSENDABLE = "a secret stands in it, which the store does not keep"


class UplinkRow(NamedTuple):
    """As in the table ``uplink``. ``data`` is None when there is nothing beyond the columns: no
    findings, and the token verified."""

    exchange: int
    received_ns: int
    peer: str
    device: str | None
    outcome: str
    status: int | None
    head: bytes
    body: bytes
    answer: bytes
    data: str | None

    def uplink(self) -> Uplink:
        """Its answer counts as over, but not as arrived in whole: nobody was there to see it."""
        data: dict[str, Any] = _read(self.data) if self.data is not None else {}
        findings = tuple(Finding(*item) for item in data.get("findings", ()))
        outcome, token = Outcome(self.outcome), _token(data.get("token"))
        verdict = Verdict(outcome, self.device, findings, token)
        uplink = Uplink(
            self.exchange, self.peer, self.head, self.body, self.received_ns, verdict
        )  # fmt: skip
        uplink.status = self.status
        uplink.data = self.answer
        uplink.faults = tuple(data.get("faults", ()))
        uplink.chaos = tuple(data.get("chaos", ()))
        uplink.turned_away = data.get("turned_away", False)
        uplink.downlink = data.get("downlink")
        if "tls" in data:
            uplink.tls = _TLS.validate_python(data["tls"])
        if "message" in data:
            uplink.message = _MESSAGE.validate_python(data["message"])
        uplink.answered = True
        return uplink


class AbortedRow(NamedTuple):
    """As in the table ``aborted``."""

    exchange: int
    peer: str
    why: str
    head: bytes
    body: bytes


class DownlinkRow(NamedTuple):
    """As in the table ``downlink``."""

    id: str
    device: str
    status: str
    unsendable: int
    data: str

    def downlink(self) -> Downlink:
        kept = _DOWNLINK.validate_python(_read(self.data))
        if not self.unsendable or kept.status.final:
            return kept
        failed = DownlinkStatus.FAILED
        step = Transition(kept.modified_ns, kept.status.value, failed.value, _UNSENDABLE)
        return replace(kept, status=failed, history=(*kept.history, step))


class SmsRow(NamedTuple):
    """As in the table ``sms``."""

    id: int
    device: str
    status: str
    next_ns: int | None
    unsendable: int
    data: str

    def sms(self, failed: str) -> Sms:
        """``failed`` is the status of one that cannot be sent any more."""
        kept = _SMS.validate_python(_read(self.data))
        if self.unsendable and kept.open:
            kept.status, kept.next_ns = failed, None
        return kept


class Rows:
    """Makes rows. ``redact`` decides what must not be written."""

    def __init__(self, redact: Redactor) -> None:
        self._redact = redact

    def uplink(self, uplink: Uplink) -> UplinkRow:
        return UplinkRow(
            uplink.exchange,
            uplink.received_ns,
            _storable(uplink.peer),
            uplink.device,
            uplink.outcome.value,
            uplink.status,
            self._bytes(uplink.head),
            self._bytes(uplink.body),
            uplink.sent if uplink.downlink is None else self._bytes(uplink.sent),
            self._more(uplink),
        )

    def aborted(self, aborted: Aborted) -> AbortedRow:
        head, body = self._bytes(aborted.head), self._bytes(aborted.body)
        return AbortedRow(
            aborted.exchange, _storable(aborted.peer), _storable(aborted.why), head, body
        )

    def downlink(self, downlink: Downlink) -> DownlinkRow:
        plain = _DOWNLINK.dump_python(downlink)
        clean = self._clean(plain)
        unsendable = any(clean[name] != plain[name] for name in ("records", "raw"))
        return DownlinkRow(
            downlink.id, downlink.device, downlink.status.value, int(unsendable), _written(clean)
        )

    def sms(self, sms: Sms) -> SmsRow:
        plain = _SMS.dump_python(sms)
        clean = self._clean(plain)
        unsendable = any(clean[name] != plain[name] for name in ("msisdn", "text"))
        return SmsRow(sms.id, sms.device, sms.status, sms.next_ns, int(unsendable), _written(clean))

    def _clean(self, value: Any) -> Any:
        """The same without secrets. Not done on JSON as a whole, whose form has to last."""
        if isinstance(value, str):
            return self._redact(value)
        if isinstance(value, bytes):
            return self._bytes(value)
        if isinstance(value, Mapping):
            return {self._redact(str(key)): self._clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            clean = [self._clean(item) for item in value]
            return tuple(clean) if isinstance(value, tuple) else clean
        return value

    def _bytes(self, data: bytes) -> bytes:
        """The bytes; or, if a secret stands in them, about what the timeline would show."""
        text = data.decode("latin-1")
        shown = self._redact(text)
        return data if shown == text else shown.translate(_PLAIN).encode("latin-1", "replace")

    def _more(self, uplink: Uplink) -> str | None:
        more: dict[str, Any] = {}
        if uplink.findings:
            more["findings"] = uplink.findings
        token = uplink.token
        if token is not VERIFIED:
            details = token.details
            more["token"] = {"verdict": token.verdict, "explanation": token.explanation} | (
                {} if details is None else {"details": _EXPLANATION.dump_python(details)}
            )
        if uplink.faults:
            more["faults"] = uplink.faults
        if uplink.turned_away:
            more["turned_away"] = True
        if uplink.chaos:
            more["chaos"] = uplink.chaos
        if uplink.downlink is not None:
            more["downlink"] = uplink.downlink
        if uplink.tls is not None:
            more["tls"] = _TLS.dump_python(uplink.tls)
        if uplink.message is not None:
            more["message"] = uplink.message
        return _written(self._clean(more)) if more else None


def _written(value: object) -> str:
    return _storable(
        json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_bytes_as_text)
    )


def _storable(text: str) -> str:
    """SQLite's text is UTF-8, which has no lone surrogates; in JSON they can be escaped."""
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _bytes_as_text(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {_BYTES: value.decode("latin-1")}
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _read(text: str) -> Any:
    return json.loads(text, object_hook=_text_as_bytes)


def _text_as_bytes(value: dict[str, Any]) -> Any:
    return value[_BYTES].encode("latin-1") if value.keys() == {_BYTES} else value


def _token(kept: dict[str, Any] | None) -> TokenVerdict:
    if kept is None:
        return VERIFIED
    details = kept.get("details")
    return TokenVerdict(
        kept["verdict"],
        kept["explanation"],
        None if details is None else _EXPLANATION.validate_python(details),
    )
