"""Devices that come, go and get another secret while the platform runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from harness.errors import UsageError
from harness.platform.facade import UnknownDevice
from harness.platform.registry import DeviceTaken, Registration
from harness.token import compute
from harness.urn import luhn_digit
from tests.platform.bench import BODY, SECRET, Rig, read_answer, request, running

NEW = "Another0Secret1Of2Letters3And4Digits"
NEWCOMER = Registration("tracker-2", imei="867530912345673", secret=NEW)


@pytest.fixture
def rig() -> Iterator[Rig]:
    with running() as made:
        made.timeline.redactor.add("secret of tracker-1", SECRET)
        yield made


def signed(secret: str, body: bytes = BODY) -> bytes:
    return request(body, token=compute(body, secret))


@pytest.mark.parametrize("plain", [True, False], ids=["documented", "with remarks"])
def test_a_changed_secret_takes_effect_at_once(rig: Rig, plain: bool) -> None:
    """On one connection that stays open: the old token is refused, the new one accepted, and the
    explanation names the secret that the device still has. Both ways of judging agree."""
    body = BODY if plain else BODY.replace(b',"v"', b', "v"')
    with rig.connect() as sock:
        for secret, status in ((SECRET, b"202"), (NEW, b"401")):
            sock.sendall(signed(secret, body))
            assert read_answer(sock).split(b" ")[1] == status
        rig.platform.change_secret("tracker-1", NEW)
        for secret, status in ((SECRET, b"401"), (NEW, b"202"), (NEW, b"202")):
            sock.sendall(signed(secret, body))
            assert read_answer(sock).split(b" ")[1] == status
    refused = rig.platform.uplinks[2].as_dict()
    assert "the secret of tracker-1 before it was changed" in json.dumps(refused["token"])


def test_no_secret_that_was_ever_there_is_shown(rig: Rig) -> None:
    """Old and new secret are on the redaction list before anything can mention them."""
    rig.platform.change_secret("tracker-1", NEW)
    for secret in (SECRET, NEW):
        body = BODY.replace(b"temperature", secret.encode())
        rig.post(signed(NEW, body))
    shown = "".join(json.dumps(dict(event.data)) for event in rig.timeline.events())
    assert "device.secret-changed" in {event.kind for event in rig.timeline.events()}
    assert "secret of tracker-1" in shown
    assert SECRET not in shown
    assert NEW not in shown


def test_a_device_without_secret_needs_no_token_any_more(rig: Rig) -> None:
    """TOKEN-OPTIONAL, from one request to the next."""
    rig.platform.change_secret("tracker-1", None)
    assert rig.post(request(token="0" * 64)).startswith(b"HTTP/1.1 202 ")


def test_a_wrong_secret_changes_nothing(rig: Rig) -> None:
    """The refusal explains the rule; the old secret stays in force."""
    with pytest.raises(UsageError, match="one secret never serves both"):
        rig.platform.change_secret("tracker-1", SECRET + "#")
    with pytest.raises(UnknownDevice):
        rig.platform.change_secret("nobody", NEW)
    assert rig.post(request()).startswith(b"HTTP/1.1 202 ")


def test_a_device_comes_and_goes(rig: Rig) -> None:
    """Unknown, known, unknown again, on one connection; the timeline says when."""
    body = BODY.replace(b"356726104408422", b"867530912345673")
    with rig.connect() as sock:
        for change, status in (
            (lambda: None, b"404"),
            (lambda: rig.platform.register(NEWCOMER), b"202"),
            (lambda: rig.platform.remove("tracker-2"), b"404"),
            (lambda: rig.platform.register(NEWCOMER), b"202"),
        ):
            change()
            sock.sendall(signed(NEW, body))
            assert read_answer(sock).split(b" ")[1] == status
    kinds = [event.kind for event in rig.timeline.events() if event.kind.startswith("device.")]
    assert kinds == ["device.registered", "device.removed", "device.registered"]


def test_what_cannot_be_registered_is_refused(rig: Rig) -> None:
    """A wrong field, a twin; nothing of it is known afterwards."""
    with pytest.raises(UsageError, match="should be 3, not 4"):
        rig.platform.register(Registration("tracker-2", imei="867530912345674"))
    with pytest.raises(DeviceTaken, match="tracker-1"):
        rig.platform.register(Registration("tracker-2", imei="356726104408422"))
    assert rig.platform.registry.by_name("tracker-2") is None


def test_the_downlinks_of_a_removed_device_fail(rig: Rig) -> None:
    """With the reason; one that had ended stays as it ended."""
    records = [{"n": "a", "v": 1}]
    rig.platform.queue_downlink("tracker-1", records)
    rig.post(request())
    rig.wait(1)
    rig.platform.queue_downlink("tracker-1", records)
    rig.platform.remove("tracker-1")
    assert [downlink.status.value for downlink in rig.platform.downlinks()] == [
        "Succeeded",
        "Failed",
    ]
    assert rig.platform.downlinks()[1].history[-1].reason == "the device was removed"
    with pytest.raises(UnknownDevice):
        rig.platform.queue_downlink("tracker-1", records)


def test_others_are_served_while_devices_come_and_go(rig: Rig) -> None:
    """Hundreds registered, re-keyed and removed in one thread: nobody else notices."""
    wrong: list[BaseException] = []

    def change() -> None:
        try:
            for number in range(300):
                name = f"fleet-{number}"
                digits = f"86753091{number:06d}"
                device = Registration(name, imei=digits + str(luhn_digit(digits)), secret=SECRET)
                rig.platform.register(device)
                rig.platform.change_secret(name, f"{SECRET}{number}")
                assert sum(1 for _ in rig.platform.registry) >= 4
                if number % 2:
                    rig.platform.remove(name)
        except BaseException as error:  # handed to the test, which is in another thread
            wrong.append(error)

    changing = threading.Thread(target=change)
    changing.start()
    with rig.connect() as sock:
        answers = 0
        while changing.is_alive() or answers < 50:
            sock.sendall(request())
            assert read_answer(sock).startswith(b"HTTP/1.1 202 ")
            answers += 1
    changing.join(30)
    assert wrong == []
    assert len(rig.platform.registry) == 3 + 150
