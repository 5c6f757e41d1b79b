"""The console without a screen: commands from standard input, what is said to standard output."""

from __future__ import annotations

import json
import sys
import threading

from harness.cli.console import Opened
from harness.clock import Deadline, pause, wall
from harness.errors import HilError, UsageError
from harness.line.errors import PortGone
from harness.rig.terminal.desk import Desk
from harness.rig.terminal.line import TerminalLine
from harness.rig.terminal.said import Kind, Said, hex_rows

_MARKS = {Kind.SENT: "> ", Kind.CODE: "* ", Kind.NOISE: "? ", Kind.REMARK: "# ", Kind.BYTES: ""}
_LINGER_S = 0.2  # codes that follow the last result


class Script(Desk):
    """Each line waits for its result; a line after a prompt is the data it asked for."""

    def __init__(self, *, as_json: bool, patience_s: float, check: bool) -> None:
        self._as_json, self._patience_s, self._check = as_json, patience_s, check
        self._printing = threading.Lock()
        self._unheard: OSError | None = None  # why standard output takes nothing any more

    def tell(self, said: Said) -> None:
        if self._as_json:
            text = json.dumps(said.as_dict(), ensure_ascii=False)
        elif said.kind is Kind.ECHO:
            return  # what was sent stands there already
        else:
            text = _MARKS.get(said.kind, "") + said.text
            text += f"  ({said.meaning})" if said.meaning else ""
        with self._printing:
            if self._unheard is None:
                try:
                    print(text, flush=True)
                except OSError as error:  # the reading thread has to go on: it records
                    self._unheard = error

    def run(self, line: TerminalLine, opened: Opened) -> int:
        """0, or with ``check`` 1 when a command failed.

        Raises :class:`UsageError` for a wrong line, :class:`HilError` for a missing result,
        :class:`OSError` when nobody takes what is printed.
        """
        good = True
        print(f"hil: {opened.name}: {opened.says} ({opened.family})", file=sys.stderr)
        try:
            for number, typed in enumerate(sys.stdin, start=1):
                try:
                    if not self.carry_out(line, typed.rstrip("\r\n")):
                        break
                except UsageError as error:
                    raise UsageError(f"standard input, line {number}: {error}") from error
                outcome = line.wait(Deadline.after(self._patience_s))
                if self._unheard is not None:
                    raise self._unheard
                if outcome is None:
                    raise self._overdue(line)
                good = good and outcome
            pause(_LINGER_S)
        finally:
            print(f"hil: timeline: {opened.timeline}", file=sys.stderr)
        return 1 if self._check and not good else 0

    def _help(self, text: str) -> None:
        print(text, file=sys.stderr)

    def _remark(self, text: str) -> None:
        self.tell(Said(Kind.REMARK, text, wall()))

    def _bytes(self, direction: str, data: bytes) -> None:
        mark = "->" if direction == "tx" else "<-"
        for row in hex_rows(data):
            self.tell(Said(Kind.BYTES, f"{mark} {row}", wall()))

    def _overdue(self, line: TerminalLine) -> HilError:
        if line.gone:
            return PortGone("the port went, and its result with it; see above")
        return HilError(f"no result of {line.give_up()} within {self._patience_s:g} s")
