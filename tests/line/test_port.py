"""The port: unplugged and back, locked, blocked, and over pyserial's network URLs."""

from __future__ import annotations

import os
import re
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import serial
from serial.rfc2217 import PortManager

from harness.at.dialect import Dialect, UrcKind
from harness.clock import pause
from harness.errors import RigError
from harness.line import (
    AtChannel,
    AtTimeout,
    EventTimeout,
    OutOfStep,
    PortBlocked,
    PortBusy,
    PortGone,
    PortSettings,
)  # fmt: skip
from tests.line.peer import Peer
from tests.ports import reserved_port

OK = b"\r\nOK\r\n"
ANSWER = b"AT+CSQ\r\r\n+CSQ: 18,99\r\n\r\nOK\r\n"


@pytest.mark.parametrize("at", range(len(ANSWER)))
def test_unplugged_at_every_byte_of_an_answer(at: int) -> None:
    """A port that vanishes during an answer is an error at once, not a time-out."""

    def half(peer: Peer) -> bytes:
        peer.say(ANSWER[:at])
        peer.unplug()
        return b""

    with (
        Peer({b"AT+CSQ": half}) as peer,
        AtChannel(peer.path) as channel,
        pytest.raises(PortGone, match="is gone"),
    ):
        channel.execute("AT+CSQ", timeout_s=60)


@pytest.mark.parametrize("at", range(1, len(b"AT+CSQ\r")))
def test_unplugged_at_every_byte_of_a_command(at: int) -> None:
    """A port that vanishes while the command is being taken is an error at once."""
    master, slave = os.openpty()
    path = os.ttyname(slave)
    with AtChannel(path) as channel:

        def take() -> None:
            got = b""
            while len(got) < at:
                got += os.read(master, at - len(got))
            os.close(slave)
            os.close(master)

        thread = threading.Thread(target=take)
        thread.start()
        with pytest.raises(PortGone, match="check the cable"):
            channel.execute("AT+CSQ", timeout_s=60)
        thread.join(10)


def test_port_that_comes_back(tmp_path: Path) -> None:
    """While a port is gone every call says so; once it is back the next call opens it again."""
    with Peer({b"AT": OK, b"AT+CSQ": ANSWER}, tmp_path / "modem") as peer:
        with AtChannel(peer.path) as channel:
            assert channel.execute("AT+CSQ").ok
            peer.unplug()
            for call in (lambda: channel.execute("AT"), channel.pump, channel.resync):
                with pytest.raises(PortGone):
                    call()
            peer.plug()
            assert channel.execute("AT+CSQ").lines == ("+CSQ: 18,99",)
        with AtChannel(peer.path) as channel:
            assert channel.execute("AT").ok


@contextmanager
def same_number(number: str) -> Iterator[int]:
    """The next PTY that got this number, as any program may get it; its master."""
    opened: list[int] = []
    try:
        for _ in range(20):
            opened += os.openpty()
            if os.ttyname(opened[-1]) == number:
                break
        else:
            pytest.skip(f"another program has {number} now")
        yield opened[-2]
    finally:
        for fd in opened:
            os.close(fd)


@pytest.mark.parametrize("linked", [False, True])
def test_the_number_of_a_pty_that_hung_up_is_not_taken_for_it(linked: bool, tmp_path: Path) -> None:
    """It may be a person's terminal by now; also behind a link that was left behind."""
    link = tmp_path / "modem"
    with Peer({b"AT": OK}) as peer:
        number = peer.path
        if linked:
            link.symlink_to(number)
            pause(0.1)  # older than the opening, as what is left behind is
        with AtChannel(str(link) if linked else number) as channel:
            assert channel.execute("AT").ok
            peer.unplug()
            for _ in range(2):  # the first closes our end, which frees the number
                with pytest.raises(PortGone):
                    channel.execute("AT")
            with same_number(number) as master:
                with pytest.raises(PortGone, match="under a new name or link"):
                    channel.execute("AT")
                assert not select.select([master], [], [], 0)[0]
                if linked:
                    link.unlink()
                    link.symlink_to(number)
                    channel.pump()  # opens it


