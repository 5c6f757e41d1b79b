"""Packs on their way to a destination when the platform ended."""

from __future__ import annotations

from pathlib import Path

from harness.clock import Deadline
from tests.destination.bench import QUICK, destination, endpoint
from tests.persistence.test_file import running
from tests.platform.bench import Rig, request


def told(rig: Rig, *expected: str) -> None:
    """Wait until each delivery has been tried, and has got this far."""
    platform = rig.platform

    def here() -> list[str]:
        return [one.status for one in platform.deliveries if one.attempts]

    assert platform.wait(lambda: here() == list(expected), Deadline.after(60)), here()


def test_what_was_not_through_is_sent_again(tmp_path: Path) -> None:
    """Packs that were due go as soon as their destination is there again, the same bytes; what is
    through does not go again, nor does what came before there was a destination."""
    file = tmp_path / "platform.db"
    with endpoint([200, 500, 500]) as (end, address):
        with running(file, settings=QUICK) as rig:
            rig.post(request(b'[{"bn":"urn:dev:IMEI:356726104408422:"},{"n":"early","v":1}]'))
            rig.platform.add_destination(destination(address))
            expected: list[str] = []
            for status in ("delivered", "pending", "pending"):
                rig.post(request())
                expected.append(status)
                told(rig, *expected)
        sent = [got.body for got in end.received]
    with endpoint([200]) as (end, address):
        with running(file, settings=QUICK) as rig:
            rig.platform.add_destination(destination(address, name="another"))
            assert rig.platform.deliveries == ()
            rig.platform.add_destination(destination(address))
            told(rig, "delivered", "delivered")
            assert [one.exchange for one in rig.platform.deliveries] == [3, 4]
            assert [got.body for got in end.received] == sent[1:]
        with running(file, settings=QUICK) as rig:
            rig.platform.add_destination(destination(address))
            assert rig.platform.deliveries == ()


def test_a_destination_that_was_removed_is_owed_nothing(tmp_path: Path) -> None:
    """One of the same name that comes later starts afresh."""
    file = tmp_path / "platform.db"
    with endpoint([500]) as (_, address):
        with running(file, settings=QUICK) as rig:
            rig.platform.add_destination(destination(address))
            rig.post(request())
            told(rig, "pending")
            rig.platform.remove_destination("webhook")
        with running(file, settings=QUICK) as rig:
            rig.platform.add_destination(destination(address))
            assert rig.platform.deliveries == ()
