"""Sending SMS: the bytes of PDU and text mode that go to a modem (27.005 §3.5.1, §4.3)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.at.sms_pdu import PduError, decode_submit
from harness.errors import UsageError
from harness.modem import FAMILIES, Modem, open_modem
from harness.modem.errors import CannotDo, CmsError
from tests.line.peer import Peer

OK, PROMPT = b"\r\nOK\r\n", b"\r\n> "
NUMBER = "+31612345678"
#: SMS-SUBMIT, one day, to the number (23.040 §9.2.2.2); first octet, DCS and user data differ.
HEAD = "{}000B911316325476F800{}A7"


class Taker(Peer):
    """Prompts after any +CMGS and takes what ends in Ctrl-Z; references count up from 7."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(
            (b"AT+CMGF=0", b"AT+CMGF=1", b'AT+CSCS="IRA"', b"AT+CSMP=17,167,0,0"), OK
        ))  # fmt: skip
        self.taken: list[bytes] = []
        self.refusal = b""

    def _answer(self, buffer: bytes) -> bytes:
        if buffer.startswith(b"AT+CMGS=") and buffer.endswith(b"\r"):
            self.heard.append(buffer[:-1])
            self.say(PROMPT)
            return b""
        if buffer.endswith(b"\x1a"):
            self.taken.append(buffer[:-1])
            told = b"\r\n+CMGS: %d\r\n" % (6 + len(self.taken))
            self.say(self.refusal or told + OK)
            return b""
        return super()._answer(buffer)


@pytest.fixture
def peer() -> Iterator[Taker]:
    with Taker() as peer:
        yield peer


@pytest.fixture
def modem(peer: Taker) -> Iterator[Modem]:
    with open_modem("3gpp", peer.path) as modem:
        yield modem


@pytest.mark.parametrize(
    ("text", "first", "dcs", "data"),
    [
        ("hellohello", "11", "00", "0AE8329BFD4697D9EC37"),
        ("{@", "11", "00", "031B1400"),
        ("é東", "11", "08", "0400E96771"),
        ("", "11", "00", "00"),
    ],
)
def test_one_part(modem: Modem, peer: Taker, text: str, first: str, dcs: str, data: str) -> None:
    """GSM 7 bit where it can, else UCS-2; the length counts the TPDU without the service centre."""
    tpdu = HEAD.format(first, dcs) + data
    assert modem.send_sms(NUMBER, text) == [7]
    assert peer.taken == [f"00{tpdu}".encode()]
    assert peer.heard == [b"AT+CMGF=0", b"AT+CMGS=%d" % (len(tpdu) // 2)]


@pytest.mark.parametrize(
    ("text", "lengths"),
    [("x" * 160, [160]), ("x" * 161, [153, 8]), ("{" * 81, [76, 5]),
     ("東" * 70, [70]), ("東" * 71, [67, 4]), ("x" * 307, [153, 153, 1])],
)  # fmt: skip
def test_parts(modem: Modem, peer: Taker, text: str, lengths: list[int]) -> None:
    """Where one SMS is full the next begins, no character cut in two, numbered, each referenced."""
    assert modem.send_sms(NUMBER, text) == [7 + at for at in range(len(lengths))]
    parts = [decode_submit(bytes.fromhex(pdu.decode())[1:]) for pdu in peer.taken]
    assert [len(part.text) for part in parts] == lengths
    assert "".join(part.text for part in parts) == text
    numbers = [(part.part.total, part.part.part) for part in parts if part.part]
    whole = len(lengths)
    assert numbers == ([(whole, n) for n in range(1, whole + 1)] if whole > 1 else [])


def test_two_long_messages_are_told_apart(modem: Modem, peer: Taker) -> None:
    """Each has a concatenation reference of its own, the same in all its parts."""
    for _ in range(2):
        modem.send_sms(NUMBER, "x" * 161)
    parts = [decode_submit(bytes.fromhex(pdu.decode())[1:]).part for pdu in peer.taken]
    first, second, third, fourth = (part.reference for part in parts if part)
    assert first == second != third == fourth


def test_refused(modem: Modem, peer: Taker) -> None:
    """The number of +CMS ERROR is in the error; what comes after a refused part is not sent."""
    peer.refusal = b"\r\n+CMS ERROR: 38\r\n"
    with pytest.raises(CmsError) as caught:
        modem.send_sms(NUMBER, "x" * 161)
    assert caught.value.code == 38
    assert len(peer.taken) == 1


def test_text_mode(modem: Modem, peer: Taker) -> None:
    """As typed, with the character set and the coding stated first."""
    assert modem.send_sms_text(NUMBER, 'say "hoi" @ {1}') == 7
    assert peer.taken == [b'say "hoi" @ {1}']
    assert peer.heard == [
        b"AT+CMGF=1", b'AT+CSCS="IRA"', b"AT+CSMP=17,167,0,0", b'AT+CMGS="+31612345678"',
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["é", "two\nlines", "a\x1ab", "`", "x" * 161, "{" * 81])
def test_what_text_mode_cannot_say(modem: Modem, peer: Taker, text: str) -> None:
    """Refused before anything is sent, with the way that can."""
    with pytest.raises(UsageError, match="send_sms"):
        modem.send_sms_text(NUMBER, text)
    assert peer.heard == []


def test_a_recipient_that_cannot_be(modem: Modem, peer: Taker) -> None:
    """Refused before anything is sent, in both modes."""
    for send in (modem.send_sms, modem.send_sms_text):
        with pytest.raises(PduError):
            send("+" + "1" * 21, "hoi")
    assert peer.heard == []


@pytest.mark.parametrize(
    "family", [name for name, made in FAMILIES.items() if "text" not in made.abilities.sms]
)
def test_families_without_text_mode(family: str) -> None:
    """They say so, and name the way that is there."""
    with (
        open_modem(family, "loop://") as modem,
        pytest.raises(CannotDo, match="no SMS text mode; use send_sms"),
    ):
        modem.send_sms_text(NUMBER, "hoi")
