"""The family 3gpp: the ways to an ICCID, whoever made the modem."""

from __future__ import annotations

import pytest

from harness.modem import open_modem
from harness.modem.errors import BadAnswer, CmeError
from tests.line.peer import Answer, Peer

OK = b"\r\nOK\r\n"
ICCID = "8931041010654378930"
FILE = b"AT+CRSM=176,12258,0,0,10"
WAYS: list[dict[bytes, Answer]] = [
    {b"AT+CCID": b"\r\n8931041010654378930f\r\n" + OK},
    {b"AT+QCCID": b"\r\n+QCCID: 8931041010654378930F\r\n" + OK},
    {b"AT+CICCID": b"\r\n+ICCID: 8931041010654378930\r\n" + OK},
    {b"AT+ICCID": b'\r\n+ICCID: "8931041010654378930"\r\n' + OK},
    {b"AT#CCID": b"\r\n#CCID: 8931041010654378930\r\n" + OK},
    {b"AT%XICCID": b"\r\n%XICCID: 8931041010654378930F\r\n" + OK},
    {FILE: b"\r\n+CRSM: 106,130\r\n" + OK, b"AT+CCID": b"\r\n8931041010654378930\r\n" + OK},
]


def swapped(digits: str) -> str:
    return "".join(digits[at + 1] + digits[at] for at in range(0, len(digits), 2))


@pytest.mark.parametrize("script", WAYS)
def test_vendors_commands(script: dict[bytes, Answer]) -> None:
    """Whichever command the modem knows, the digits come out bare."""
    with Peer(script) as peer, open_modem("3gpp", peer.path) as modem:
        assert modem.iccid() == ICCID


def test_file_of_the_sim() -> None:
    """EF_ICCID has its digits in swapped pairs and F at the end."""
    answer = f'\r\n+CRSM: 144,0,"{swapped(ICCID + "F")}"\r\n'.encode() + OK
    with Peer({FILE: answer}) as peer, open_modem("3gpp", peer.path) as modem:
        assert modem.iccid() == ICCID
    assert peer.heard == [FILE]


def test_no_way_and_no_sim() -> None:
    """A modem that knows nothing of it, and one whose SIM is missing, are told apart."""
    with Peer({}) as peer, open_modem("3gpp", peer.path) as modem:
        with pytest.raises(BadAnswer, match="no way to the ICCID"):
            modem.iccid()
        peer.script[FILE] = b"\r\n+CME ERROR: 10\r\n"
        with pytest.raises(CmeError) as caught:
            modem.iccid()
    assert caught.value.code == 10