def test_closed_channel_stays_closed() -> None:
    """After closing, a call is refused and does not open the port again."""
    with Peer({b"AT": OK}) as peer:
        channel = AtChannel(peer.path)
        channel.close()
        channel.close()
        for _ in range(2):
            with pytest.raises(PortGone):
                channel.execute("AT")
        with AtChannel(peer.path) as other:
            assert other.execute("AT").ok


def test_no_such_port() -> None:
    """A port that does not exist is a rig error that names it, and keeps no lock."""
    for _ in range(2):
        with pytest.raises(RigError, match=r"cannot open /dev/no-such-port: .*check the cable"):
            AtChannel("/dev/no-such-port")


def test_host_side_that_nobody_reads() -> None:
    """When the other end takes no bytes, the write ends at its deadline and blames flow control."""
    master, slave = os.openpty()
    try:
        with AtChannel(os.ttyname(slave)) as channel, pytest.raises(PortBlocked, match="RTS/CTS"):
            channel.execute("AT" + "x" * 200_000, timeout_s=0.1)
    finally:
        os.close(slave)
        os.close(master)


HOLDER = (
    "import sys; from harness.line import AtChannel; c = AtChannel(sys.argv[1]);"
    "print('open', flush=True); sys.stdin.read()"
)


def test_second_opener_is_told_who_holds_the_port(tmp_path: Path) -> None:
    """The message names pid, program and since when; SIGKILL of the holder frees the port."""
    script = tmp_path / "holder.py"
    script.write_text(HOLDER)
    with Peer({b"AT": OK}) as peer:
        holder = subprocess.Popen(
            [sys.executable, script, peer.path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
        with holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"open\n"
            with pytest.raises(PortBusy) as caught:
                AtChannel(peer.path)
            holder.kill()
            holder.wait(60)
        told = f"{re.escape(peer.path)} is in use by process {holder.pid} \\(holder.py\\) since 20"
        assert re.match(told, str(caught.value))
        with AtChannel(peer.path) as channel:
            assert channel.execute("AT").ok


def test_same_port_under_another_name(tmp_path: Path) -> None:
    """A symlink to a port is the same port; this process is named as the holder."""
    with Peer({b"AT": OK}) as peer, AtChannel(peer.path):
        (tmp_path / "alias").symlink_to(peer.path)
        with pytest.raises(PortBusy, match=f"process {os.getpid()} "):
            AtChannel(str(tmp_path / "alias"))


def test_program_that_locks_the_device_itself() -> None:
    """A port held exclusively by another pyserial program is busy too."""
    with (
        Peer({}) as peer,
        serial.Serial(peer.path, exclusive=True),
        pytest.raises(PortBusy, match="another program"),
    ):
        AtChannel(peer.path)


@pytest.mark.parametrize("rtscts", [False, True])
@pytest.mark.parametrize("level", [False, True])
def test_modem_lines_on_a_pty(level: bool, rtscts: bool) -> None:
    """A PTY has no modem lines: setting DTR, RTS and HUPCL is tolerated."""
    settings = PortSettings(rtscts=rtscts, dtr=level, rts=level, hupcl=level)
    with Peer({b"AT": OK}) as peer, AtChannel(peer.path, settings=settings) as channel:
        channel.set_dtr(not level)
        channel.set_rts(not level)
        assert channel.execute("AT").ok


# Network URLs


@contextmanager
def served(answer: bytes) -> Iterator[tuple[int, list[socket.socket]]]:
    """A TCP server that answers every line with ``answer``."""
    peers: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            peer, _ = server.accept()
            peers.append(peer)
            with peer:
                while data := peer.recv(100):
                    peer.sendall(answer * data.count(b"\r"))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield server.getsockname()[1], peers
        thread.join(10)


def test_socket_url() -> None:
    """The same channel works over a TCP connection."""
    with served(ANSWER) as (port, _), AtChannel(f"socket://127.0.0.1:{port}") as channel:
        for _ in range(20):
            assert channel.execute("AT+CSQ").lines == ("+CSQ: 18,99",)


def test_socket_that_closes() -> None:
    """A server that closes the connection is a port that is gone."""
    with served(OK) as (port, peers), AtChannel(f"socket://127.0.0.1:{port}") as channel:
        assert channel.execute("AT").ok
        peers[0].shutdown(socket.SHUT_RDWR)
        with pytest.raises(PortGone):
            channel.execute("AT", timeout_s=60)


def test_socket_that_refuses() -> None:
    """A connection that cannot be made is a rig error."""
    with reserved_port() as port, pytest.raises(RigError, match="cannot open socket://"):
        AtChannel(f"socket://127.0.0.1:{port}")


def test_loop_url() -> None:
    """On loop:// a command comes back as its own echo and then times out."""
    with AtChannel("loop://") as channel, pytest.raises(AtTimeout, match="received 'AT"):
        channel.execute("AT", timeout_s=0.1)


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # in pyserial 3.5
def test_rfc2217_url() -> None:
    """A port behind an RFC 2217 server answers like a local one."""

    # A PTY has no modem lines, and the server insists on reading them.
    lines = dict.fromkeys(("cts", "dsr", "ri", "cd", "dtr", "rts"), True)
    wired: Any = type("Wired", (serial.Serial,), lines)
    with Peer({b"AT+CSQ": ANSWER}) as peer, socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with (
                server.accept()[0] as wire,
                wire.makefile("wb", buffering=0) as out,
                wired(peer.path, timeout=0) as port,
            ):
                manager: Any = PortManager(port, out)  # type: ignore[arg-type]  # stubs: a client
                wire.settimeout(0.01)
                while True:
                    try:
                        data = wire.recv(1000)
                    except TimeoutError:
                        data = None
                    if data == b"":
                        return
                    if data:
                        port.write(b"".join(manager.filter(data)))
                    if waiting := port.read(1000):
                        wire.sendall(b"".join(manager.escape(waiting)))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with AtChannel(f"rfc2217://127.0.0.1:{server.getsockname()[1]}") as channel:
            for _ in range(3):
                assert channel.execute("AT+CSQ").lines == ("+CSQ: 18,99",)
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize("what", ["execute", "wait_for", "pump", "resync"])
def test_a_line_that_never_stops_talking_holds_nobody(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much comes, and however fast: a wait ends soon after its deadline."""
    read = os.read
    with Peer({}) as peer, AtChannel(peer.path, Dialect((UrcKind("+U:"),))) as channel:
        peer.say(b"x")  # there is always something to read
        flooded = channel._port._fd

        def flood(fd: int, size: int) -> bytes:
            return b"\r\n+U: 1\r\n" * 400 if fd == flooded else read(fd, size)

        monkeypatch.setattr(os, "read", flood)
        waits: dict[str, Callable[[], object]] = {
            "execute": lambda: channel.execute("AT", timeout_s=0.1),
            "wait_for": lambda: channel.wait_for("+NEVER", timeout_s=0.1),
            "pump": lambda: channel.pump(timeout_s=0.1),
            "resync": lambda: channel.resync(timeout_s=0.1),
        }
        ended: list[str] = []

        def wait() -> None:
            try:
                waits[what]()
            except (AtTimeout, EventTimeout, OutOfStep) as error:
                ended.append(type(error).__name__)
            else:
                ended.append("")

        waiting = threading.Thread(target=wait, daemon=True)
        waiting.start()
        waiting.join(20)
        still_waits = waiting.is_alive()
        monkeypatch.undo()  # so that it comes to an end now
        waiting.join(20)
        names = {"execute": "AtTimeout", "wait_for": "EventTimeout", "resync": "OutOfStep"}
        assert (still_waits, ended) == (False, [names.get(what, "")])
