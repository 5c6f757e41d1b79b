"""A virtual modem of any family under any bytes, in a time of its own that never waits.

An input's first byte chooses the family, the second how the rest is cut into pieces. Behind the
antenna is a server that answers; nothing leaves this process but over loopback.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from harness.clock import NO_WORK, VirtualClock
from harness.evidence import Event, Timeline
from harness.virtual_modem import ModemIdentity, ModemNetwork, ModemSettings, Subscription
from harness.virtual_modem.core import Core
from harness.virtual_modem.families import FAMILIES
from harness.virtual_modem.work import Power

NAMES = sorted(FAMILIES)
PLATFORM = ("10.151.236.157", 80)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nOK\r\nERROR\r\n>"
_MOST = 400_000  # bytes that one input may bring forth: a long list, a body of the server
_PATIENCE_S = 1000.0  # virtual: every prompt has given up by then
_VALUES = (
    b"", b"?", b"=?", b"=0", b"=1", b"=2", b"=0,1", b"=1,1", b"=1,2,3", b"=0,4", b"=1,4", b"=4,5",
    b"=0,0,0", b"=-1", b"=99999999999", b'="x"', b'=1,"IP","a.b"', b'=0,"10.151.236.157",80',
    b'=1,0,"TCP","10.151.236.157",80,0,1', b'="http://10.151.236.157/x"',
)  # fmt: skip
_COMMANDS = sorted({name for family in FAMILIES.values() for name in family.commands})
WORDS = (
    *(f"AT{name}".encode() + value + b"\r" for name in _COMMANDS for value in _VALUES),
    b"abcd", b"hello\x1a", b"+++", b"AT\r\n", b"ATE0;+CMEE=2\r",
    b"0011000B911316325476F80000AA0141\x1a",
)  # fmt: skip


class _Hurried(selectors.DefaultSelector):
    """Where the loop would wait, its time jumps instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout:
            self.now += timeout
        return ready


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose time is counted."""

    def __init__(self) -> None:
        self.hurried = _Hurried()
        super().__init__(self.hurried)

    def time(self) -> float:
        return self.hurried.now


class ModemTarget:
    """Makes a modem per input; :meth:`run` raises AssertionError when it misbehaved."""

    def __init__(self, only: str | None = None) -> None:
        self._only = only
        self._loop = Loop()
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0)
        )
        port = self._server.sockets[0].getsockname()[1]
        self._network = ModemNetwork(routes={PLATFORM: ("127.0.0.1", port)})

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(4096):
                writer.write(_ANSWER)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    def close(self) -> None:
        self._server.close()
        self._loop.run_until_complete(self._server.wait_closed())
        self._loop.close()

    def run(self, data: bytes) -> None:
        family = self._only or NAMES[data[0] % len(NAMES) if data else 0]
        size = 1 + (data[1] if len(data) > 1 else 0)
        self._loop.hurried.now = 0.0  # a number that only grows would lose its last digits
        self._loop.run_until_complete(self._one(family, data[2:], size))

    async def _one(self, name: str, data: bytes, size: int) -> None:
        clock = VirtualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
        timeline = Timeline(None, clock, keep=200)
        defects: list[str] = []

        def watch(event: Event) -> None:
            if "defect" in str(event.data.get("text", "")):
                defects.append(event.data["text"])

        timeline.listen(watch)
        core = Core(
            "fuzzed", FAMILIES[name], ModemIdentity(), Subscription.of("plus"), ModemSettings(),
            clock, timeline, self._network, NO_WORK, self._loop, lambda reason: None,
        )  # fmt: skip
        said = bytearray()
        core.line.write = said.extend  # type: ignore[method-assign]  # the wire ends here
        try:
            await _boot(core)
            for start in range(0, len(data), size):
                piece = data[start : start + size]
                core._arrived(piece, len(piece))
                await asyncio.sleep(0.01)
                assert core.reader.pending <= core.settings.input_limit
            await asyncio.sleep(_PATIENCE_S)
            assert not defects, defects
            assert len(said) <= _MOST, f"{len(said)} bytes"
            await _answers(core, said)
            assert not defects, defects
        finally:
            core.switch_off()
            clock.close()
            await asyncio.sleep(0)


async def _boot(core: Core) -> None:
    core.switch_on()
    await asyncio.sleep(1.0)
    assert core.power is Power.READY, core.power


async def _answers(core: Core, said: bytearray) -> None:
    """It answers AT, once it is on, out of data mode and told to speak in words."""
    if core.power is not Power.READY:
        await _boot(core)
    end = b"\r\n" if core.family.crlf else b"\r"
    # Where line ends are part of a string, what was half typed may have left one open.
    for closing in (b"", b'"' + end) if core.family.crlf else (b"",):
        for words in (closing, b"+++", b"\x1b", end, b"\x1b", b"ATQ0V1E0" + end):
            core._arrived(words, len(words))  # what was half typed may ask
            await asyncio.sleep(5.0)
        if core.power is not Power.READY:  # what was left half typed could switch it off
            await _boot(core)
        said.clear()
        for words in (end, b"AT" + end):
            core._arrived(words, len(words))
            await asyncio.sleep(5.0)
        if b"OK\r\n" in said:
            return
    raise AssertionError(bytes(said[-200:]))


def mapping() -> Mapping[str, int]:
    """Family to the byte that chooses it."""
    return {name: number for number, name in enumerate(NAMES)}
