"""The channel on real PTYs, sockets and processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import tty

import pytest

from harness.at.dialect import Dialect, UrcKind
from harness.line import AtChannel, AtTimeout, PortBusy, PortGone

DIALECT = Dialect((UrcKind("+CMTI:"),))


class Peer:
    """A PTY whose master answers line by line from a script; None closes it."""

    def __init__(self, script: dict[bytes, bytes | None]) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.script = script
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        buffer = b""
        while True:
            try:
                buffer += os.read(self.master, 4096)
            except OSError:
                return
            while b"\r" in buffer:
                line, _, buffer = buffer.partition(b"\r")
                answer = self.script.get(line, b"\r\nERROR\r\n")
                if answer is None:
                    os.close(self.slave)
                    os.close(self.master)
                    return
                os.write(self.master, answer)


@pytest.fixture
def peer() -> Peer:
    return Peer({
        b"AT": b"\r\nOK\r\n", b"AT+E": b"AT+E\r\r\n\xff\x00\r\n+CMTI: 1\r\n\r\nOK\r\n",
        b"AT+SLOW": b"", b"AT+LATE": b"\r\nLATE\r\n\r\nOK\r\n\r\nOK\r\n", b"AT+GONE": None,
    })  # fmt: skip


def test_echo_garbage_and_urc(peer: Peer) -> None:
    """The echo is dropped once, garbage is kept, and the URC is queued."""
    with AtChannel(peer.path, DIALECT) as channel:
        response = channel.execute("AT+E")
        assert (response.ok, response.lines) == (True, ("\xff\x00",))
        assert channel.wait_for("+CMTI:", timeout_s=1).text == "+CMTI: 1"


def test_late_response_does_not_answer_the_next(peer: Peer) -> None:
    """After a time-out the late answer is drained before the next command."""
    with AtChannel(peer.path, DIALECT) as channel:
        with pytest.raises(AtTimeout, match=r"AT\+SLOW"):
            channel.execute("AT+SLOW", timeout_s=0.1)
        os.write(peer.master, b"\r\nLATE\r\n\r\nOK\r\n")
        assert channel.execute("AT+NO").final == "ERROR"


def test_unplug_in_mid_command(peer: Peer) -> None:
    """A port that vanishes during a command is PortGone, not a time-out."""
    with AtChannel(peer.path) as channel, pytest.raises(PortGone, match="is gone"):
        channel.execute("AT+GONE", timeout_s=30)


def test_killed_holder_frees_the_port(peer: Peer) -> None:
    """A second opener is told the holder's pid; SIGKILL of the holder frees the port."""
    code = (
        "import sys; from harness.line import AtChannel; c = AtChannel(sys.argv[1]);"
        "print('open', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, peer.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(PortBusy, match=f"process {holder.pid} "):
            AtChannel(peer.path)
        holder.kill()
        holder.wait(10)
    with AtChannel(peer.path) as channel:
        assert channel.execute("AT").ok


def test_socket_url() -> None:
    """The same channel works over socket://."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        AtChannel(f"socket://127.0.0.1:{server.getsockname()[1]}") as channel,
        server.accept()[0] as peer,
    ):

        def answer() -> None:
            peer.recv(10)
            peer.sendall(b"\r\nOK\r\n")

        threading.Thread(target=answer).start()
        assert channel.execute("AT").ok


def test_loop_url() -> None:
    """On loop:// a command comes back as its own echo and then times out."""
    with AtChannel("loop://") as channel, pytest.raises(AtTimeout):
        channel.execute("AT", timeout_s=0.1)
