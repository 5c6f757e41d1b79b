"""Rules at work: on real sockets, with the timeline looked at."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.cli.serve_board import Board
from harness.clock import ClockError, Deadline, RealClock, pause
from harness.errors import UsageError
from harness.evidence import Timeline
from harness.network.loop import LoopThread
from harness.network.sockets import HostSockets
from harness.platform.chaos import (
    Latency,
    LogNormalLatency,
    LoseResponse,
    Maintenance,
    RefuseInSequence,
    ResetConnection,
)
from harness.platform.chaos.disturbances import maintenance
from harness.platform.chaos.standing import MAX_RULES, MAX_SEED, UnknownRule
from harness.platform.facade import Platform, UnknownDevice
from harness.platform.faults import Status
from harness.platform.findings import Outcome
from harness.platform.registry import Registration, Registry
from harness.report.model import ScenarioReport
from harness.report.moments import rows_of
from tests.platform.bench import NOW, SECRET, Rig, read_answer, request
from tests.tls.https import Https, authority, ip_request

OTHER = b'[{"bn":"urn:dev:IMEI:490154203237518:"},{"n":"temperature","v":21.5}]'
HOUR = timedelta(hours=1)
Running = tuple[Platform, RealClock, Timeline, tuple[str, int]]


def measured(value: int) -> bytes:
    """A request with a reading of its own."""
    return request(b'[{"bn":"urn:dev:IMEI:356726104408422:"},{"n":"count","v":%d}]' % value)


def post(address: tuple[str, int]) -> bytes:
    """The documented request, on a connection of its own."""
    with socket.create_connection(address, timeout=60) as sock:
        sock.sendall(request())
        return read_answer(sock)


def told(rig: Rig) -> list[dict[str, Any]]:
    """The events of kind ``chaos``."""
    return [dict(event.data) for event in rig.timeline.events() if event.kind == "chaos"]


def code(answer: bytes) -> int:
    return int(answer.split()[1])


def test_without_rules_nothing_is_on(rig: Rig) -> None:
    """No rule, no work: the switch that every response looks at is off, before and after."""
    assert not rig.platform.chaos.on
    rule = rig.platform.chaos.add(Latency(0.01))
    assert rig.platform.chaos.on
    rig.platform.chaos.switch(rule.id, on=False)
    assert not rig.platform.chaos.on
    rig.platform.chaos.clear()
    assert rig.platform.chaos.list() == ()
    assert code(rig.post(request())) == 202


def test_a_rule_is_on_the_timeline_from_first_to_last(rig: Rig) -> None:
    """Added, changed and removed with its sentence, seed and count."""
    chaos = rig.platform.chaos
    rule = chaos.add(Latency(0.02), device="tracker-1", seed=5)
    rig.post(request())
    chaos.switch(rule.id, on=False)
    chaos.switch(rule.id, on=False)
    chaos.remove(rule.id)
    events = told(rig)
    assert [(event["action"], event["on"], event["struck"]) for event in events] == [
        ("added", True, 0), ("changed", False, 1), ("removed", False, 1),
    ]  # fmt: skip
    assert {
        (event["rule"], event["rule_kind"], event["device"], event["seed"]) for event in events
    } == {("chaos-1", "latency", "tracker-1", 5)}
    assert events[0]["says"] == "tracker-1: every answer comes 0.02 s late"


def test_a_strike_is_in_the_uplink_and_its_response(rig: Rig) -> None:
    """The faults by name, and which rule did what; the verdict stays the platform's own."""
    rig.platform.chaos.add(Latency(0.02))
    rig.platform.chaos.add(RefuseInSequence((503,)))
    rig.post(request())
    rig.wait(1)
    (uplink,) = rig.platform.uplinks
    assert (uplink.outcome, uplink.status) == (Outcome.ACCEPTED, 503)
    assert uplink.faults == ("late", "status")
    assert uplink.chaos == ("chaos-1: 0.02 s late", "chaos-2: answered with 503")
    (event,) = [event for event in rig.timeline.events() if event.kind == "http.response"]
    assert (event.data["fault"], list(event.data["chaos"])) == ("late + status", list(uplink.chaos))
    assert uplink.as_dict()["chaos"] == list(uplink.chaos)


def test_a_rule_hits_its_device_alone(rig: Rig) -> None:
    """Another device is answered as ever."""
    rig.platform.chaos.add(RefuseInSequence((503,), repeat=True), device="plain-1")
    assert code(rig.post(request())) == 202
    assert code(rig.post(request(OTHER, drop="Things-Message-Token"))) == 503
    assert [rule.struck for rule in rig.platform.chaos.list()] == [1]


