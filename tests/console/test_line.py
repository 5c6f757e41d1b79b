"""The line behind the console, where its end meets something else."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from harness.at.dialect import Dialect
from harness.line import AtChannel
from harness.line.port import Port
from harness.rig.terminal.line import TerminalLine
from tests.line.peer import Peer


def test_a_port_that_comes_back_behind_the_end_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening it may take long, over a network or after a lock: nobody holds it afterwards."""
    looking, ended = threading.Event(), threading.Event()
    reopen = Port.reopen

    def slowly(port: Port) -> None:
        looking.set()
        assert ended.wait(20)
        reopen(port)

    monkeypatch.setattr(Port, "reopen", slowly)
    with Peer({}, tmp_path / "modem") as peer:
        line = TerminalLine(peer.path, Dialect(), lambda said: None)
        peer.unplug()
        assert looking.wait(20)
        peer.plug()
        line.close()
        ended.set()
        line._reader.join(20)
        assert not line._reader.is_alive()
        AtChannel(peer.path).close()
