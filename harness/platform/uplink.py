"""One uplink as the platform saw it: the bytes, the verdict, and what was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from harness.clock.scenario import from_ns
from harness.network.tls import TlsSession
from harness.platform.faults import Delivery
from harness.platform.findings import Finding, Outcome
from harness.platform.head import Head, HeadError, parse_head
from harness.platform.message import Message
from harness.senml import ResolvedPack, SenmlError, forward, parse, resolve
from harness.token import Explanation


class TokenVerdict:
    """What became of the token.

    ``verdict``: ``verified``, ``explained`` or ``unexplained`` (see
    :class:`harness.token.Explanation`, kept as ``details``), ``missing``, ``not-required`` (the
    device has no secret) or ``unchecked`` (no registered device). ``explanation`` is for people.
    """

    __slots__ = ("details", "explanation", "verdict")

    def __init__(
        self, verdict: str, explanation: str = "", details: Explanation | None = None
    ) -> None:
        self.verdict = verdict
        self.explanation = explanation
        self.details = details

    @property
    def code(self) -> str:
        """The stable code of the explanation, ``ok`` when verified, else the verdict."""
        if self.details is not None:
            return self.details.code
        return "ok" if self.verdict == "verified" else self.verdict

    def as_dict(self) -> dict[str, str]:
        return {"verdict": self.verdict, "code": self.code, "explanation": self.explanation}


class Verdict:
    """The judgement of one request; clean ones of a device share one.

    ``documented``: head and body were proved to be in exactly the documented form.
    """

    __slots__ = ("device", "documented", "findings", "outcome", "token")

    def __init__(
        self,
        outcome: Outcome,
        device: str | None,
        findings: tuple[Finding, ...],
        token: TokenVerdict,
        *,
        documented: bool = False,
    ) -> None:
        self.outcome = outcome
        self.device = device
        self.findings = findings
        self.token = token
        self.documented = documented


class Uplink:
    """One request and its answer.

    ``exchange`` numbers requests from 1. ``device`` is the registered name or None. ``head`` and
    ``body`` are the bytes as they came. ``outcome`` is the platform's own verdict, whatever a fault
    made of the answer; ``status`` the code that was answered (None: no answer), ``sent`` its bytes,
    ``faults`` the names of the faults on it, ``chaos`` which rules put some there and how (such as
    ``chaos-1: 0.8 s late``), ``whole`` whether all of it was written.
    ``answered``: the answer is over, be it whole or not. ``downlink`` is the id of the
    downlink that went with it. ``tls`` is what the handshake agreed on, None in plain.
    ``message`` is what a broker brought instead of a request: there is no head and no answer then,
    and the peer is ``mqtt:`` and the topic.
    """

    __slots__ = (
        "_resolved",
        "_verdict",
        "answered",
        "body",
        "chaos",
        "close",
        "data",
        "delivery",
        "downlink",
        "exchange",
        "faults",
        "findings",
        "head",
        "message",
        "peer",
        "received_ns",
        "status",
        "tls",
        "turned_away",
        "whole",
    )

    def __init__(
        self, exchange: int, peer: str, head: bytes, body: bytes, received_ns: int, verdict: Verdict
    ) -> None:
        self.exchange = exchange
        self.peer = peer
        self.head = head
        self.body = body
        self.received_ns = received_ns
        self._verdict = verdict
        self.findings = verdict.findings
        self._resolved: ResolvedPack | None = None
        self.faults: tuple[str, ...] = ()
        self.chaos: tuple[str, ...] = ()
        self.downlink: str | None = None
        self.delivery: Delivery | None = None
        self.close = False
        self.whole = False
        self.answered = False
        self.data = b""
        self.status: int | None = None
        self.turned_away = False  # by a fault, whether or not its answer got through
        self.tls: TlsSession | None = None
        self.message: Message | None = None

    @property
    def outcome(self) -> Outcome:
        return self._verdict.outcome

    @property
    def taken(self) -> bool:
        """Accepted, and not turned away by a fault: a lost answer leaves it taken, a 503 not."""
        if self.outcome is not Outcome.ACCEPTED or self.turned_away:
            return False
        return self.status is None or self.status < 300

    @property
    def documented(self) -> bool:
        """Exactly as documented, nothing found about it, and answered plainly."""
        return (
            self._verdict.documented
            and not self.findings
            and not self.faults
            and self.delivery is None
            and self.downlink is None
        )

    @property
    def device(self) -> str | None:
        return self._verdict.device

    @property
    def token(self) -> TokenVerdict:
        return self._verdict.token

    @property
    def received(self) -> datetime:
        """The scenario clock's moment of receipt (aware UTC)."""
        return from_ns(self.received_ns)

    @property
    def sent(self) -> bytes:
        """The response bytes that were, or are being, sent."""
        return self.data if self.delivery is None else self.delivery.data

    @property
    def resolved(self) -> ResolvedPack | None:
        """The pack with names, times and values resolved; None when the bytes are no pack."""
        if self._resolved is None:
            try:
                pack = parse(self.body.rstrip(b"\x00\r\n"))
            except SenmlError:
                return None
            self._resolved = resolve(pack, self.received)
        return self._resolved

    @property
    def pack(self) -> list[dict[str, Any]] | None:
        """The pack as the platform would forward it: None unless the uplink was accepted."""
        if self.outcome is not Outcome.ACCEPTED:
            return None
        resolved = self.resolved
        return None if resolved is None else forward(resolved)

    @property
    def request(self) -> Head | None:
        """The lines of the head, or None when they cannot be read."""
        try:
            return parse_head(self.head)
        except HeadError:
            return None

    def problems(self) -> list[Finding]:
        """The findings that say a requirement is broken."""
        return [finding for finding in self.findings if finding.severity == "error"]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as the control API shows it."""
        return {
            "exchange": self.exchange,
            "peer": self.peer,
            "device": self.device,
            "outcome": self.outcome.value,
            "verdict": self.outcome.value,
            "findings": [finding.as_dict() for finding in self.findings],
            "token": self.token.as_dict(),
            "pack": self.pack,
            "received": self.received.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "status": self.status,
            "faults": list(self.faults),
            "chaos": list(self.chaos),
            "downlink": self.downlink,
            "tls": self.tls and {"version": self.tls.version, "cipher": self.tls.cipher},
            "mqtt": self.message and self.message.as_dict(),
            "head": self.head.decode("latin-1"),
            "body": self.body.decode("latin-1"),
        }

    def __repr__(self) -> str:
        return f"<Uplink {self.exchange} {self.device} {self.outcome.value} {self.status}>"
