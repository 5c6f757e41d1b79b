"""``hil modem --replay``: a recorded session instead of a modem."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from harness.cli.signals import ENDING, Ending, on_signals
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.evidence.recording import Recording
    from harness.virtual_modem.replay import Event, Mismatch, PayloadDiffers, Script

_OWN = frozenset({"replay", "source", "strict", "pace", "link", "ready", "json"})
_SHOWN = 400  #: characters of a payload on the terminal
_KEPT = 100  #: of each kind, for the summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    replay = parser.add_argument_group("a recorded session instead of a modem (on a PTY)")
    replay.add_argument(
        "--replay", metavar="FILE",
        help="answer as recorded in this timeline (JSONL); --pace then keeps the recorded gaps",
    )  # fmt: skip
    replay.add_argument(
        "--source", metavar="line:NAME", help="which line, when several were recorded"
    )
    replay.add_argument(
        "--strict", action="store_true",
        help="the host has to send exactly what was recorded (default: find each command)",
    )  # fmt: skip


def refuse_others(args: argparse.Namespace, defaults: argparse.Namespace) -> None:
    """Raises :class:`UsageError` for options that do not go together."""
    if args.replay is None:
        for name in ("source", "strict"):
            if getattr(args, name):
                raise UsageError(f"--{name} is for --replay FILE")
        return
    for name, default in vars(defaults).items():
        if name not in _OWN and getattr(args, name) != default:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} is for a virtual modem: a replay answers as recorded")


@dataclass
class _Seen:
    """What did not go as recorded: told at once, kept for the summary, and without any PIN."""

    path: str
    redact: Callable[[str], str]
    unknown: dict[str, int] = field(default_factory=dict)
    differing: list[PayloadDiffers] = field(default_factory=list)
    mismatch: Mismatch | None = None

    def tell(self, event: Event) -> None:
        from harness.virtual_modem.replay import Mismatch, PayloadDiffers, Unknown

        match event:
            case Unknown(command):
                command = self.redact(command)
                if command in self.unknown:
                    self.unknown[command] += 1
                    return
                print(f"never recorded, answered ERROR: {command}", file=sys.stderr)
                if len(self.unknown) < _KEPT:
                    self.unknown[command] = 1
            case PayloadDiffers(line, expected, seen):
                event = PayloadDiffers(line, expected, self.redact(seen))
                if len(self.differing) < _KEPT:
                    self.differing.append(event)
                print(
                    f"{self.path}:{line}: another payload, answered as recorded\n"
                    + _compared(expected, event.seen),
                    file=sys.stderr,
                )
            case Mismatch():
                self.broke(event)

    def broke(self, mismatch: Mismatch) -> None:
        mismatch = self.mismatch = replace(mismatch, seen=self.redact(mismatch.seen))
        what = "the host sent" if mismatch.seen else "the host did not send"
        what += " something else" if mismatch.seen else " all of it"
        shown = _compared(mismatch.expected, mismatch.seen)
        print(f"{self.path}:{mismatch.line}: {what}\n{shown}", file=sys.stderr)


def _compared(expected: str, seen: str) -> str:
    return f"  expected: {_cut(expected) or 'nothing more'}\n  seen:     {_cut(seen) or 'nothing'}"


def _cut(text: str) -> str:
    shown = repr(text) if text else ""
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}… ({len(text)} characters)"


def run(args: argparse.Namespace, announce: Callable[[dict[str, str | None]], None]) -> int:
    """Play until a signal, or the first mismatch of a strict replay (exit 1).

    ``announce`` gets what others need to know once the port is there.
    """
    from pathlib import Path

    from harness.evidence import Redactor
    from harness.evidence.recording import read_recording
    from harness.virtual_modem.pty_end import PtyEnd
    from harness.virtual_modem.replay import Follower, ReplayPlayer, StrictFollower, script_of

    recording = read_recording(Path(args.replay), args.source)
    script = script_of(recording.pieces)
    if recording.cut is not None:
        print(f"{args.replay}:{recording.cut}: cut off here; the lines before are played",
              file=sys.stderr)  # fmt: skip
    matcher = StrictFollower(script) if args.strict else Follower(script)
    seen = _Seen(args.replay, Redactor())
    ending = Ending()
    with on_signals(ENDING, ending.ask):
        end = PtyEnd(args.link, 0)
        player = ReplayPlayer(matcher, end, seen.tell, paced=args.pace)
        ending.tells(player.stop)
        try:
            announce({"path": end.path, "control": None})
            player.run()
        finally:
            player.close()
    if matcher.missing is not None:
        seen.broke(matcher.missing)
    _summarise(args, recording, script, matcher.played, seen)
    return 1 if seen.mismatch is not None else 0


def _summarise(
    args: argparse.Namespace, recording: Recording, script: Script, played: int, seen: _Seen
) -> None:
    if not args.json:
        print(f"played {played} of {len(script.turns)} recorded turns of {recording.source}")
        if seen.unknown:
            print(f"commands never recorded: {', '.join(seen.unknown)}", file=sys.stderr)
        return
    summary = {
        "recording": args.replay,
        "source": recording.source,
        "strict": args.strict,
        "turns": len(script.turns),
        "played": played,
        "unknown": seen.unknown,
        "payloads_that_differ": [asdict(differing) for differing in seen.differing],
        "mismatch": asdict(seen.mismatch) if seen.mismatch else None,
        "cut_off_line": recording.cut,
    }
    print(json.dumps(summary), flush=True)
