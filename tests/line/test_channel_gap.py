"""The rest that some modems want between a final result and the next command."""

from __future__ import annotations

from itertools import pairwise

from harness.at.dialect import Dialect
from harness.line import AtChannel
from tests.line.peer import Peer

OK = b"\r\nOK\r\n"


def test_commands_keep_the_gap() -> None:
    """A command is written no sooner than the gap after the last final result."""
    with Peer({b"ATI": OK}) as peer, AtChannel(peer.path, Dialect(gap_s=0.05)) as channel:
        for _ in range(4):
            assert channel.execute("ATI").ok
        log = list(channel.transcript)
    rests = [after[0] - before[0] for before, after in pairwise(log)
             if (before[1], after[1]) == ("rx", "tx")]  # fmt: skip
    assert len(rests) == 3
    assert min(rests) >= 50_000_000


def test_codes_in_the_gap_are_kept() -> None:
    """What the modem says meanwhile is not lost."""
    with Peer({b"ATI": OK}) as peer, AtChannel(peer.path, Dialect(gap_s=0.05)) as channel:
        assert channel.execute("ATI").ok
        peer.say(b"\r\nRING\r\n")
        assert channel.execute("ATI").ok
        assert [urc.text for urc in channel.urcs] == ["RING"]
