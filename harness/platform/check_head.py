"""Checks of a request's head against the documented form (facts §3, §11)."""

from __future__ import annotations

from harness.platform.findings import Finding, error, info, warning
from harness.platform.head import Head, WireNote
from harness.platform.settings import IP_PATH, M2M_PATH, TOKEN_HEADER

M2M_HOST = "m.m"
_NAMED = "Host", "Content-Type", TOKEN_HEADER


def check_head(head: Head) -> tuple[list[Finding], bool]:
    """Findings about the head, and whether it is well-formed enough to look at the body.

    What devices in the field are known to send is accepted here and flagged; the rest of the
    documented form (path, method, a Host on the M2M path) decides.
    """
    findings: list[Finding] = []
    usable = _check_target(head, findings)
    where = requirement_of(head)
    for note in head.notes:
        if note in _NOTES:
            make, requirement, message = _NOTES[note]
            findings.append(make(requirement or where, message))
    if head.path == IP_PATH:
        if head.first("Host") is None:
            findings.append(info("HTTP-IP", "no Host header, which HTTP/1.1 itself asks for"))
    else:
        usable = check_host(head, findings) and usable
        _check_type(head, findings)
    for name in _NAMED:
        values = head.all(name)
        if len(values) > 1:
            findings.append(
                warning(
                    _REQUIREMENT[name],
                    f"the header {name} is there {len(values)} times: {', '.join(values)}",
                )
            )
    coding = head.first("Content-Encoding")
    if coding is not None and coding.lower() != "identity":
        findings.append(
            warning("HTTP-TYPE", f"Content-Encoding is {coding[:40]!r}: no coding is documented")
        )
    return findings, usable


def requirement_of(head: Head) -> str:
    """The requirement that describes the request line of this endpoint."""
    return "HTTP-IP" if head.path == IP_PATH else "HTTP-M2M"


def _check_target(head: Head, findings: list[Finding]) -> bool:
    where = requirement_of(head)
    known = head.path in (M2M_PATH, IP_PATH)
    if not known:
        findings.append(
            error(where, f"the path is {head.path[:120]}, it has to be {M2M_PATH} (or {IP_PATH})")
        )
    elif "?" in head.target:
        findings.append(warning(where, f"the target has a query: {head.target[:120]}"))
    if head.method != "POST":
        findings.append(error(where, f"the method is {head.method[:40]}, it has to be POST"))
    return known and head.method == "POST"


def check_host(head: Head, findings: list[Finding]) -> bool:
    """HTTP-HOST, for requests of M2M devices; False when the request cannot be read on."""
    host = head.first("Host")
    if host is None:
        findings.append(error("HTTP-HOST", f"no Host header; it has to be `Host: {M2M_HOST}`"))
        return head.version == (1, 0)
    if host != M2M_HOST:
        findings.append(error("HTTP-HOST", f"Host is {host[:80]!r}, it has to be {M2M_HOST!r}"))
    return True


def _check_type(head: Head, findings: list[Finding]) -> None:
    value = head.first("Content-Type")
    if value is None:
        findings.append(error("HTTP-TYPE", "no Content-Type header; it has to be application/json"))
        return
    media, _, parameters = value.partition(";")
    if media.strip().lower() != "application/json":
        findings.append(
            error("HTTP-TYPE", f"Content-Type is {value[:80]!r}, it has to be application/json")
        )
    elif parameters:
        findings.append(
            info(
                "HTTP-TYPE", f"Content-Type has parameters the documents do not show: {value[:80]}"
            )
        )


_REQUIREMENT = {"Host": "HTTP-HOST", "Content-Type": "HTTP-TYPE", TOKEN_HEADER: "TOKEN-HEADER"}
_NOTES = {
    WireNote.BARE_LF: (
        warning,
        "",
        "lines end in a bare LF instead of CR LF (RFC 9112 §2.2); whether the platform takes "
        "that is inferred only from the vendor's SDK",
    ),
    WireNote.LEADING_BLANK: (warning, "", "blank lines stand before the request line"),
    WireNote.HTTP_1_0: (warning, "", "the request is HTTP/1.0, documented is HTTP/1.1"),
    WireNote.ABSOLUTE_TARGET: (info, "", "the target is an absolute URL, documented is the path"),
    WireNote.CHUNKED: (
        warning,
        "HTTP-LENGTH",
        "the body is sent in chunks; documented is Content-Length",
    ),
    WireNote.NO_LENGTH: (
        error,
        "HTTP-LENGTH",
        "no Content-Length header: the request ends with its head",
    ),
}


def check_trailing(trailing: bytes, head: Head, body_length: int, whole: bool) -> list[Finding]:
    """Bytes that came after the body but belong to no request (HTTP-LENGTH).

    ``whole``: what Content-Length counts is a pack in itself.
    """
    if not trailing or (head.length is None and not head.chunked):  # which is a finding already
        return []
    shown = repr(trailing[:40])[1:]
    if not trailing.strip(b"\r\n"):
        return [
            warning(
                "HTTP-LENGTH",
                f"after the {body_length} bytes of the body follow line ends that Content-Length "
                f"does not count: {shown}",
            )
        ]
    more = f"{len(trailing)} more that are no request: {shown}"
    if whole:
        hint = next((words for byte, words in _STRAY.items() if byte in trailing), "")
        return [
            error(
                "HTTP-LENGTH", f"after the {body_length} bytes of a whole pack follow {more}{hint}"
            )
        ]
    return [
        error(
            "HTTP-LENGTH",
            f"Content-Length is too small: after {body_length} bytes of body follow {more}",
        )
    ]


_STRAY = {
    b"\x1a": " (Ctrl-Z ends the input of a modem's send command: here it went out as data)",
    b"\0": " (is the terminator of a C string sent along?)",
}
