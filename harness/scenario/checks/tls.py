"""TLS handshakes as the platform's HTTPS endpoint saw them."""

from __future__ import annotations

from harness.platform.secured import Handshake
from harness.scenario.expect_model import TlsExpectation
from harness.scenario.stage import Stage
from harness.scenario.verdict import Mismatch


def check_tls(stage: Stage, want: TlsExpectation) -> Mismatch | None:
    """NET-TLS: who took which certificate, and who refused it."""
    seen = stage.bench.platform.handshakes
    if want.count is not None and len(seen) != want.count:
        return Mismatch(f"{want.count} TLS handshakes", str(len(seen)), ("NET-TLS",))
    if want.count == 0 and want.number is None:
        return None
    number = want.number or len(seen)
    if not seen or number > len(seen):
        return Mismatch("a TLS handshake", f"{len(seen)} of them", ("NET-TLS",))
    handshake = seen[number - 1]
    session = handshake.session
    for label, wanted, value in (
        ("the handshake to be", want.outcome, handshake.outcome),
        ("the certificate presented to be", want.certificate, handshake.certificate),
        ("the alert", want.alert, handshake.alert),
        ("the version", want.version, session.version if session else None),
    ):
        if wanted is not None and wanted != value:
            return Mismatch(f"{label} {wanted}", _told(handshake), _broken(handshake))
    have = {finding.requirement for finding in handshake.findings}
    if want.findings is not None and not set(want.findings) <= have:
        missing = ", ".join(sorted(set(want.findings) - have))
        return Mismatch(f"a finding for {missing}", _told(handshake))
    return None


def _told(handshake: Handshake) -> str:
    findings = "; ".join(finding.message for finding in handshake.findings)
    return f"{handshake.outcome} with the {handshake.certificate} certificate" + (
        f" ({findings})" if findings else ""
    )


def _broken(handshake: Handshake) -> tuple[str, ...]:
    return ("NET-TLS",) if any(f.severity == "error" for f in handshake.findings) else ()
