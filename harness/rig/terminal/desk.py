"""Where lines are typed: each is carried out on the terminal line, whoever shows what is said."""

from __future__ import annotations

from abc import ABC, abstractmethod

from harness.clock import pause
from harness.rig.terminal.line import CTRL_Z, TerminalLine
from harness.rig.terminal.orders import HELP, data_of, order_of


class Desk(ABC):
    """The common part of the console on a screen and of the one that reads standard input."""

    @abstractmethod
    def _help(self, text: str) -> None:
        """Show the help."""

    @abstractmethod
    def _remark(self, text: str) -> None:
        """Say something about the terminal itself."""

    @abstractmethod
    def _bytes(self, direction: str, data: bytes) -> None:
        """Show what went over the line; ``direction`` is ``tx`` or ``rx``."""

    def _wait(self, seconds: float) -> None:
        pause(seconds)

    def carry_out(self, line: TerminalLine, typed: str) -> bool:
        """Act on a typed line; False ends.

        Raises :class:`~harness.errors.UsageError` for a wrong one, and the line's errors.
        """
        order = order_of(typed)
        match order.name:
            case ":quit":
                return False
            case ":help":
                self._help(HELP)
            case ":note":
                line.note(order.text)
            case ":wait":
                self._wait(order.seconds)
            case ":hex":
                line.show_bytes = None if line.show_bytes else self._bytes
                self._remark(f"every byte is shown: {'on' if line.show_bytes else 'off'}")
            case ":esc":
                line.leave_prompt()
            case ":ctrl-z":
                line.data(b"", end=CTRL_Z)
            case ":send" | ":send-hex":
                line.raw(order.data)
            case _ if line.prompted:
                line.data(data_of(typed), end=CTRL_Z if line.wants_ctrl_z else b"")
            case _ if typed.strip():
                line.command(typed.strip())
        return True
