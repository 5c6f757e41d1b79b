"""A session recorded on a virtual modem, and the same line played back."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.clock import Deadline, RealClock, pause
from harness.evidence import Timeline
from harness.evidence.recording import read_recording
from harness.network.loop import LoopThread
from harness.virtual_modem import ModemNetwork, ModemSettings, Subscription, VirtualModem
from harness.virtual_modem.pty_end import PtyEnd
from harness.virtual_modem.replay import Event, Follower, ReplayPlayer, StrictFollower, script_of
from tests.modem.conftest import PLATFORM, Server
from tests.ready import facts_of

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Recorded:
    """A virtual modem whose line is recorded to ``timeline``, and the server it reaches."""

    virtual: VirtualModem
    server: Server
    timeline: Timeline

    def ready(self) -> None:
        """It listens: a host that comes now has missed its boot codes."""
        deadline = Deadline.after(60)
        while self.virtual.state.state != "ready":
            assert not deadline.expired
            pause(0.005)

    def deliver(self, text: str) -> None:
        """As soon as it is registered."""
        deadline = Deadline.after(60)
        while not self.virtual.deliver_sms("5277", text, NOON):
            assert not deadline.expired
            pause(0.005)


@contextmanager
def recorded(
    path: Path, family: str = "quectel-bg", *, witness: bool = False
) -> Iterator[Recorded]:
    """``witness``: the modem's end is recorded, for a host that does not do it itself."""
    clock, loop, server = RealClock(NOON), LoopThread("replay-io"), Server()
    timeline = Timeline(path, clock)
    virtual = VirtualModem(
        "m", family, clock=clock, recorder=timeline, loop=loop,
        subscription=Subscription.of("plus"),
        network=ModemNetwork(routes={PLATFORM: server.address}),
        settings=ModemSettings(link=path.with_suffix(".tty"), witness=witness, counted=False),
    )  # fmt: skip
    try:
        virtual.start()
        yield Recorded(virtual, server, timeline)
    finally:
        virtual.close()
        server.close()
        timeline.close()
        loop.close()
        clock.close()


@dataclass
class Played:
    """A recording on a PTY, in this process; ``told`` is what did not go as recorded."""

    path: str
    matcher: Follower | StrictFollower
    told: list[Event]


@contextmanager
def played(file: Path, *, strict: bool = False, paced: bool = False) -> Iterator[Played]:
    script = script_of(read_recording(file).pieces)
    matcher = StrictFollower(script) if strict else Follower(script)
    end, told = PtyEnd(file.with_suffix(".replay"), 0), list[Event]()
    player = ReplayPlayer(matcher, end, told.append, paced=paced)
    thread = threading.Thread(target=player.run)
    thread.start()
    try:
        yield Played(end.path, matcher, told)
    finally:
        player.stop()
        thread.join(20)
        player.close()
    assert not thread.is_alive()


@dataclass
class Command:
    """``hil modem --replay`` as a process."""

    process: subprocess.Popen[str]
    path: str

    def stop(self) -> tuple[int, dict[str, Any], str]:
        """Ctrl-C: exit code, summary, stderr."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self) -> tuple[int, dict[str, Any], str]:
        out, err = self.process.communicate(timeout=60)
        assert "Traceback" not in err
        return self.process.returncode, json.loads(out.splitlines()[-1]), err


def words(*options: str | Path) -> list[str]:
    return [sys.executable, "-m", "harness", "modem", *map(str, options)]


@contextmanager
def replayed(folder: Path, file: Path, *options: str) -> Iterator[Command]:
    """``hil modem --replay FILE --link FOLDER/modem``, killed at the end."""
    ready = folder / "ready.json"
    process = subprocess.Popen(
        words("--replay", file, "--link", folder / "modem", "--ready", ready, "--json", *options),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield Command(process, facts_of(process, ready)["path"])
    finally:
        process.kill()
        process.communicate(timeout=60)
