"""One image offered to one device, and what the device has made of it so far."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from harness.platform.downlink_model import shown_moment
from harness.platform.findings import Finding
from harness.platform.fota.ranges import Coverage, Span
from harness.platform.fota.settings import StatusForm

KEPT_REQUESTS = 10_000
"""So many of an offer's newest requests are remembered one by one."""
KEPT_FINDINGS = 200


class Part(NamedTuple):
    """One request for (a part of) an image and its answer.

    ``number`` counts the offer's requests from 1, ``nth`` the requests of its connection. ``span``
    is what was answered, None when nothing of the image was; ``crc`` the CRC-32 of those bytes of
    the image. ``whole``: the answer was written in full; ``good``: the device could take it as it
    is. ``faults`` are the names of those that the bench put on it.
    """

    number: int
    peer: str
    nth: int
    span: Span | None
    crc: int | None
    status: int | None
    whole: bool
    good: bool
    faults: tuple[str, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "request": self.number,
            "peer": self.peer,
            "nth": self.nth,
            "range": None if self.span is None else str(self.span),
            "bytes": 0 if self.span is None else self.span.size,
            "crc": None if self.crc is None else shown_crc(self.crc),
            "status": self.status,
            "whole": self.whole,
            "good": self.good,
            "fault": " + ".join(self.faults) or None,
            "findings": [finding.as_dict() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class FirmwareOffer:
    """An offer as it stands: what others see of it.

    ``missing`` are the bytes that never came as they should, ``spoilt`` those of them that were
    answered, but with a fault. ``fetched_ns`` and ``reported_ns`` are scenario time since 1970.
    ``reported`` is the version that the device gave after it had all bytes.
    """

    id: str
    device: str
    version: str
    size: int
    crc: str
    url: str
    downlink: str
    offered_ns: int
    expires_ns: int
    requests: int
    parts: tuple[Part, ...]
    missing: tuple[Span, ...]
    spoilt: tuple[Span, ...]
    findings: tuple[Finding, ...]
    fetched_ns: int | None
    reported: str | None
    reported_ns: int | None

    @property
    def fetched(self) -> bool:
        """Whether the device has been given every byte as it should."""
        return not self.missing

    @property
    def good_parts(self) -> tuple[Span, ...]:
        """The different parts that came as they should, in the order they first came."""
        return tuple(dict.fromkeys(part.span for part in self.parts if part.good and part.span))

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, without token and image."""
        moments = {"offered": self.offered_ns, "expires": self.expires_ns,
                   "fetched": self.fetched_ns, "reported_at": self.reported_ns}  # fmt: skip
        return {
            "id": self.id,
            "device": self.device,
            "version": self.version,
            "size": self.size,
            "crc": self.crc,
            "url": self.url,
            "downlink": self.downlink,
            "requests": self.requests,
            "parts": len(self.good_parts),
            "missing": [str(span) for span in self.missing],
            "reported": self.reported,
            "findings": [finding.as_dict() for finding in self.findings],
            **{
                name: None if at_ns is None else shown_moment(at_ns)
                for name, at_ns in moments.items()
            },
        }


@dataclass(slots=True, eq=False)
class Tracked:
    """An offer while it lives; only the file server changes it, and only under its lock.

    ``old_tokens`` were replaced by renewing. ``again`` is the last range asked for and how often in
    a row.
    """

    id: str
    device: str
    version: str
    image: bytes
    path: str
    url: str
    token: str
    offered_ns: int
    expires_ns: int
    status_form: StatusForm
    crc: int
    downlink: str = ""
    old_tokens: list[str] = field(default_factory=list)
    requests: int = 0
    parts: deque[Part] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    findings: list[Finding] = field(default_factory=list)
    got: Coverage = field(default_factory=Coverage)
    spoilt: Coverage = field(default_factory=Coverage)
    again: tuple[str, int] = ("", 0)
    fetched_ns: int | None = None
    reported: str | None = None
    reported_ns: int | None = None

    def note(self, part: Part) -> bool:
        """Remember a request that is over; True when it brought the last byte that was missing."""
        self.parts.append(part)
        if part.span is None:
            return False
        if not part.good:
            if not _within(part.span, self.got):
                self.spoilt.add(part.span)
            return False
        before = self.got.size
        self.got.add(part.span)
        self.spoilt.remove(part.span)
        size = len(self.image)
        return before < size and self.got.size == size

    def object(self, findings: Sequence[Finding]) -> None:
        """Remember what was found, each sentence once."""
        for finding in findings:
            if finding not in self.findings and len(self.findings) < KEPT_FINDINGS:
                self.findings.append(finding)

    def view(self) -> FirmwareOffer:
        """What it is now."""
        return FirmwareOffer(
            self.id, self.device, self.version, len(self.image), shown_crc(self.crc), self.url,
            self.downlink, self.offered_ns, self.expires_ns, self.requests, tuple(self.parts),
            tuple(self.got.missing(len(self.image))), tuple(self.spoilt.spans),
            tuple(self.findings), self.fetched_ns, self.reported, self.reported_ns,
        )  # fmt: skip


def _within(span: Span, coverage: Coverage) -> bool:
    return any(other.first <= span.first and span.last <= other.last for other in coverage.spans)


def shown_crc(crc: int) -> str:
    """Eight lower-case hex digits, as in ``Digest: crc32=`` (facts §8)."""
    return f"{crc:08x}"