def test_rules_for_all_count_for_each_device_on_its_own(rig: Rig) -> None:
    """Two devices each go through the whole sequence."""
    rig.platform.chaos.add(RefuseInSequence((429, "normal", Outcome.UNKNOWN_DEVICE)))
    codes = [
        (
            code(rig.post(measured(turn))),
            code(rig.post(request(OTHER, drop="Things-Message-Token"))),
        )
        for turn in range(4)
    ]
    assert codes == [(429, 429), (202, 202), (404, 404), (202, 202)]


def test_a_sequence_for_one_device_is_over_after_its_last_turn(rig: Rig) -> None:
    """Then nothing is on any more; the rule stays in the list with its count."""
    rig.platform.chaos.add(RefuseInSequence((503, 503)), device="tracker-1")
    assert [code(rig.post(measured(turn))) for turn in range(3)] == [503, 503, 202]
    (rule,) = rig.platform.chaos.list()
    assert (rule.state, rule.struck, rig.platform.chaos.on) == ("over", 2, False)


def test_a_lost_response_leaves_the_uplink_taken(rig: Rig) -> None:
    """The request is accepted, the connection closed without a byte; the downlink stays."""
    rig.platform.queue_downlink("tracker-1", [{"n": "led", "vb": True}])
    rule = rig.platform.chaos.add(LoseResponse())
    assert rig.post(request()) == b""
    rig.wait(1)
    (uplink,) = rig.platform.uplinks
    assert (uplink.outcome, uplink.status, uplink.taken) == (Outcome.ACCEPTED, None, True)
    rig.platform.chaos.remove(rule.id)
    assert b'"led"' in rig.post(request())


def test_a_reset_reaches_the_client(rig: Rig) -> None:
    """RST, not FIN."""
    rig.platform.chaos.add(ResetConnection())
    with pytest.raises(ConnectionResetError):
        rig.post(request())


def test_the_same_seed_gives_the_same_run(rig: Rig) -> None:
    """A run's seeds are told, and repeat it response by response."""

    def run(seed: int | None) -> tuple[int, list[bool]]:
        rule = rig.platform.chaos.add(LoseResponse(0.5), seed=seed)
        lost = [rig.post(measured(turn)) == b"" for turn in range(24)]
        rig.platform.chaos.clear()
        return rule.seed, lost

    seed, lost = run(None)
    assert run(seed) == (seed, lost)


def test_a_fault_ordered_for_one_response_has_the_last_word(rig: Rig) -> None:
    """Chaos says 503, the fault 500: it is 500."""
    rig.platform.chaos.add(RefuseInSequence((503,), repeat=True))
    rig.platform.faults.add(Status(500))
    assert [code(rig.post(measured(turn))) for turn in range(2)] == [500, 503]


def test_virtual_time_waits_for_a_late_answer(rig: Rig) -> None:
    """Latency is host time; the scenario clock does not jump while an answer is on its way."""
    rig.platform.chaos.add(Latency(0.3))
    with rig.connect() as sock:
        sock.sendall(request())
        assert rig.platform.wait(lambda: bool(rig.platform.uplinks), Deadline.after(60))
        rig.clock.advance(3600)
        assert rig.platform.uplinks[0].answered
        assert code(read_answer(sock)) == 202


def test_a_repeat_after_a_lost_answer_is_nobodys_fault(rig: Rig) -> None:
    """RESP-ACCEPTED and RESP-ROBUST: the device cannot know what became of the first one."""
    rule = rig.platform.chaos.add(LoseResponse())
    rig.post(request())
    rig.wait(1)
    rig.platform.chaos.switch(rule.id, on=False)
    rig.post(request())
    rig.wait(2)
    assert [uplink.findings for uplink in rig.platform.uplinks] == [(), ()]


def test_a_repeat_after_a_late_answer_is_only_worth_knowing(rig: Rig) -> None:
    """The device may have given up before the answer came: no warning."""
    rig.platform.chaos.add(Latency(0.02))
    for number in (1, 2):
        rig.post(request())
        rig.wait(number)
    findings = rig.platform.uplinks[-1].findings
    assert [(finding.requirement, finding.severity) for finding in findings] == [
        ("RESP-ACCEPTED", "info")
    ]


