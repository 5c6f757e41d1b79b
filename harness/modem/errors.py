"""What a modem refuses or fails at; ``blame`` says whom a verdict names."""

from __future__ import annotations

from harness.errors import DutError, RigError, UsageError


class ModemError(DutError):
    """The modem did not do what it was asked."""

    blame = "modem"


class CommandRefused(ModemError):
    """A final result that is no success and has no number."""

    def __init__(self, command: str, final: str) -> None:
        super().__init__(f"{command} was answered {final}")
        self.command, self.final = command, final


class CmeError(CommandRefused):
    """``+CME ERROR`` (27.007 §9.2); ``code`` is None for a text nobody knows."""

    def __init__(self, command: str, final: str, code: int | None, text: str) -> None:
        super().__init__(command, f"{final} ({text})" if text else final)
        self.code, self.text = code, text


class CmsError(CmeError):
    """``+CMS ERROR`` (27.005 §3.2.5)."""


class BadAnswer(ModemError):
    """The modem said OK, but its answer lacks what the command is for."""


class NotRegistered(ModemError):
    """No network within the time given; names the last registration state."""


class PdpRefused(ModemError):
    """The network or modem refused the PDP context; check the APN for this SIM type."""


class SocketError(ModemError):
    """A socket or HTTP command failed with the vendor's error number."""

    def __init__(self, what: str, code: int) -> None:
        super().__init__(f"{what}: error {code}")
        self.code = code


class SimProblem(RigError):
    """No usable SIM: the bench's fault, not the modem's."""


class CannotDo(UsageError):
    """The modem family has no such ability; the message says which one does instead."""
