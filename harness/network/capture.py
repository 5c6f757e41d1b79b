"""Packet capture into a pcap file: nothing lost after the start, nothing lost at the end.

:meth:`Capture.start` returns when the socket is bound, so that what is sent afterwards is seen.
:meth:`Capture.stop` first lets the kernel accept no more, then asks it how many frames it
accepted (PACKET_STATISTICS), and waits until that many are in the file.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.clock import Deadline
from harness.errors import RigError
from harness.network import bpf, pcap
from harness.network.packets import Packet, read_packets
from harness.network.ring import PacketRing

_ETH_P_ALL = 0x0003
_ETHERNET, _LOOPBACK = 1, 772  # linux/if_arp.h


class CaptureFailed(RigError):
    """The capture could not start, ended early (interface gone, disk full), or is not complete."""


@dataclass(frozen=True, slots=True)
class CaptureSummary:
    """What a capture holds. ``dropped`` frames were lost by the kernel for want of room."""

    file: Path
    packets: int
    dropped: int


class Capture:
    """Captures one interface through a packet socket into ``path``; a context manager.

    ``only`` keeps IPv4 packets from and to one address: for interfaces that carry more than the
    bench's traffic. The socket is closed by :meth:`stop`.
    """

    def __init__(
        self, sock: socket.socket, interface: str, path: Path, *, only: str | None = None
    ) -> None:
        self.path = path
        self.interface = interface
        self._sock = sock
        self._only = only
        self._packets = 0
        self._taken = 0
        self._accepted = 0
        self._dropped = 0
        self._error: BaseException | None = None
        self._summary: CaptureSummary | None = None
        self._thread: threading.Thread | None = None
        self._progress = threading.Condition()
        self._counting = threading.Lock()
        self._ring: PacketRing | None = None
        self._file = -1
        self._wake = -1

    def start(self) -> Self:
        """Raises :class:`CaptureFailed` when the interface or the file cannot be opened."""
        try:
            self._open()
        except OSError as error:
            self._close()
            raise CaptureFailed(f"cannot capture on {self.interface}: {error}") from error
        self._thread = threading.Thread(
            target=self._run, name=f"capture-{self.interface}", daemon=True
        )
        self._thread.start()
        return self

    def _open(self) -> None:
        sock, name = self._sock, self.interface
        # an unbound socket has received nothing yet: filter and ring are in place before it does
        sock.setblocking(False)
        sock.bind((name, 0))
        ethernet = sock.getsockname()[3] in (_ETHERNET, _LOOPBACK)
        if self._only is not None:
            bpf.attach(sock, bpf.host(self._only, ip_at=14 if ethernet else 0))
        self._ring = PacketRing(
            sock, from_network_header=not ethernet, skip_own=sock.getsockname()[3] == _LOOPBACK
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        self._write(pcap.header(pcap.ETHERNET if ethernet else pcap.RAW_IP))
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        sock.bind((name, _ETH_P_ALL))

    @property
    def running(self) -> bool:
        return self._thread is not None and self._summary is None

    def packets(self, timeout_s: float = 5.0) -> list[Packet]:
        """Every packet that the kernel has seen by now; the capture goes on.

        Raises :class:`CaptureFailed` when it has broken meanwhile.
        """
        if self.running:
            self._settle(Deadline.after(timeout_s))
        return read_packets(self.path)

    def stop(self, timeout_s: float = 5.0) -> CaptureSummary:
        """Drain, close, and say what was captured. Safe to call twice.

        Raises :class:`CaptureFailed` when the reader ended early, with what ended it.
        """
        if self._summary is not None:
            return self._summary
        if self._thread is None:
            self._sock.close()
            raise CaptureFailed("the capture was never started")
        try:
            bpf.attach(self._sock, bpf.NOTHING)
            self._settle(Deadline.after(timeout_s))
        finally:
            self._summary = CaptureSummary(self.path, self._packets, self._dropped)
            os.eventfd_write(self._wake, 1)
            self._thread.join(timeout_s)
            if not self._thread.is_alive():
                self._close()
        self._summary = CaptureSummary(self.path, self._packets, self._dropped)
        return self._summary

    def __enter__(self) -> Self:
        return self if self.running else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _close(self) -> None:
        if self._ring is not None:
            self._ring.close()
        self._sock.close()
        for descriptor in (self._wake, self._file):
            if descriptor >= 0:
                os.close(descriptor)
        self._wake = self._file = -1

    def _settle(self, deadline: Deadline) -> None:
        """Wait until every frame that the kernel has accepted so far is in the file."""
        if self._ring is None:
            raise CaptureFailed("the capture was never started")
        with self._counting:
            accepted, dropped = self._ring.statistics()
            self._accepted += accepted
            self._dropped += dropped
            goal = self._accepted
        with self._progress:
            while self._taken < goal and self._error is None:
                if not self._progress.wait(deadline.left()) and deadline.expired:
                    raise CaptureFailed(
                        f"the capture on {self.interface} is behind: {goal - self._taken} of "
                        f"{goal} frames are not in {self.path} yet"
                    )
            if self._error is not None:
                raise CaptureFailed(
                    f"the capture on {self.interface} ended early, after {self._packets} packets: "
                    f"{self._error}"
                ) from self._error

    def _run(self) -> None:
        try:
            if self._ring is not None:
                self._read(self._ring)
        except BaseException as error:  # kept, and raised by the next caller
            with self._progress:
                self._error = error
                self._progress.notify_all()

    def _read(self, ring: PacketRing) -> None:
        poll = select.poll()
        poll.register(self._sock, select.POLLIN | select.POLLERR)
        poll.register(self._wake, select.POLLIN)
        while True:
            for taken, kept, records in ring.blocks():
                self._write(b"".join(records))
                with self._progress:
                    self._taken += taken
                    self._packets += kept
                    self._progress.notify_all()
            for descriptor, event in poll.poll():
                if descriptor == self._wake:
                    return
                if event & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
                    code = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    raise OSError(code, f"{os.strerror(code)} ({self.interface})")

    def _write(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            view = view[os.write(self._file, view) :]
