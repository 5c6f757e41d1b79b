"""The quectel-bg driver against a scripted modem on a PTY."""

from __future__ import annotations

import os
import threading
import tty

import pytest

from harness.modem import open_modem
from harness.modem.errors import CmeError

RESPONSE = b"HTTP/1.1 202 \r\nContent-Length: 4\r\n\r\nOK\r\n"
SCRIPT = {
    b'AT+QIOPEN=1,0,"TCP","10.151.236.157",80,0,0\r': b"\r\nOK\r\n\r\n+QIOPEN: 0,0\r\n",
    b"AT+QISEND=0,4\r": b"\r\n> ",
    b"POST": b'\r\nSEND OK\r\n\r\n+QIURC: "recv",0\r\n',
    b"AT+QIRD=0,1500\r": b"\r\n+QIRD: %d\r\n%s\r\n\r\nOK\r\n" % (len(RESPONSE), RESPONSE),
    b"AT+QICLOSE=0\r": b"\r\nOK\r\n",
    b"AT+CSQ\r": b"\r\n+CSQ: 18,99\r\n\r\nOK\r\n",
    b"AT+CIMI\r": b"\r\n+CME ERROR: 10\r\n",
}


def respond(master: int) -> None:
    buffer = b""
    while True:
        try:
            buffer += os.read(master, 4096)
        except OSError:
            return
        if buffer in SCRIPT:
            os.write(master, SCRIPT[buffer])
            buffer = b""


def test_post_signal_and_typed_error() -> None:
    """A raw POST returns the response by count, and a CME error keeps its number."""
    master, slave = os.openpty()
    tty.setraw(slave)
    threading.Thread(target=respond, args=(master,), daemon=True).start()
    with open_modem("quectel-bg", os.ttyname(slave)) as modem:
        assert modem.post_raw("10.151.236.157", 80, b"POST", response_timeout_s=5) == RESPONSE
        assert modem.signal().rssi_dbm == -77
        with pytest.raises(CmeError) as caught:
            modem.line("AT+CIMI")
        assert caught.value.code == 10
