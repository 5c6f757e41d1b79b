"""What is typed at a terminal: a command for the modem, or after a colon one for the terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.errors import UsageError
from harness.rig.terminal.line import CTRL_Z, ESC

HELP = """\
Type an AT command. At a prompt (data>) type what to send; \\r \\n \\x1b are understood.
  :send TEXT        send it as it is, without a line end
  :send-hex 41 54   send bytes
  :ctrl-z  :esc     send Ctrl-Z (ends an SMS) or ESC (gives it up)
  :hex              show every byte, or stop doing so
  :note TEXT        leave a remark in the timeline
  :wait SECONDS     let that much time pass
  :help  :quit      this text; the end (also Ctrl-D)
Tab completes commands, the arrow keys go through earlier ones, Ctrl-C gives up a command."""
NAMES = (":send", ":send-hex", ":ctrl-z", ":esc", ":hex", ":note", ":wait", ":help", ":quit")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([rnte0\\]))")
_PLAIN = {"r": b"\r", "n": b"\n", "t": b"\t", "e": ESC, "0": b"\0", "\\": b"\\"}
_LONGEST_S = 3600.0


@dataclass(frozen=True, slots=True)
class Order:
    """``name`` is "" for a line that goes to the modem, else one of :data:`NAMES`."""

    name: str
    text: str = ""
    data: bytes = b""
    seconds: float = 0.0


def order_of(typed: str) -> Order:
    """Raises :class:`UsageError` for an order that there is not, or is incomplete."""
    if not typed.startswith(":"):
        return Order("", typed)
    name, _, rest = typed.partition(" ")
    if name not in NAMES:
        raise UsageError(f"there is no {name}; :help names what there is")
    if name == ":send":
        return Order(name, data=data_of(rest))
    if name == ":send-hex":
        try:
            return Order(name, data=bytes.fromhex(rest))
        except ValueError:
            raise UsageError(f":send-hex {rest}: give bytes as 41 54 0d") from None
    if name in (":ctrl-z", ":esc"):
        return Order(name, data=CTRL_Z if name == ":ctrl-z" else ESC)
    if name == ":wait":
        return Order(name, seconds=_seconds(rest))
    return Order(name, rest)


def data_of(typed: str) -> bytes:
    r"""Typed text as UTF-8, with ``\r \n \t \e \0 \x1a \\`` for the bytes they stand for."""
    made, end = b"", 0
    for found in _ESCAPE.finditer(typed):
        made += typed[end : found.start()].encode("utf-8", "replace")
        made += bytes([int(found[1], 16)]) if found[1] else _PLAIN[found[2]]
        end = found.end()
    return made + typed[end:].encode("utf-8", "replace")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_S:
        raise UsageError(f":wait {text}: give seconds, 0 to {_LONGEST_S:g}")
    return seconds