def test_a_repeat_after_a_503_is_right_and_hammering_is_told(rig: Rig) -> None:
    """Two repeats: nothing. More without a pause: an info, never a broken requirement."""
    rig.platform.chaos.add(maintenance(NOW, 503, lasts_s=60))
    for number in range(1, 5):
        rig.post(request())
        rig.wait(number)
    severities = [[finding.severity for finding in up.findings] for up in rig.platform.uplinks]
    assert severities == [[], [], ["info"], ["info"]]


def test_maintenance_follows_the_scenario_clock(rig: Rig) -> None:
    """As ever before and after, 503 in between; its begin and end are on the timeline."""
    rig.platform.chaos.add(maintenance(NOW, 503, start=NOW + HOUR, lasts_s=1800))
    codes: list[int] = []
    states: list[str] = []
    for minutes in (0, 59, 1, 29, 1):
        rig.clock.advance(minutes * 60)
        codes.append(code(rig.post(measured(len(codes)))))
        states.append(rig.platform.chaos.list()[0].state)
    assert codes == [202, 202, 503, 503, 202]
    assert states == ["waiting", "waiting", "on", "on", "over"]
    assert [(event["action"], event["state"]) for event in told(rig)] == [
        ("added", "waiting"), ("began", "on"), ("ended", "over"),
    ]  # fmt: skip
    assert not rig.platform.chaos.on


def test_a_window_that_was_removed_has_no_begin_and_end(rig: Rig) -> None:
    """Nothing happens at its moments."""
    rule = rig.platform.chaos.add(maintenance(NOW, 503, start=NOW + HOUR, lasts_s=1800))
    rig.platform.chaos.remove(rule.id)
    rig.clock.advance(7200)
    assert [event["action"] for event in told(rig)] == ["added", "removed"]


def test_connections_are_refused_and_taken_again_at_the_same_address(rig: Rig) -> None:
    """ECONNREFUSED during the window, open connections are dropped, then all is as before."""
    with rig.connect() as kept:
        kept.sendall(request())
        assert code(read_answer(kept)) == 202
        rig.platform.chaos.add(maintenance(NOW, "refuse-connections", lasts_s=600))
        with contextlib.suppress(ConnectionResetError):
            assert kept.recv(100) == b""
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            rig.connect()
    with socket.socket() as thief, pytest.raises(OSError, match="in use"):
        thief.bind(rig.address)
    rig.clock.advance(600)
    assert code(rig.post(measured(1))) == 202


def test_what_a_window_breaks_off_is_told(rig: Rig) -> None:
    """Half a request and an answer that is on its way: each is an aborted connection."""
    rig.platform.chaos.add(Latency(5))
    with rig.connect() as waiting, rig.connect() as half:
        half.sendall(request()[:40])
        deadline = Deadline.after(60)
        while rig.clock.work.idle:  # until the half has come
            assert not deadline.expired
            pause(0.005)
        waiting.sendall(request())
        assert rig.platform.wait(lambda: bool(rig.platform.uplinks), Deadline.after(60))
        rig.platform.chaos.add(maintenance(NOW, "refuse-connections", lasts_s=600))
        for sock in (waiting, half):
            with contextlib.suppress(ConnectionResetError):
                assert sock.recv(100) == b""
    rig.wait(1)
    assert not rig.platform.uplinks[0].whole
    assert sorted(aborted.why for aborted in rig.platform.aborted) == [
        "nobody listens any more",
        "nobody listens any more before the response ended",
    ]
    assert rig.clock.work.wait_idle(5)
    rig.platform.chaos.clear()
    assert code(rig.post(request())) == 202


def test_both_ports_refuse_and_one_opened_meanwhile_too(rig: Rig) -> None:
    """HTTP and HTTPS alike; both take connections again when the window is over."""
    rig.platform.chaos.add(maintenance(NOW, "refuse-connections", lasts_s=600))
    secured = rig.platform.start_https(HostSockets(), authority=authority())
    for address in (rig.address, secured):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=60)
    rig.clock.advance(600)
    https = Https(rig, secured)
    with https.connect() as sock:
        sock.sendall(ip_request())
        assert code(read_answer(sock)) == 202
    assert code(rig.post(request())) == 202


def test_two_windows_overlap(rig: Rig) -> None:
    """Nobody listens until the last of them is over or switched off."""
    rig.platform.chaos.add(maintenance(NOW, "refuse-connections", lasts_s=600))
    longer = rig.platform.chaos.add(maintenance(NOW, "refuse-connections", lasts_s=1200))
    rig.clock.advance(700)
    with pytest.raises(ConnectionRefusedError):
        rig.connect()
    rig.platform.chaos.switch(longer.id, on=False)
    assert code(rig.post(request())) == 202
    rig.platform.chaos.switch(longer.id, on=True)
    with pytest.raises(ConnectionRefusedError):
        rig.connect()


