"""SMS of every kind to and from every family."""

from __future__ import annotations

import pytest

from harness.clock import Deadline
from harness.modem import FAMILIES
from harness.modem.values import Sms
from tests.conformance.conftest import ALL, NOON, Bench, Make

TEXTS = {
    "gsm7": "kpnthings,reboot {1} @£$ €",
    "ucs2": "Grüße – 東京 ☔",
    "long": "0123456789" * 20,
    "long-ucs2": "東京" * 50,
}
STORED = [name for name in ALL if "stored" in FAMILIES[name].abilities.sms]
TEXT_MODE = [name for name in STORED if "text" in FAMILIES[name].abilities.sms]


def registered(one: Bench) -> Bench:
    one.ready()
    one.modem.wait_registered(timeout_s=20, poll_s=0.05)
    return one


def arrived(one: Bench, length: int) -> list[Sms]:
    """The messages that came, once their texts are so long together."""
    found: list[Sms] = []
    deadline = Deadline.after(60)
    while sum(len(message.text) for message in found) < length:
        assert not deadline.expired, found
        one.modem.channel.pump(timeout_s=0.02)
        found += one.modem.new_sms()
    return found


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("kind", TEXTS)
def test_an_sms_arrives(bench: Make, family: str, kind: str) -> None:
    """It is announced, read, put together from its parts, and gone from the modem."""
    one = registered(bench(family))
    assert one.virtual.deliver_sms("5277", TEXTS[kind], NOON)
    found = arrived(one, len(TEXTS[kind]))
    assert {message.sender for message in found} == {"5277"}
    assert "".join(message.text for message in found) == TEXTS[kind]
    parts = [message.part for message in found if message.part is not None]
    assert len(parts) == (len(found) if kind.startswith("long") else 0)
    assert one.modem.take_all_sms() == []
    assert one.virtual.unknown_commands == ()


@pytest.mark.parametrize("family", STORED)
def test_an_sms_that_came_while_nobody_listened(bench: Make, family: str) -> None:
    """What was stored before the host came is found."""
    one = bench(family)
    one.modem.wait_ready(timeout_s=20)
    one.modem.wait_registered(timeout_s=20, poll_s=0.05)
    assert one.virtual.deliver_sms("5277", "early", NOON)
    assert [message.text for message in one.modem.take_all_sms()] == ["early"]


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("kind", TEXTS)
def test_an_sms_is_sent(bench: Make, family: str, kind: str) -> None:
    """In as many parts as needed, each with a reference; the text arrives whole."""
    one = registered(bench(family))
    references = one.modem.send_sms("+31612345678", TEXTS[kind])
    sent = one.virtual.sent_sms
    assert len(references) == len(sent) == (2 if kind.startswith("long") else 1)
    assert {message.recipient for message in sent} == {"+31612345678"}
    assert "".join(message.text for message in sent) == TEXTS[kind]


@pytest.mark.parametrize("family", TEXT_MODE)
def test_text_mode(bench: Make, family: str) -> None:
    """Stored messages can be read in text mode too."""
    one = registered(bench(family))
    assert one.virtual.deliver_sms("5277", "hello", NOON)
    [message] = one.modem.list_sms_text()
    assert (message.sender, message.text) == ("5277", "hello")


@pytest.mark.parametrize("family", STORED)
def test_a_full_store(bench: Make, family: str) -> None:
    """A message that finds no place is not taken, and is once there is one."""
    one = registered(bench(family))
    while one.virtual.deliver_sms("5277", "x", NOON):
        assert len(one.modem.channel.urcs) < 400
    assert arrived(one, 1)
    assert one.virtual.deliver_sms("5277", "again", NOON)
