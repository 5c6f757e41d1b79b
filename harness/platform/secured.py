"""What TLS has to say about an uplink and about a handshake (NET-TLS, NET-PLAIN)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from harness.network.certificates import CertificateKind
from harness.network.tls import CERTIFICATE_ALERTS, TlsSession
from harness.platform.findings import Finding, Outcome, error, info, warning
from harness.platform.settings import IP_PATH, M2M_PATH, PLATFORM_NAME
from harness.platform.uplink import Verdict

HandshakeOutcome = Literal["established", "refused", "abandoned", "failed"]

WRONG_IN_WORDS = {
    "right": "is the right one",
    "expired": "expired in 2019",
    "wrong-name": f"is for another name than {PLATFORM_NAME}",
    "unknown-ca": "comes from an authority that the device was never given",
    "self-signed": "is signed by itself",
}


@dataclass(frozen=True, slots=True)
class Secured:
    """How requests of a connection to the HTTPS port came.

    ``session`` None: in plain, though TLS was due.
    """

    certificate: CertificateKind
    session: TlsSession | None


@dataclass(frozen=True, slots=True)
class Handshake:
    """One attempt at a TLS connection, numbered from 1.

    ``refused``: the device sent an alert about the certificate; ``abandoned``: it left while the
    certificate was before it, without an alert; ``failed``: there was no common version or suite,
    or it was no TLS at all. ``sni`` is the name that it asked for.
    """

    number: int
    peer: str
    certificate: CertificateKind
    outcome: HandshakeOutcome
    why: str = ""
    alert: str | None = None
    sni: str | None = None
    session: TlsSession | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What it says about the device (NET-TLS)."""
        right = self.certificate == "right"
        what = WRONG_IN_WORDS[self.certificate]
        if self.outcome == "established":
            if right:
                return ()
            return (
                error(
                    "NET-TLS",
                    f"the device takes a certificate that {what}: it does not verify who it "
                    "talks to, and anybody in between can read and answer its uplinks",
                ),
            )
        if self.outcome == "failed":
            return (error("NET-TLS", f"no TLS connection: {self.why}"),)
        said = f"with the alert {self.alert!r}" if self.alert else f"without an alert ({self.why})"
        if right:
            return (
                warning(
                    "NET-TLS",
                    f"the device refuses the right certificate {said}; was it given the "
                    "certificate of the bench's authority, and is its clock set?",
                ),
            )
        return (info("NET-TLS", f"the device refuses a certificate that {what}, {said}"),)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as the control API shows it."""
        session = self.session
        return {
            "number": self.number,
            "peer": self.peer,
            "certificate": self.certificate,
            "outcome": self.outcome,
            "why": self.why,
            "alert": self.alert,
            "sni": self.sni,
            "version": session.version if session else None,
            "cipher": session.cipher if session else None,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def failed_outcome(alert: str | None, *, left: bool) -> HandshakeOutcome:
    """What a handshake without success was; ``left``: the peer went away while it was under way."""
    if alert in CERTIFICATE_ALERTS:
        return "refused"
    return "abandoned" if left else "failed"


def judge_channel(
    verdict: Verdict, path: str, secured: Secured | None, m2m: bool | None = None
) -> Verdict:
    """The verdict with what the way of the request adds; the same object when that is nothing.

    ``m2m`` says of what kind the device is, None when it is not known.
    """
    findings = _wrong_endpoint(path, m2m)
    outcome = verdict.outcome
    if secured is None:
        if path == IP_PATH and not m2m:
            findings.append(
                error("NET-TLS", "an Internet device's uplink came in plain; it has to use HTTPS")
            )
    elif secured.session is None:
        outcome = Outcome.MALFORMED
        findings.append(error("NET-TLS", "plain HTTP came to the HTTPS port; start with TLS"))
    else:
        if secured.certificate != "right":
            what = WRONG_IN_WORDS[secured.certificate]
            findings.append(
                error("NET-TLS", f"the device sent this in spite of a certificate that {what}")
            )
        if path == M2M_PATH:
            findings.append(
                warning(
                    "NET-PLAIN",
                    f"the path {path} is that of M2M devices, which need no TLS; Internet devices "
                    f"use {IP_PATH}",
                )
            )
        findings += _name_asked_for(secured.session.sni)
    if not findings:
        return verdict
    return Verdict(outcome, verdict.device, (*verdict.findings, *findings), verdict.token)


def _wrong_endpoint(path: str, m2m: bool | None) -> list[Finding]:
    """A device of one kind at the endpoint of the other."""
    if m2m is True and path == IP_PATH:
        text = f"an M2M device's uplink went to the path of Internet devices; its own is {M2M_PATH}"
        return [error("HTTP-M2M", text)]
    if m2m is False and path == M2M_PATH:
        text = f"an Internet device's uplink went to the path of M2M devices; its own is {IP_PATH}"
        return [error("HTTP-IP", text)]
    return []


def _name_asked_for(sni: str | None) -> list[Finding]:
    if sni == PLATFORM_NAME:
        return []
    if sni is None:
        return [
            info(
                "NET-TLS",
                "the handshake names no server (SNI, RFC 6066 §3); where several names share an "
                "address, the certificate of another comes back",
            )
        ]
    return [info("NET-TLS", f"the handshake asks for {sni[:80]}, documented is {PLATFORM_NAME}")]
