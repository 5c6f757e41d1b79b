"""What SIMCom modules say on the wire about one TCP connection, family by family.

As the manuals print it; the sources are with the drivers.
"""

from __future__ import annotations

from dataclasses import dataclass

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"
HOST, PORT = "10.151.236.157", 80


def line(*texts: bytes) -> bytes:
    return b"".join(b"\r\n" + text + b"\r\n" for text in texts)


@dataclass(frozen=True, slots=True)
class Wire:
    """Commands and answers of one family; ``failed`` is the open that reports ``code``."""

    family: str
    setup: dict[bytes, bytes]
    open: bytes
    opened: bytes
    failed: bytes
    code: int
    send: bytes  # of four bytes
    prompt: bytes
    sent: bytes
    unsent: tuple[bytes, ...]  # instead of ``sent``
    refused: bytes  # instead of ``prompt``
    read: bytes
    empty: bytes
    arrival: bytes
    closed: bytes
    close: bytes
    did_close: bytes

    def data(self, data: bytes) -> bytes:
        """The answer of ``read`` that holds ``data``."""
        if self.family == "simcom-7080":
            return b"\r\n+CARECV: %d,%s\r\n" % (len(data), data) + OK
        return b"\r\n+CIPRXGET: 2,0,%d,0\r\n%s\r\n" % (len(data), data) + OK


def _net(family: str) -> Wire:
    return Wire(
        family, {b"AT+CIPRXGET=1": OK},
        open=b'AT+CIPOPEN=0,"TCP","10.151.236.157",80', opened=OK + line(b"+CIPOPEN: 0,0"),
        failed=OK + line(b"+CIPOPEN: 0,10"), code=10,
        send=b"AT+CIPSEND=0,4", prompt=b"\r\n>", sent=OK + line(b"+CIPSEND: 0,4,4"),
        unsent=(OK + line(b"+CIPSEND: 0,4,-1"), OK + line(b"+CIPSEND: 0,4,2"), ERROR),
        refused=line(b"+CIPERROR: 4", b"ERROR"),
        read=b"AT+CIPRXGET=2,0,1500", empty=line(b"+IP ERROR: No data", b"ERROR"),
        arrival=line(b"+CIPRXGET: 1,0"), closed=line(b"+IPCLOSE: 0,1"),
        close=b"AT+CIPCLOSE=0", did_close=OK + line(b"+CIPCLOSE: 0,0"),
    )  # fmt: skip


def _cip(family: str) -> Wire:
    return Wire(
        family, {},
        open=b'AT+CIPSTART=0,"TCP","10.151.236.157",80', opened=OK + line(b"0, CONNECT OK"),
        failed=OK + line(b"0, CONNECT FAIL"), code=-1,
        send=b"AT+CIPSEND=0,4", prompt=b"\r\n> ", sent=line(b"0, SEND OK"),
        unsent=(line(b"0, SEND FAIL"), ERROR, line(b"+CME ERROR: 3")),
        refused=line(b"+CME ERROR: 3"),
        read=b"AT+CIPRXGET=2,0,1460", empty=line(b"+CIPRXGET: 2,0,0,0") + OK,
        arrival=line(b"+CIPRXGET: 1,0"), closed=line(b"0, CLOSED"),
        close=b"AT+CIPCLOSE=0", did_close=line(b"0, CLOSE OK"),
    )  # fmt: skip


_CA = Wire(
    "simcom-7080", {},
    open=b'AT+CAOPEN=0,0,"TCP","10.151.236.157",80', opened=line(b"+CAOPEN: 0,0") + OK,
    failed=line(b"+CAOPEN: 0,27") + OK, code=27,
    send=b"AT+CASEND=0,4", prompt=b"\r\n>", sent=OK,
    unsent=(ERROR, line(b"+CME ERROR: 3")), refused=line(b"+CME ERROR: 3"),
    read=b"AT+CARECV=0,1460", empty=line(b"+CARECV: 0") + OK,
    arrival=line(b"+CADATAIND: 0"), closed=line(b"+CASTATE: 0,0"),
    close=b"AT+CACLOSE=0", did_close=OK,
)  # fmt: skip

WIRES = (
    _net("simcom-7600"), _net("simcom-a76"), _CA, _cip("simcom-800"), _cip("simcom-7000"),
)  # fmt: skip
