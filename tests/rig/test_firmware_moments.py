"""A firmware program that is quicker, or whose console is read later, than the bench acts."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.clock import Deadline, RealClock, pause
from harness.evidence import Event, Timeline
from harness.platform.sms import ShortMessage
from harness.rig import firmware as programs
from harness.rig.bench import Bench, _Gateway
from harness.rig.firmware import FirmwareDut
from harness.rig.models import FirmwareModel
from tests.platform.bench import NOW


@contextmanager
def running(code: str, recorder: Any) -> Iterator[FirmwareDut]:
    model = FirmwareModel(command=[sys.executable, "-c", code], console="json")
    dut = FirmwareDut("one", model, {}, recorder=recorder, modem_power=lambda on: None)
    dut.power_on()
    try:
        yield dut
    finally:
        dut.close()


def until(what: Any) -> None:
    deadline = Deadline.after(60)
    while not what():
        assert not deadline.expired
        pause(0.005)


def test_the_last_words_of_a_firmware_are_waited_for() -> None:
    """What it printed before it ended is told, however late its console is read."""

    class Slow(Timeline):
        def record(self, source: str, kind: str, **data: Any) -> Event:
            if kind == "device.console":
                pause(0.3)
            return super().record(source, kind, **data)

    with running("print('panic: stack'); raise SystemExit(3)", Slow(None, RealClock())) as dut:
        until(lambda: dut.exit_code() is not None)
        assert dut.death() == "the firmware ended with exit code 3; the last it said: panic: stack"


def test_a_firmware_that_ended_keeps_its_number_until_it_is_stopped() -> None:
    """What is killed with it is its own group, not whoever has got the number since."""
    with running("raise SystemExit(3)", Timeline(None, RealClock())) as dut:
        assert dut._process is not None
        process = Path(f"/proc/{dut._process.pid}")
        until(lambda: dut.exit_code() == 3)
        assert process.exists()
        assert dut.death() == "the firmware ended with exit code 3"
        dut.close()
        assert not process.exists()
        assert dut.exit_code() == 3


def test_what_a_firmware_did_is_on_the_timeline_when_it_is_seen() -> None:
    """Who waits for an uplink, a downlink or an SMS finds it recorded."""
    early: list[str] = []

    class Looking(Timeline):
        def record(self, source: str, kind: str, **data: Any) -> Event:
            if kind in ("device.uplink", "device.downlink", "device.sms"):
                seen = duts[0].seen
                early.extend([kind] * len(seen.results + seen.downlinks + seen.sms))
            return super().record(source, kind, **data)

    events = [
        {"event": "uplink", "status": 202},
        {"event": "downlink", "acted": True, "records": []},
        {"event": "sms", "sender": "5277", "text": "x", "obeyed": True},
    ]
    code = "import time\ninput()\n" + "".join(
        f"print({json.dumps(event)!r}, flush=True)\ninput()\n" for event in events
    )
    duts: list[FirmwareDut] = []
    with running(code, Looking(None, RealClock())) as dut:
        duts.append(dut)
        assert dut._process is not None
        assert dut._process.stdin is not None
        for what in (dut.seen.results, dut.seen.downlinks, dut.seen.sms):
            dut._process.stdin.write(b"\n")
            until(lambda what=what: what)
            what.clear()
    assert early == []


def test_a_firmware_that_has_read_an_sms_already_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may be quicker than whoever hands the SMS to its modem."""
    monkeypatch.setattr(programs, "SMS_WITHIN_S", 3600.0)
    sms = json.dumps({"event": "sms", "sender": "5277", "text": "x", "obeyed": True})
    with running(f"input(); print({sms!r}, flush=True); input()", Timeline(None, RealClock())) as d:

        def deliver_sms(*_: object) -> bool:
            assert d._process is not None
            assert d._process.stdin is not None
            d._process.stdin.write(b"\n")
            until(lambda: d.seen.sms)
            return True

        bench = SimpleNamespace(
            modem=SimpleNamespace(deliver_sms=deliver_sms), clock=RealClock(), dut=d,
            registration=SimpleNamespace(msisdn="+31612345678"),
        )  # fmt: skip
        message = ShortMessage("+31612345678", "5277", "x", NOW)
        gateway = _Gateway(cast(Bench, bench))
        delivering = threading.Thread(target=gateway.deliver, args=(message,), daemon=True)
        delivering.start()
        delivering.join(20)
        assert not delivering.is_alive()
