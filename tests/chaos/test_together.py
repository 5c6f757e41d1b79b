"""Any rules at once: the platform's verdict stays its own, and what goes out is consistent."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from harness.clock import NO_WORK, VirtualClock
from harness.evidence import Timeline
from harness.platform.chaos import (
    Chaos,
    Disturbance,
    Latency,
    LogNormalLatency,
    LoseResponse,
    Maintenance,
    RefuseInSequence,
    ResetConnection,
)
from harness.platform.evidence import Evidence
from harness.platform.findings import Outcome
from harness.platform.ingestion import Ingestion
from harness.platform.registry import Registration, Registry
from harness.platform.settings import PlatformSettings
from harness.platform.uplink import Uplink
from harness.platform.wire import Limits, Request, RequestReader
from tests.platform.bench import NOW, SECRET, request

SHARE = st.sampled_from([0.0, 0.5, 1.0])
ANSWERS = st.sampled_from([Outcome.MALFORMED, Outcome.UNVERIFIED, "normal", 429, 503])
DISTURBANCES: st.SearchStrategy[Disturbance] = st.one_of(
    st.builds(Latency, st.floats(0.001, 10)),
    st.builds(LogNormalLatency, st.floats(0.001, 2), st.floats(0, 2), st.floats(2, 10)),
    st.builds(LoseResponse, SHARE, st.floats(0, 5)),
    st.builds(ResetConnection, SHARE),
    st.builds(
        RefuseInSequence, st.lists(ANSWERS, min_size=1, max_size=4).map(tuple), st.booleans()
    ),
    st.builds(
        Maintenance,
        st.sampled_from([NOW, NOW + timedelta(hours=1)]),
        st.just(NOW + timedelta(hours=2)),
        st.sampled_from([502, 503]),
    ),
)


@given(
    st.lists(st.tuples(DISTURBANCES, st.sampled_from([None, "tracker-1"])), max_size=5),
    st.integers(1, 6),
)
def test_any_rules_at_once(rules: list[tuple[Disturbance, str | None]], count: int) -> None:
    """Accepted, nothing found; an answer has a status exactly when it has bytes, and it is taken
    unless a code turned it away; rules have struck as often as uplinks say."""
    clock = VirtualClock(NOW)
    evidence = Evidence(Timeline(None, clock))
    tracker = Registration("tracker-1", imei="356726104408422", secret=SECRET)
    ingestion = Ingestion(Registry([tracker]), PlatformSettings(), clock, NO_WORK, evidence)
    ingestion.chaos = chaos = Chaos(clock, evidence, lambda device: None, lambda on: None)
    forwarded: list[int] = []
    ingestion.forward = lambda uplink: forwarded.append(uplink.exchange)
    for disturbance, device in rules:
        chaos.add(disturbance, device=device, seed=1)
    struck = 0
    for number in range(count):
        body = b'[{"bn":"urn:dev:IMEI:356726104408422:"},{"n":"count","v":%d}]' % number
        (event,) = RequestReader(Limits()).feed(request(body))
        assert isinstance(event, Request)
        uplink = ingestion.answer("127.0.0.1:1", event)
        assert isinstance(uplink, Uplink)
        struck += len(uplink.chaos)
        assert (uplink.outcome, uplink.findings) == (Outcome.ACCEPTED, ())
        assert (uplink.status is None) == (uplink.sent == b"")
        assert (uplink.delivery is None) == (uplink.faults == ()) == (uplink.chaos == ())
        refused = {"status", "refuse"} & set(uplink.faults)
        assert uplink.taken != bool(refused)
        assert (uplink.exchange in forwarded) == uplink.taken
        if uplink.delivery is not None:
            assert sum(step.delay_s for step in uplink.delivery.steps) <= 5 * 10
            assert (uplink.delivery.end == "reset") == ("reset" in uplink.faults)
    assert struck == sum(rule.struck for rule in chaos.list())
