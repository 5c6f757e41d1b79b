"""The answer to one request for a file, as the connection carries it out."""

from __future__ import annotations

from dataclasses import dataclass

from harness.platform.faults import Delivery
from harness.platform.findings import Finding
from harness.platform.fota.offer import Tracked
from harness.platform.fota.ranges import Span
from harness.platform.fota.settings import FotaSettings
from harness.platform.responses import Response


@dataclass(slots=True, eq=False)
class FileAnswer:
    """``offer`` is None for a URL that was never offered. ``data`` is what goes out unless there is
    a ``delivery``; ``status`` None: the device gets no answer. ``sound``: what was said is true."""

    offer: Tracked | None
    number: int
    peer: str
    nth: int
    head: bytes
    status: int | None
    span: Span | None
    findings: tuple[Finding, ...]
    data: bytes
    close: bool
    delivery: Delivery | None = None
    faults: tuple[str, ...] = ()
    chaos: tuple[str, ...] = ()
    sound: bool = True


def part_response(
    offer: Tracked, status: int, span: Span, body: bytes, crc: str, close: bool
) -> Response:
    """A part, in the form of the offer (facts §8)."""
    return Response(
        status,
        body,
        "application/octet-stream",
        close,
        headers=(
            ("Content-Range", f"bytes {span}/{len(offer.image)}"),
            ("Digest", f"crc32={crc}"),
        ),
        reason=offer.status_form == "206",
    )


def refusal(status: int, total: int, settings: FotaSettings, close: bool) -> Response:
    """An answer without a body, with the header that RFC 9110 asks for."""
    headers = {
        settings.unauthorized: (("WWW-Authenticate", "Bearer"),),
        settings.unsatisfiable: (("Content-Range", f"bytes */{total}"),),
        settings.wrong_method: (("Allow", "GET"),),
    }
    return Response(status, close=close, headers=headers.get(status, ()))
