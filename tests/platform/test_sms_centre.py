"""The SMS centre on a virtual clock, and once on a real one that is stepped."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from harness.backoff import KPN, WINDOWS_RUN_OUT, BackoffSettings, attempts
from harness.clock import RealClock, VirtualClock
from harness.evidence import Timeline
from harness.platform.registry import SIM_TYPES, Registration, SimType
from harness.platform.sms import GatewayRouter, ShortMessage, SmsCentre, SmsRefused, SmsSettings

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = 3600


def device(name: str = "tracker-1", sim: SimType = "plus") -> Registration:
    return Registration(
        name, imei="356726104408422", secret="x" * 30, iccid="8931041010654378930",
        msisdn=f"+3197012345{len(name):03}", sim=sim,
    )  # fmt: skip


class Phone:
    """A gateway that answers as told and keeps what it was given."""

    def __init__(self, reachable: Callable[[], bool]) -> None:
        self.reachable = reachable
        self.got: list[ShortMessage] = []

    def deliver(self, message: ShortMessage) -> bool:
        if not self.reachable():
            return False
        self.got.append(message)
        return True


@pytest.mark.parametrize("settings", [KPN, WINDOWS_RUN_OUT], ids=lambda s: s.reading)
def test_an_unreachable_device_is_tried_at_every_moment_and_then_given_up(
    settings: BackoffSettings,
) -> None:
    """SMS-RETRY-1 to -4, SMS-DISCARD, SMS-FAILED: every attempt at its moment, then FAILED."""
    clock = VirtualClock(START)
    timeline = Timeline(None, clock)
    centre = SmsCentre(clock, timeline, settings=SmsSettings(backoff=settings))
    sms = centre.submit(device(), "reboot")
    end_s = 48 * HOUR if settings is KPN else 49 * HOUR + 300
    clock.advance(end_s - 0.001)
    assert (sms.status, sms.open) == ("PENDING", True)
    clock.advance(0.001)
    assert (sms.status, sms.open) == ("FAILED", False)
    assert tuple(attempt.elapsed_s for attempt in sms.attempts) == attempts(settings)
    assert {attempt.outcome for attempt in sms.attempts} == {"unreachable"}
    moments = [event.at for event in timeline.events("sms.attempt")]
    assert moments[:2] == ["2026-03-01T00:00:00.000Z", "2026-03-01T00:01:00.000Z"]
    reason = f"discarded after {end_s / HOUR:g} h and {len(attempts(settings))} attempts"
    steps = [
        (event.data["from"], event.data["status"], event.data["reason"])
        for event in timeline.events("sms.status")
    ]
    assert steps == [(None, "PENDING", "submitted"), ("PENDING", "FAILED", reason)]
    assert [(step.before, step.after, step.reason) for step in sms.history] == steps
    clock.advance(100 * HOUR)
    assert len(sms.attempts) == len(attempts(settings))


@pytest.mark.parametrize("back_s", [0, 30, 60, 301, 3901, 13 * HOUR, 45 * HOUR + 300])
def test_a_device_that_comes_back_gets_it_at_the_next_attempt(back_s: int) -> None:
    """In each phase: delivered at the first attempt from then on, and none after it."""
    clock = VirtualClock(START)
    phone = Phone(lambda: clock.now() >= START + timedelta(seconds=back_s))
    sms = SmsCentre(clock, None, phone).submit(device(), "hi")
    clock.advance(60 * HOUR)
    expected = next(at for at in attempts() if at >= back_s)
    assert (sms.status, sms.attempts[-1].elapsed_s) == ("DELIVERED", expected)
    assert [(m.sender, m.text, m.submitted) for m in phone.got] == [("5277", "hi", START)]


def test_a_device_that_comes_back_after_the_last_attempt_gets_nothing() -> None:
    """Between 45 h 05 and 48 h there is no attempt."""
    clock = VirtualClock(START)
    phone = Phone(lambda: clock.now() > START + timedelta(hours=45, minutes=5))
    sms = SmsCentre(clock, None, phone).submit(device(), "hi")
    clock.advance(48 * HOUR)
    assert (sms.status, phone.got) == ("FAILED", [])


@pytest.mark.parametrize("sim", SIM_TYPES)
def test_only_plus_class_sims_get_sms(sim: SimType) -> None:
    """SMS-PLUS: regular and Comarch SIMs are refused with the reason."""
    centre = SmsCentre(VirtualClock(START))
    if sim in ("regular", "comarch"):
        with pytest.raises(SmsRefused, match=f"sim: {sim}") as caught:
            centre.submit(device(sim=sim), "hi")
        assert (caught.value.reason, caught.value.requirement) == ("sim", "SMS-PLUS")
        assert centre.list() == ()
    else:
        assert centre.submit(device(sim=sim), "hi").status == "PENDING"


def test_an_unknown_iccid_or_number_is_refused() -> None:
    """SMS-PLUS: without ICCID no SMS; without number nowhere to send it."""
    centre = SmsCentre(VirtualClock(START))
    for known, reason in (({"msisdn": "+31970"}, "iccid"), ({"iccid": "8931"}, "msisdn")):
        with pytest.raises(SmsRefused) as caught:
            centre.submit(Registration("a", imei="1", sim="plus", **known), "hi")
        assert caught.value.reason == reason


def test_several_sms_keep_their_own_schedules() -> None:
    """Two devices and two SMS to one of them, submitted at different moments."""
    clock = VirtualClock(START)
    router = GatewayRouter()
    one, other = device("one"), device("other")
    phone = Phone(lambda: clock.now() >= START + timedelta(minutes=4))
    router.connect(str(one.msisdn), phone)
    centre = SmsCentre(clock, None, router)
    first = centre.submit(one, "1")
    clock.advance(90)
    second = centre.submit(one, "2")
    third = centre.submit(other, "3")
    clock.advance(60 * HOUR)
    assert [sms.status for sms in centre.list()] == ["DELIVERED", "DELIVERED", "FAILED"]
    assert [a.elapsed_s for a in first.attempts] == [0, 60, 120, 180, 240]
    assert [a.elapsed_s for a in second.attempts] == [0, 60, 120, 180]
    assert len(third.attempts) == 32
    assert [message.text for message in phone.got] == ["1", "2"]
    assert (centre.get(2), centre.get(0), centre.get(4)) == (second, None, None)


def test_a_gateway_that_raises_is_an_attempt_with_outcome_error() -> None:
    """The clock goes on, and the next attempt is made."""
    clock = VirtualClock(START)
    timeline = Timeline(None, clock)
    answers = iter([OSError("modem gone"), True])

    class Broken:
        def deliver(self, message: ShortMessage) -> bool:
            answer = next(answers)
            if isinstance(answer, OSError):
                raise answer
            return answer

    sms = SmsCentre(clock, timeline, Broken()).submit(device(), "hi")
    clock.advance(120)
    assert [attempt.outcome for attempt in sms.attempts] == ["error", "delivered"]
    assert timeline.events("sms.attempt")[0].data["detail"] == "OSError: modem gone"


def test_a_closed_centre_makes_no_further_attempts() -> None:
    """After close the clock may move on without anybody being tried."""
    clock = VirtualClock(START)
    centre = SmsCentre(clock)
    sms = centre.submit(device(), "hi")
    centre.close()
    clock.advance(60 * HOUR)
    assert len(sms.attempts) == 1


def test_a_stepped_real_clock_makes_each_attempt() -> None:
    """On real hardware two days are stepped through: 32 attempts and the discard."""
    clock = RealClock(START)
    try:
        sms = SmsCentre(clock).submit(device(), "hi")
        for _ in range(49):
            clock.advance(HOUR)
        assert (sms.status, len(sms.attempts)) == ("FAILED", 32)
    finally:
        clock.close()


def test_the_control_api_form_is_complete() -> None:
    """JSON-ready, with status and attempts."""
    shown = SmsCentre(VirtualClock(START)).submit(device(), "hi").as_dict()
    assert shown == {
        "id": 1,
        "device": "tracker-1",
        "msisdn": device().msisdn,
        "text": "hi",
        "submitted": "2026-03-01T00:00:00.000Z",
        "status": "PENDING",
        "attempts": [
            {"number": 1, "at": "2026-03-01T00:00:00.000Z", "elapsed_s": 0,
             "outcome": "unreachable", "detail": "no gateway"},
        ],
        "transitions": [
            {"at": "2026-03-01T00:00:00.000Z", "from": None, "to": "PENDING",
             "reason": "submitted"},
        ],
        "next": "2026-03-01T00:01:00.000Z",
    }  # fmt: skip


def test_what_the_documents_leave_open_is_listed_as_assumed() -> None:
    """Schedule reading, SIM types, names and content are named with their reasons."""
    assert [name for name, _, _ in SmsSettings().assumptions()] == [
        "SMS schedule", "SIM types with SMS", "SMS status names", "SMS content",
    ]  # fmt: skip


def test_an_sms_that_arrives_as_the_platform_stops_is_delivered() -> None:
    """It is not sent once more after a restart."""

    def closing() -> bool:
        centre.close()
        return True

    centre = SmsCentre(VirtualClock(START), gateway=Phone(closing))
    kept: list[tuple[str, int]] = []
    centre.changed = lambda sms: kept.append((sms.status, len(sms.log)))
    sms = centre.submit(device(), "reboot")
    assert (sms.status, sms.open) == ("DELIVERED", False)
    assert kept[-1] == ("DELIVERED", 1)
