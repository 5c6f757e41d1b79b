"""Sessions recorded on a virtual modem, by drivers and by a program nobody here wrote, replayed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.clock import RealClock
from harness.evidence import Timeline
from harness.evidence.recording import read_recording
from harness.modem import FAMILIES, HttpOrder, SocketModem, open_modem
from harness.modem.errors import CmsError
from harness.modem.quectel_bg import QuectelBg
from harness.virtual_modem.replay import PayloadDiffers
from tests.modem.conftest import ACCEPTED, PLATFORM
from tests.replay.bench import played, recorded

BODY = b'[{"n":"t","v":21}]\r\nOK\r\n> AT\x1a'
HEAD = b"POST / HTTP/1.1\r\nHost: m.m\r\nContent-Length: %d\r\n\r\n"
ORDER = HttpOrder(*PLATFORM, "/ingestion/m2m/senml/v1", (("Host", "m.m"),), BODY)
Deliver = Callable[[str], None]


def _session(modem: QuectelBg, deliver: Deliver, body: bytes = BODY) -> list[Any]:
    """Everything a device does, and what it saw."""
    seen: list[Any] = []
    modem.channel.quiet_s = 0.03
    modem.wait_ready(timeout_s=20)
    seen.append(modem.identify())
    modem.notify_sms()
    seen.append(modem.wait_registered(timeout_s=20))
    seen.append(modem.channel.execute('AT+CLCK="SC",0,"0000"').final)  # which it does not know
    seen.append(modem.activate("kpnthings2.m2m"))
    seen.append(modem.post_raw(*PLATFORM, HEAD % len(body) + body))
    seen.append(modem.http_post(ORDER, response_timeout_s=20))
    deliver("Hello {5277}")
    modem.channel.wait_for("+CMTI:", timeout_s=20)
    (message,) = modem.new_sms()
    seen += [message.sender, message.text]
    seen.append(modem.send_sms("+31612345678", "hoi"))
    with pytest.raises(CmsError) as refused:
        modem.read_sms(7)
    seen.append(refused.value.code)
    return seen


def _record(path: Path) -> list[Any]:
    with recorded(path) as one:
        one.ready()
        one.server.replies.extend([ACCEPTED, ACCEPTED])
        with open_modem("quectel-bg", one.virtual.path, recorder=one.timeline) as modem:
            assert isinstance(modem, QuectelBg)
            return _session(modem, one.deliver)


def _replay(path: str, body: bytes = BODY, recorder: Timeline | None = None) -> list[Any]:
    with open_modem("quectel-bg", path, recorder=recorder) as modem:
        assert isinstance(modem, QuectelBg)
        return _session(modem, lambda text: None, body)


def test_driver_sees_the_same(tmp_path: Path) -> None:
    """The driver that was recorded gets the same results from the recording, in both modes."""
    file = tmp_path / "session.jsonl"
    recorded_results = _record(file)
    assert '"0000"' not in file.read_text()
    for strict in (False, True):
        with played(file, strict=strict) as one:
            assert _replay(one.path) == recorded_results
        assert one.told == []
        assert one.matcher.missing is None


def test_driver_with_another_body(tmp_path: Path) -> None:
    """A body that changes with each run (a time in it) does not end the replay; it is told."""
    file = tmp_path / "session.jsonl"
    recorded_results = _record(file)
    other = BODY.replace(b"21", b"22")
    with played(file) as one:
        assert _replay(one.path, other) == recorded_results
    (differs,) = one.told
    assert isinstance(differs, PayloadDiffers)
    assert '"v":22' in differs.seen


def test_recording_of_a_replay(tmp_path: Path) -> None:
    """What a host records of a replay is the recording again, turn by turn."""
    file, again = tmp_path / "session.jsonl", tmp_path / "again.jsonl"
    _record(file)
    clock = RealClock()
    timeline = Timeline(again, clock)
    with played(file, strict=True) as one:
        _replay(one.path, recorder=timeline)
    timeline.close()
    clock.close()
    texts = [
        "".join(piece.text for piece in read_recording(path).pieces if piece.sent)
        for path in (file, again)
    ]
    assert texts[0] == texts[1]


def _short_session(family: str, path: str, recorder: Timeline | None = None) -> list[Any]:
    """What every family can do, in its own way of prompts, data modes and line ends."""
    with open_modem(family, path, recorder=recorder) as modem:
        modem.channel.quiet_s, modem.channel.gap_s = 0.03, 0.0
        modem.wait_ready(timeout_s=20)
        modem.wait_registered(timeout_s=20)
        seen: list[Any] = [modem.identify(), modem.activate("kpnthings2.m2m")]
        if isinstance(modem, SocketModem):
            seen.append(modem.post_raw(*PLATFORM, HEAD % len(BODY) + BODY))
        seen.append(modem.send_sms("+31612345678", "hoi"))
        return seen


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family(tmp_path: Path, family: str) -> None:
    """The session of any family can be replayed to its driver, byte for byte."""
    file = tmp_path / "session.jsonl"
    with recorded(file, family) as one:
        one.ready()
        one.server.replies.append(ACCEPTED)
        live = _short_session(family, one.virtual.path, one.timeline)
    for strict in (True, False):
        with played(file, strict=strict) as again:
            assert _short_session(family, again.path) == live
        assert again.told == []
        assert again.matcher.missing is None


@pytest.mark.external
@pytest.mark.skipif(shutil.which("gammu") is None, reason="gammu is not installed (apt: gammu)")
def test_gammu_sees_the_same(tmp_path: Path) -> None:
    """A program's session, recorded at the modem's end, is the same for the program again."""
    file, config = tmp_path / "gammu.jsonl", tmp_path / "gammurc"

    def gammu(port: str) -> str:
        config.write_text(f"[gammu]\ndevice = {port}\nconnection = at\n")
        done = subprocess.run(
            ["gammu", "-c", str(config), "getallsms"], capture_output=True, text=True, timeout=60
        )
        return f"{done.returncode} {done.stdout}"

    with recorded(file, witness=True) as one:
        one.ready()
        one.deliver("Hello {5277}")
        live = gammu(one.virtual.path)
    assert "Hello {5277}" in live
    with played(file) as again:
        assert gammu(again.path) == live
    assert again.told == []
