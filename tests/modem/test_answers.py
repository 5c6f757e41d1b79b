"""What a driver takes for the answer, when other lines stand around it."""

from __future__ import annotations

import pytest

from harness.modem import open_modem
from tests.line.peer import Answer, Peer

OK = b"\r\nOK\r\n"
CODE = b'\r\n+XQIND: "csq",31,99\r\n'
NOISE = b"\x00\xff~\r\n"
BARE, OWN, OTHER = b"\r\nR410M\r\n", b"\r\n+CGMM: R410M\r\n", b"\r\n+MODEL: R410M\r\n"


@pytest.mark.parametrize(
    "lines",
    [CODE + BARE, CODE + OWN, NOISE + BARE, NOISE + OWN, NOISE + OTHER, BARE + CODE, OWN + NOISE],
)
def test_a_line_that_is_not_of_the_command(lines: bytes) -> None:
    """A stranger's code or noise beside the information does not become the information."""
    script: dict[bytes, Answer] = {b"AT+CGMM": lines + OK}
    with Peer(script) as peer, open_modem("3gpp", peer.path) as modem:
        assert modem.line("AT+CGMM") == "R410M"
