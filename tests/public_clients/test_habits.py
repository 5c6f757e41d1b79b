"""The shapes that public clients send: taken, or taken and flagged, over real sockets."""

from __future__ import annotations

import pytest

from harness.platform.registry import Registration
from tests.platform.bench import SECRET, Rig, read_answer, request
from tests.public_clients.habits import (
    BAD_LUHN,
    FLAGGED,
    SHORT_IMEI,
    TAKEN,
    WEAK_IMEI,
    WEAK_SECRET,
    WHOLE,
    Habit,
)


def register_odd_devices(rig: Rig) -> None:
    """Devices whose own data are what is to be flagged."""
    for name, imei, secret in (
        ("bad-luhn", BAD_LUHN, SECRET),
        ("short-imei", SHORT_IMEI, SECRET),
        ("weak", WEAK_IMEI, WEAK_SECRET),
    ):
        rig.platform.registry.add(Registration(name, imei=imei, secret=secret))


@pytest.mark.parametrize("habit", [*TAKEN, *FLAGGED, *WHOLE], ids=lambda habit: habit.name)
def test_each_habit_is_answered_and_named(rig: Rig, habit: Habit) -> None:
    """The answer fits the outcome, and the findings are the habit's and no others."""
    register_odd_devices(rig)
    answer = rig.post(habit.raw)
    rig.wait(1)
    uplink = rig.platform.uplinks[0]
    said = {(finding.requirement, finding.severity) for finding in uplink.findings}
    assert (uplink.outcome.value, said) == (habit.outcome, habit.findings)
    assert answer.startswith(b"HTTP/1.1 2") == (habit.outcome == "accepted")


def test_a_request_in_many_segments(rig: Rig) -> None:
    """One byte at a time: the same verdict as in one piece."""
    with rig.connect() as sock:
        for byte in request():
            sock.sendall(bytes((byte,)))
        assert read_answer(sock).startswith(b"HTTP/1.1 202 ")
    rig.wait(1)
    assert rig.platform.uplinks[0].findings == ()


def test_a_client_that_closes_its_side_at_once(rig: Rig) -> None:
    """Half-closed after the last byte: it still gets its answer."""
    with rig.connect() as sock:
        sock.sendall(request())
        sock.shutdown(1)
        assert read_answer(sock).startswith(b"HTTP/1.1 202 ")