def test_orders_that_make_no_sense_are_refused(rig: Rig) -> None:
    """Unknown devices and rules, seeds out of range, a refusal for one device, too many rules."""
    chaos = rig.platform.chaos
    with pytest.raises(UnknownDevice, match="nobody"):
        chaos.add(Latency(1), device="nobody")
    with pytest.raises(UsageError, match="to all devices or to none"):
        chaos.add(maintenance(NOW, "refuse-connections", lasts_s=5), device="tracker-1")
    for seed in (-1, MAX_SEED + 1):
        with pytest.raises(UsageError, match="seed"):
            chaos.add(Latency(1), seed=seed)
    with pytest.raises(UnknownRule, match="there are: none"):
        chaos.get("chaos-1")
    for _ in range(MAX_RULES):
        chaos.add(Latency(1), on=False)
    with pytest.raises(UsageError, match="already"):
        chaos.add(Latency(1))
    assert len(chaos.clear()) == MAX_RULES


def test_the_clock_jumps_forward_and_never_back(rig: Rig) -> None:
    """A jump is told with both moments; back is a clear refusal and changes nothing."""
    jump = rig.platform.chaos.jump(by_s=86_400)
    assert (jump.before, jump.after) == (NOW, NOW + timedelta(days=1))
    rig.platform.chaos.jump(to=NOW + timedelta(days=2))
    for wrong in ({"by_s": -1.0}, {"to": NOW}):
        with pytest.raises(ClockError, match="does not go backwards"):
            rig.platform.chaos.jump(**wrong)
    with pytest.raises(UsageError, match="exactly one"):
        rig.platform.chaos.jump()
    assert [event["action"] for event in told(rig)] == ["jumped", "jumped"]
    assert rig.clock.now() == NOW + timedelta(days=2)


@pytest.fixture
def running_clock() -> Iterator[Running]:
    """A platform whose clock runs with the world."""
    clock, loop = RealClock(datetime(2026, 3, 1, tzinfo=UTC)), LoopThread()
    registry = Registry([Registration("tracker-1", imei="356726104408422", secret=SECRET)])
    timeline = Timeline(None, clock)
    platform = Platform(registry, clock=clock, recorder=timeline, loop=loop)
    try:
        yield platform, clock, timeline, platform.start(HostSockets())
    finally:
        platform.stop()
        clock.close()
        loop.close()


def test_windows_work_on_a_clock_that_runs(
    running_clock: Running,
) -> None:
    """The window ends by itself, in the clock's own thread, or by a step."""
    platform, clock, timeline, address = running_clock
    now = clock.now()
    platform.chaos.add(Maintenance(now, now + timedelta(seconds=600), "refuse-connections"))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=60)
    clock.advance(600)
    assert code(post(address)) == 202
    over = threading.Event()
    timeline.listen(lambda event: over.set() if event.data.get("action") == "ended" else None)
    platform.chaos.add(maintenance(clock.now(), "refuse-connections", lasts_s=0.2))
    assert over.wait(60)
    assert code(post(address)) == 202


def test_stopping_in_the_middle_of_a_window(rig: Rig) -> None:
    """The platform stops as ever; the address is free afterwards."""
    rig.platform.chaos.add(LogNormalLatency(0.01, 1))
    rig.platform.chaos.add(maintenance(NOW, "refuse-connections", lasts_s=600))
    rig.platform.stop()
    with socket.create_server(rig.address):
        rig.clock.advance(1200)


def test_chaos_is_told_in_reports_and_on_the_terminal(rig: Rig) -> None:
    """A box in the sequence diagram and a line on the board for what befell the rules."""
    rule = rig.platform.chaos.add(LoseResponse(), device="tracker-1")
    rig.post(request())
    rig.wait(1)
    rig.platform.chaos.jump(by_s=1)
    rig.platform.chaos.remove(rule.id)
    board = Board(["tracker-1"], lambda: None)
    report = ScenarioReport("chaos.jsonl", tuple(rig.timeline.events()))
    for event in report.events:
        board.take(event)
    shown = [row.text for row in rows_of(report) if "chaos" in row.text]
    said = [one.outcome for one in board.look(5, 20).happenings if one.who == "chaos"]
    assert [text.partition(":")[0] for text in shown] == ["chaos added", "chaos removed"]
    assert {text.partition(":")[0] for text in said} >= {"added", "removed"}
