"""Checks of one request for a file against the documented form (facts §8)."""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from typing import NamedTuple

from harness.platform.check_head import check_host
from harness.platform.findings import Finding, error, info, warning
from harness.platform.fota.offer import Tracked
from harness.platform.fota.ranges import (
    RangeProblem,
    RangeRefused,
    Span,
    read_range,
    shown,
)
from harness.platform.fota.settings import FotaSettings
from harness.platform.head import Head, WireNote

_BEARER = "bearer"


class Examined(NamedTuple):
    """What a request gets: ``status`` 200 with ``span`` None is the whole image."""

    status: int
    span: Span | None
    findings: tuple[Finding, ...]


def examine_form(head: Head, settings: FotaSettings) -> tuple[int | None, list[Finding]]:
    """Method, Host and line ends: the status of a refusal or None, and what was found."""
    findings: list[Finding] = []
    check_host(head, findings)
    if WireNote.BARE_LF in head.notes:
        findings.append(
            warning("FOTA-RANGE", "lines end in a bare LF; the vendor's client sends CR LF here")
        )
    if head.length:
        findings.append(warning("FOTA-RANGE", f"the GET has a body of {head.length} bytes"))
    if head.method != "GET":
        findings.append(error("FOTA-RANGE", f"the method is {head.method[:40]}, it has to be GET"))
        return settings.wrong_method, findings
    return None, findings


def check_token(
    head: Head, offer: Tracked, others: Iterable[Tracked], now_ns: int
) -> list[Finding]:
    """FOTA-OFFER: why the token does not open this URL; empty when it does.

    A token that has expired is no fault of the device: that finding is an ``info``.
    """
    values = head.all("Authorization")
    if not values:
        return [error("FOTA-OFFER", "no Authorization header; it has to be `Bearer <token>`")]
    scheme, _, given = values[0].partition(" ")
    given = given.strip()
    if len(values) > 1 or scheme.lower() != _BEARER or not given:
        return [error("FOTA-OFFER", "the Authorization header is not `Bearer <token>`")]
    if _same(given, offer.token):
        if now_ns < offer.expires_ns:
            return []
        return [info("FOTA-OFFER", "the token has expired")]
    if any(_same(given, old) for old in offer.old_tokens):
        return [error("FOTA-OFFER", "this token was replaced by a newer downlink")]
    for other in others:
        if _same(given, other.token):
            whose = f"{other.id}, offered to {other.device}"
            return [
                error(
                    "FOTA-OFFER",
                    f"the token belongs to {whose}; the URL to {offer.id}, offered to "
                    f"{offer.device}",
                )
            ]
    return [error("FOTA-OFFER", "the token is none that was offered")]


def _same(given: str, token: str) -> bool:
    return compare_digest(given.encode("latin-1"), token.encode("latin-1"))


def examine_range(head: Head, offer: Tracked, settings: FotaSettings) -> Examined:
    """FOTA-RANGE: which part is asked for."""
    values = head.all("Range")
    total = len(offer.image)
    if not values:
        problem = "no Range header: the image is fetched in parts, `Range: bytes=a-b`"
        return Examined(200, None, (error("FOTA-RANGE", problem),))
    if len(values) > 1:
        problem = f"the Range header is there {len(values)} times"
        return Examined(settings.malformed_range, None, (error("FOTA-RANGE", problem),))
    try:
        span, form = read_range(values[0], total)
    except RangeRefused as refused:
        beyond = refused.problem is RangeProblem.UNSATISFIABLE
        status = settings.unsatisfiable if beyond else settings.malformed_range
        return Examined(status, None, (error("FOTA-RANGE", refused.message),))
    status = int(offer.status_form)
    if form == "closed":
        return Examined(status, span, ())
    seen = f"Range is {values[0]!r}: valid, but only `bytes=a-b` is seen in use"
    return Examined(status, span, (info("FOTA-RANGE", seen),))


def check_reuse(nth: int, settings: FotaSettings) -> Finding | None:
    """FOTA-REUSE: whether this is one request too many on its connection."""
    limit = settings.requests_per_connection
    if nth <= limit:
        return None
    return error("FOTA-REUSE", f"request {nth} on one connection; at most {limit} are allowed")


def check_loop(offer: Tracked, asked: str, refused: bool, tries: int) -> Finding | None:
    """The same request over and over: a part that does not come is tried 3 times (facts §8).

    Twice as many are let pass, for a device that was restarted in between knows nothing of the
    first ones.
    """
    before, count = offer.again
    count = count + 1 if asked == before else 1
    offer.again = asked, count
    if count <= 2 * tries:
        return None
    requirement = "FOTA-OFFER" if refused else "FOTA-RANGE"
    return error(
        requirement,
        f"{asked} is asked for more than {2 * tries} times in a row; {tries} tries are documented",
    )


def check_report(offer: Tracked, version: str) -> list[Finding]:
    """FOTA-REPORT, FOTA-RANGE: whether what the device says of its version fits the download."""
    missing = offer.got.missing(len(offer.image))
    if version != offer.version:
        if missing:  # it still says what it runs
            return []
        what = f"version {version[:80]!r} is reported after {offer.version} was fetched"
        return [error("FOTA-REPORT", what)]
    if not missing:
        return []
    spoilt = offer.spoilt.spans
    why = f"bytes {shown(missing)} never came as they should"
    if spoilt:
        why = f"bytes {shown(spoilt)} came, but not as announced, and were not fetched again"
    return [error("FOTA-RANGE", f"version {version} is reported, but {why}")]
