"""The quectel-ec driver against answers as the EC2x&EG9x manuals print them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from harness.clock import RealClock
from harness.evidence import Timeline
from harness.modem import HttpOrder, open_modem
from harness.modem.errors import CannotDo
from tests.line.peer import Answer, Peer

OK = b"\r\nOK\r\n"
CLOCK = b'\r\n+CCLK: "26/03/01,13:00:00+04"\r\n' + OK


@pytest.mark.parametrize(
    ("mode", "moment"),
    [
        (b"\r\n+CTZU: 1\r\n" + OK, datetime(2026, 3, 1, 13, tzinfo=UTC)),
        (b"\r\n+CTZU: 3\r\n" + OK, datetime(2026, 3, 1, 13, tzinfo=timezone(timedelta(hours=1)))),
        (b"\r\nERROR\r\n", datetime(2026, 3, 1, 13, tzinfo=UTC)),
    ],
)
def test_clock_follows_the_time_update_mode(mode: bytes, moment: datetime) -> None:
    """UTC with the zone as a remark, local time with AT+CTZU=3."""
    script: dict[bytes, Answer] = {b"AT+CTZU?": mode, b"AT+CCLK?": CLOCK}
    with Peer(script) as peer, open_modem("quectel-ec", peer.path) as modem:
        assert modem.clock() == moment


def test_boot_and_identity() -> None:
    """RDY ends the boot; IMEI bare, ICCID with its prefix and without the filler."""
    script: dict[bytes, Answer] = {
        b"ATE0": OK, b"AT+CMEE=1": OK, b"AT+CGMI": b"\r\nQuectel\r\n" + OK,
        b"AT+CGMM": b"\r\nEC25\r\n" + OK, b"AT+CGMR": b"\r\nEC25EFAR06A06M4G\r\n" + OK,
        b"AT+CGSN": b"\r\n861107030000001\r\n" + OK,
        b"AT+QCCID": b"\r\n+QCCID: 8931041010654378930F\r\n" + OK,
        b"AT+CIMI": b"\r\n204080000000001\r\n" + OK,
    }  # fmt: skip
    with Peer(script) as peer, open_modem("quectel-ec", peer.path) as modem:
        peer.say(b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n")
        modem.wait_booted(timeout_s=5)
        identity = modem.identify()
    assert (identity.model, identity.imei) == ("EC25", "861107030000001")
    assert identity.iccid == "8931041010654378930"


@pytest.mark.parametrize(
    ("port", "asked"),
    [(b"usbat", [b'AT+QURCCFG="urcport"', b'AT+QURCCFG="urcport","all"']),
     (b"all", [b'AT+QURCCFG="urcport"'])],
)  # fmt: skip
def test_codes_come_out_of_every_port(port: bytes, asked: list[bytes]) -> None:
    """The factory's USB port is changed, as a UART would hear nothing; once, since it is kept."""
    script: dict[bytes, Answer] = {
        b"ATE0": OK, b"AT+CMEE=1": OK, b'AT+QURCCFG="urcport","all"': OK,
        b'AT+QURCCFG="urcport"': b'\r\n+QURCCFG: "urcport","' + port + b'"\r\n' + OK,
    }  # fmt: skip
    with Peer(script) as peer, open_modem("quectel-ec", peer.path) as modem:
        peer.say(b"\r\nRDY\r\n")
        modem.wait_booted(timeout_s=5)
    assert peer.heard[2:] == asked


@pytest.mark.parametrize("answer", [b"\r\n+CME ERROR: 58\r\n", OK])
def test_codes_stay_at_their_port(answer: bytes) -> None:
    """Firmware that does not know the setting is used as it is, and the evidence says so."""
    timeline = Timeline(None, RealClock(datetime(2026, 3, 1, tzinfo=UTC)))
    script: dict[bytes, Answer] = {
        b"ATE0": OK, b"AT+CMEE=1": OK, b'AT+QURCCFG="urcport"': answer,
    }  # fmt: skip
    with (
        Peer(script) as peer,
        open_modem("quectel-ec", peer.path, recorder=timeline) as modem,
    ):
        peer.say(b"\r\nRDY\r\n")
        modem.wait_booted(timeout_s=5)
    assert any("urcport" in str(note.data["text"]) for note in timeline.events("note"))


def test_limits_of_the_http_client() -> None:
    """A body of a megabyte is taken, one byte more is not."""
    with open_modem("quectel-ec", "loop://") as modem:
        order = HttpOrder("10.151.236.157", 80, "/", (), b"x" * 1_024_001)
        with pytest.raises(CannotDo, match="1024000"):
            modem.http_post(order)
