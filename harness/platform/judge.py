"""The verdict on one request: which checks, in which order.

Order (assumed; the documents do not state one): the request's form (path, method, Host), the SenML
pack, the device identifier in it, then the token, whose secret that identifier selects. All checks
are made and reported as findings; the first that fails gives the outcome.

A request in exactly the documented form, of a registered device and with the right token, is proved
so by two compiled patterns and one hash, and shares a ready-made verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import NamedTuple

from harness.clock.scenario import NS, from_ns
from harness.platform.canonical import CANONICAL_BODY, CANONICAL_BODY_LIMIT
from harness.platform.check_body import check_base_names, check_bytes, salvage_device
from harness.platform.check_head import check_head, check_trailing
from harness.platform.check_token import NOT_CHECKED, VERIFIED, Carried, check_token
from harness.platform.findings import Finding, Outcome, error, warning
from harness.platform.head import Head, Refusal
from harness.platform.registry import Registration, Registry
from harness.platform.settings import IP_PATH
from harness.platform.uplink import TokenVerdict, Verdict
from harness.platform.wire import Refused, Request
from harness.senml import Issue, Pack, SenmlError, parse, resolve
from harness.token import secret_problem
from harness.urn import dvnuuid_base_name, imei_base_name, parse_base_name

_DAY_S = 86_400


class _Known(NamedTuple):
    """What the short way needs of a registered device."""

    secret: bytes
    verdict: Verdict


class Judge:
    """Judges requests against a registry. ``history(device)`` gives earlier bodies of a device,
    oldest first; it is asked only when a token has to be explained."""

    def __init__(self, registry: Registry, history: Callable[[str], Sequence[bytes]]) -> None:
        self._registry = registry
        self._history = history
        self._known: dict[bytes, _Known] = {}  # as of this generation of the registry:
        self._generation = registry.generation

    def base_name(self, device: str) -> str:
        """The base name of a registered device, for its downlinks."""
        registration = self._registry.by_name(device)
        if registration is None:
            return ""
        if registration.imei:
            return imei_base_name(registration.imei)
        return dvnuuid_base_name(registration.dvnuuid or "")

    def is_m2m(self, device: str | None) -> bool | None:
        """Whether a device is an M2M or an Internet one; None for one that is not known."""
        registration = self._registry.by_name(device) if device is not None else None
        return None if registration is None else registration.imei is not None

    def request(self, request: Request, received_ns: int) -> Verdict:
        """The verdict on a complete request, received at ``received_ns`` of the scenario clock."""
        if request.token is not None:
            verdict = self._documented(request.token, request.body, received_ns)
            if verdict is not None:
                return verdict
        head = request.lines()
        findings, usable = check_head(head)
        meant = request.body
        if request.trailing:
            whole = _is_whole(meant)
            findings += check_trailing(request.trailing, head, len(meant), whole)
            if not whole and request.trailing.strip(b"\r\n"):
                # Blame the length alone: pack and token are judged as the device meant them.
                meant, usable = meant + request.trailing, False
        carried = Carried.in_head(head, request.head)
        return self._judged(carried, _endpoint(head), meant, findings, usable, received_ns)

    def message(
        self, body: bytes, carried: Carried, findings: list[Finding], received_ns: int
    ) -> Verdict:
        """The verdict on a pack that came in no HTTP request; ``findings`` are those about what it
        came in. An error among them refuses it."""
        device = salvage_device(body, self._registry)
        internet = b"DVNUUID" in body if device is None else device.imei is None
        usable = all(finding.severity != "error" for finding in findings)
        endpoint = "ip" if internet else "m2m"
        return self._judged(carried, endpoint, body, findings, usable, received_ns)

    def _documented(self, token: str, body: bytes, received_ns: int) -> Verdict | None:
        found = CANONICAL_BODY.fullmatch(body)
        if found is None or len(body) > CANONICAL_BODY_LIMIT:
            return None
        if self._generation != self._registry.generation:
            self._generation = self._registry.generation
            self._known.clear()
        imei, bt = found.groups()
        known = self._known.get(imei) or self._learn(imei)
        if known is None:
            return None
        if bt is not None and abs(float(bt) - received_ns / NS) >= _DAY_S:
            return None
        expected = sha256(body + known.secret).hexdigest()
        return known.verdict if compare_digest(expected, token) else None

    def _learn(self, imei: bytes) -> _Known | None:
        device = self._registry.by_imei(imei.decode("ascii"))
        if device is None or device.secret is None or device.imei is None:
            return None
        if secret_problem(device.secret) or parse_base_name(imei_base_name(device.imei)).issues:
            return None
        verdict = Verdict(Outcome.ACCEPTED, device.name, (), VERIFIED, documented=True)
        known = self._known[imei] = _Known(device.secret.encode(), verdict)
        return known

    def _judged(
        self,
        carried: Carried,
        endpoint: str,
        body: bytes,
        findings: list[Finding],
        usable: bool,
        received_ns: int,
    ) -> Verdict:
        remarks, trimmed = check_bytes(body)
        findings += remarks
        device, named, readable = self._pack(trimmed, endpoint, findings, received_ns)
        salvaged = device or salvage_device(body, self._registry)
        previous = self._history(salvaged.name) if salvaged is not None else ()
        remarks, token, by_token = check_token(carried, body, salvaged, self._registry, previous)
        findings += remarks
        if not usable or not readable or not named or by_token is Outcome.MALFORMED:
            outcome = Outcome.MALFORMED
        elif device is None:
            outcome = Outcome.UNKNOWN_DEVICE
        else:
            outcome = by_token
        name = salvaged.name if salvaged is not None else None
        return Verdict(outcome, name, tuple(findings), token)

    def _pack(
        self, body: bytes, endpoint: str, findings: list[Finding], received_ns: int
    ) -> tuple[Registration | None, bool, bool]:
        """The device that the pack names, whether it names any, and whether it is a valid pack."""
        try:
            pack: Pack = parse(body)
        except SenmlError as problem:
            findings += [
                Finding(issue.requirement, issue.severity, issue.message)
                for issue in problem.issues
            ]
            return None, True, False
        issues: tuple[Issue, ...] = (*pack.issues, *resolve(pack, from_ns(received_ns)).issues)
        for issue in issues:
            at = issue[4]
            where = "" if at is None else f"record {at + 1}: "
            findings.append(Finding(issue.requirement, issue.severity, where + issue.message))
        remarks, device = check_base_names(pack.base_names, endpoint, self._registry)
        findings += remarks
        return device, bool(pack.base_names), pack.valid

    def refused(self, refused: Refused) -> Verdict:
        """The verdict on bytes that cannot be read as a request."""
        requirement = "HTTP-IP" if IP_PATH.encode() in refused.head else "HTTP-M2M"
        requirement = _REFUSED.get(refused.refusal, requirement)
        make = warning if refused.refusal is Refusal.TLS else error
        return self._unread(refused.body, [make(requirement, refused.message)])

    def incomplete(self, head: bytes, body: bytes, parsed: Head | None, waited_s: float) -> Verdict:
        """The verdict on a request whose end did not come in time."""
        if parsed is None:
            requirement = "HTTP-IP" if IP_PATH.encode() in head else "HTTP-M2M"
            message = f"the head did not end: {len(head)} bytes, then nothing for {waited_s:.1f} s"
            return self._unread(body, [error(requirement, f"{message} (no blank line)")])
        if parsed.chunked:
            message = f"the last chunk did not come: {waited_s:.1f} s of nothing"
        else:
            message = (
                f"Content-Length is {parsed.length}, but only {len(body)} bytes of body came, then "
                f"nothing for {waited_s:.1f} s"
            )
        findings, _ = check_head(parsed)
        findings.append(error("HTTP-LENGTH", message))
        device = salvage_device(body, self._registry)
        carried = Carried.in_head(parsed, head)
        remarks, token, _ = check_token(carried, body, device, self._registry, ())
        findings += remarks
        name = device.name if device is not None else None
        return Verdict(Outcome.MALFORMED, name, tuple(findings), token)

    def _unread(self, body: bytes, findings: list[Finding]) -> Verdict:
        device = salvage_device(body, self._registry)
        name = device.name if device is not None else None
        token: TokenVerdict = NOT_CHECKED
        return Verdict(Outcome.MALFORMED, name, tuple(findings), token)


def _is_whole(body: bytes) -> bool:
    """Whether a body is a pack in itself, so that nothing behind it is missing from it."""
    try:
        parse(body)
    except SenmlError:
        return False
    return True


def _endpoint(head: Head) -> str:
    return "ip" if head.path == IP_PATH else "m2m"


_REFUSED = {
    Refusal.TLS: "NET-PLAIN",
    Refusal.LENGTH: "HTTP-LENGTH",
    Refusal.BODY_TOO_LARGE: "HTTP-LENGTH",
    Refusal.TRANSFER_CODING: "HTTP-LENGTH",
    Refusal.CHUNK_SYNTAX: "HTTP-LENGTH",
    Refusal.TRAILING: "HTTP-LENGTH",
}
