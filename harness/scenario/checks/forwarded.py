"""Packs on their way to HTTPS destinations (DEST-REQUEST, DEST-TOKEN, DEST-RETRY, DEST-TLS)."""

from __future__ import annotations

from harness.platform.destination.delivery import Delivery
from harness.scenario.checks.refused import or_refused
from harness.scenario.expect_model import ForwardedExpectation
from harness.scenario.stage import Stage
from harness.scenario.verdict import Mismatch


def check_forwarded(stage: Stage, want: ForwardedExpectation) -> Mismatch | None:
    """One delivery: its attempts, how it ended, and what the endpoint got."""
    seen = stage.bench.platform.deliveries
    if want.count is not None and len(seen) != want.count:
        mismatch = Mismatch(f"{want.count} packs forwarded", str(len(seen)), ("DEST-REQUEST",))
        return or_refused(stage, mismatch) if len(seen) < want.count else mismatch
    if want.count == 0 and want.number is None:
        return None
    number = want.number or len(seen)
    if not seen or number > len(seen):
        none = Mismatch("a pack to be forwarded", f"{len(seen)} were", ("DEST-REQUEST",))
        return or_refused(stage, none)
    delivery = seen[number - 1]
    return _course(delivery, want) or _received(stage, delivery, want)


def _told(delivery: Delivery) -> str:
    attempts = ", ".join(
        f"{a.at_s:g} s {a.sent.outcome}" + (f" ({a.sent.why})" if a.sent.why else "")
        for a in delivery.attempts
    )
    return f"{delivery.status}; attempts: {attempts or 'none yet'}"


def _course(delivery: Delivery, want: ForwardedExpectation) -> Mismatch | None:
    attempts = delivery.attempts
    if want.status is not None and delivery.status != want.status:
        return Mismatch(f"the pack to be {want.status}", _told(delivery), ("DEST-RETRY",))
    if want.attempts is not None and len(attempts) != want.attempts:
        return Mismatch(f"{want.attempts} attempts", _told(delivery), ("DEST-RETRY",))
    if want.at is not None:
        moments = [span.total_seconds() for span in want.at]
        if moments != [attempt.at_s for attempt in attempts]:
            shown = ", ".join(f"{moment:g} s" for moment in moments)
            return Mismatch(f"attempts at {shown}", _told(delivery), ("DEST-RETRY",))
    if want.outcome is not None and (not attempts or attempts[-1].sent.outcome != want.outcome):
        return Mismatch(f"the last attempt to be {want.outcome}", _told(delivery))
    if want.why is not None and (not attempts or want.why not in attempts[-1].sent.why):
        return Mismatch(f"{want.why!r} as the reason", _told(delivery))
    have = {finding.requirement for attempt in attempts for finding in attempt.sent.findings}
    if want.findings is not None and not set(want.findings) <= have:
        missing = ", ".join(sorted(set(want.findings) - have))
        return Mismatch(f"a finding for {missing}", _told(delivery))
    return None


def _received(stage: Stage, delivery: Delivery, want: ForwardedExpectation) -> Mismatch | None:
    endpoint = stage.bench.endpoints.get(delivery.destination)
    got = [] if endpoint is None else [r for r in endpoint.received if r.body == delivery.body]
    if want.received is not None and len(got) != want.received:
        return Mismatch(f"the endpoint to get it {want.received} times", f"{len(got)} times")
    if want.verified is not None and (not got or got[-1].verified != want.verified):
        seen = "no request" if not got else f"verified: {str(got[-1].verified).lower()}"
        return Mismatch(f"verified: {str(want.verified).lower()}", seen, ("DEST-TOKEN",))
    body = delivery.body.decode()
    if want.body is not None and stage.fill(want.body) != body:
        return Mismatch(f"the body {stage.fill(want.body)}", body, ("DEST-REQUEST",))
    if want.headers is not None:
        names = [name for name, _ in got[-1].headers] if got else []
        if not set(want.headers) <= set(names):
            shown = ", ".join(names) or "no request"
            return Mismatch(f"the headers {', '.join(want.headers)}", shown, ("DEST-REQUEST",))
    return None
