"""The console for a person: a line to type on, and above it what is said, in colours."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import HTML
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.patch_stdout import StdoutProxy

from harness.cli.console import Opened
from harness.cli.ended_prompt import prompted
from harness.cli.printable import printable
from harness.cli.terminal_mode import stopping_keys, untouched_keys
from harness.clock import wall
from harness.errors import HilError
from harness.rig.terminal.desk import Desk
from harness.rig.terminal.line import CTRL_Z, TerminalLine
from harness.rig.terminal.orders import NAMES
from harness.rig.terminal.said import Kind, Said, hex_rows
from harness.rig.terminal.words import completions, holds_a_secret, known_commands

_DIM, _RED, _GREEN, _YELLOW, _BLUE, _MAGENTA = "2", "31", "32", "33", "34", "1;35"
_STYLES = {
    Kind.CODE: _MAGENTA, Kind.NOISE: _YELLOW, Kind.REMARK: _BLUE,
    Kind.BYTES: _DIM,
}  # fmt: skip
_KEYS = "Tab completes · Ctrl-C gives up · :help · Ctrl-D ends"


class _Keys(Vt100Input):
    """Keys that are typed while something is printed wait as they are (:func:`untouched_keys`)."""

    def cooked_mode(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class Screen(Desk):
    """Reads with prompt_toolkit; whatever is said is printed above the line being typed."""

    def __init__(self) -> None:
        self._colours = "NO_COLOR" not in os.environ
        self._output: StdoutProxy | None = None
        self._line: TerminalLine | None = None

    def tell(self, said: Said) -> None:
        if said.kind in (Kind.SENT, Kind.ECHO):
            return  # it stands where it was typed; :hex shows the echo too
        self._print(self._shown(said))

    def run(self, line: TerminalLine, opened: Opened) -> int:
        """Until Ctrl-D or ``:quit``; 0."""
        self._line = line
        commands = known_commands(opened.family)
        session: PromptSession[str] = PromptSession(
            input=_Keys(sys.stdin),
            history=_history(),
            completer=_Words(line, commands),
            complete_while_typing=False,
            key_bindings=self._keys(line),
            bottom_toolbar=lambda: HTML("{}").format(self._status(line, opened)),
            color_depth=None if self._colours else ColorDepth.DEPTH_1_BIT,
            enable_open_in_editor=False,
            enable_suspend=False,
            refresh_interval=0.5,
        )
        with untouched_keys(sys.stdin), StdoutProxy(raw=True) as output:
            self._output = output
            self._print(self._paint(f"{opened.name}: {opened.says}", "1"))
            self._print(self._paint(f"dialect {opened.family} · {_KEYS}", _DIM))
            going_on = True
            while going_on:
                try:
                    going_on = self._once(session, line, opened.name)
                except (KeyboardInterrupt, asyncio.CancelledError):
                    # the second: asyncio.run() for a SIGINT from elsewhere just as it starts
                    self._interrupted(line)
            self._output = None
        print(f"timeline: {opened.timeline}")
        return 0

    def _once(self, session: PromptSession[str], line: TerminalLine, name: str) -> bool:
        """One line typed, and acted on; False ends."""
        try:
            typed = prompted(session, lambda: "data> " if line.prompted else f"{name}> ")
            return self.carry_out(line, typed)
        except EOFError:
            return False
        except HilError as error:
            self._print(self._paint(str(error), _RED))
        return True

    def _interrupted(self, line: TerminalLine) -> None:
        """Ctrl-C gives up what is waited for; otherwise only the line that was being typed."""
        if line.prompted:
            line.leave_prompt()
            self._remark("ESC sent: the input is given up")
        elif given_up := line.give_up():
            self._remark(f"{given_up} is given up; a late answer is shown as it comes")

    def _help(self, text: str) -> None:
        self._print(text)

    def _wait(self, seconds: float) -> None:
        with stopping_keys(sys.stdin):
            super()._wait(seconds)

    def _keys(self, line: TerminalLine) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("c-z")
        def _(event: KeyPressEvent) -> None:
            """Ends data as a modem's own terminal would: what is typed goes with it."""
            event.current_buffer.validate_and_handle()
            if line.prompted and not line.wants_ctrl_z:
                line.data(b"", end=CTRL_Z)

        return keys

    def _status(self, line: TerminalLine, opened: Opened) -> str:
        if line.gone:
            return "the port is gone; waiting for it"
        if line.prompted:
            end = "Enter sends it and Ctrl-Z" if line.wants_ctrl_z else "Enter sends it as it is"
            return f"the modem asks for data: {end} · Ctrl-C gives up"
        busy = f" · {line.busy} …" if line.busy else ""
        return f"{opened.name} · {opened.family}{busy}"

    def _shown(self, said: Said) -> str:
        if said.kind is Kind.RESULT:
            style = _GREEN if said.ok else _RED
            more = f" ({said.meaning})" if said.meaning else ""
            took = f"{said.took_s * 1000:,.0f} ms" if said.took_s is not None else ""
            return self._paint(said.text + more, style) + "  " + self._paint(took, _DIM)
        if said.kind is Kind.CODE:
            return self._paint(f"{said.at.astimezone():%H:%M:%S} {said.text}", _MAGENTA)
        if said.kind is Kind.PROMPT:
            return self._paint(f"{said.text}  the modem asks for data", _YELLOW)
        return self._paint(said.text, _STYLES.get(said.kind, ""))

    def _bytes(self, direction: str, data: bytes) -> None:
        mark = "→" if direction == "tx" else "←"
        for row in hex_rows(data):
            self.tell(Said(Kind.BYTES, f"{mark} {row}", wall()))

    def _remark(self, text: str) -> None:
        self._print(self._paint(text, _BLUE))

    def _paint(self, text: str, style: str) -> str:
        shown = printable(text)
        return f"\x1b[{style}m{shown}\x1b[0m" if style and self._colours else shown

    def _print(self, text: str) -> None:
        """From any thread; the proxy writes it above the line being typed."""
        output = self._output or sys.stdout
        output.write(text + "\n")
        output.flush()


class _Words(Completer):
    def __init__(self, line: TerminalLine, commands: Mapping[str, str]) -> None:
        self._line, self._commands = line, commands

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        typed = document.text_before_cursor
        if typed.startswith(":"):
            for name in NAMES:
                if name.startswith(typed):
                    yield Completion(name, -len(typed))
        elif not self._line.prompted:
            begun = len(typed[2:].rpartition(";")[2])
            for name, meaning in completions(typed, self._commands):
                yield Completion(name, -begun, display_meta=meaning)


class _History(FileHistory):
    """Without the lines that hold a PIN or a password."""

    def store_string(self, string: str) -> None:
        if not holds_a_secret(string):
            super().store_string(string)


def _history() -> History:
    """In the user's state folder, for nobody else to read; in memory where that cannot be."""
    base = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    file = Path(base) / "hil" / "console-history"
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except (OSError, RuntimeError):
        return InMemoryHistory()
    return _History(str(file))
