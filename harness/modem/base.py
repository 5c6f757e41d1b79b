"""Commands and answers of a modem, with typed errors."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Self

from harness.at.codes import CME, CMS, error_number
from harness.at.dialect import Command
from harness.at.params import Param, fields_of
from harness.line import AtChannel, Response
from harness.modem.errors import BadAnswer, CmeError, CmsError, CommandRefused

_PREFIX = re.compile(r"[+#%*^$][^:]*:")


class AtModem:
    """A channel whose error results are exceptions: leaves of ``ModemError``."""

    def __init__(self, channel: AtChannel) -> None:
        self.channel = channel

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.channel.close()

    def command(self, command: str | Command, *, timeout_s: float = 5.0) -> Response:
        """Execute, and raise the typed error when the final result is no success."""
        response = self.channel.execute(command, timeout_s=timeout_s)
        return self.checked(command if isinstance(command, str) else command.text, response)

    def checked(self, command: str, response: Response) -> Response:
        if response.ok:
            return response
        for prefix, table, kind in (("+CME", CME, CmeError), ("+CMS", CMS, CmsError)):
            if response.final.startswith(prefix):
                code = error_number(response.final, table)
                raise kind(command, response.final, code, table.get(code or 0, "") if code else "")
        raise CommandRefused(command, response.final)

    def prompted(self, text: str, data: bytes, prompt: str, *, timeout_s: float) -> Response:
        """A command that asks for data with ``prompt``; raises as :meth:`command` does."""
        return self.checked(text, self.channel.execute_with_prompt(
            Command(text, prompt=prompt), data, timeout_s=timeout_s))  # fmt: skip

    def line(self, command: str, *, timeout_s: float = 5.0) -> str:
        """The information line without its prefix, whatever codes or noise stand beside it."""
        lines = self.command(command, timeout_s=timeout_s).lines
        if not lines:
            raise BadAnswer(f"{command} was answered OK without information")
        own = Command(command).own_prefixes
        line = min(lines, key=lambda line: _strangeness(line, own))  # the first of the likeliest
        prefixed = _PREFIX.match(line)
        return line[prefixed.end() :].strip() if prefixed else line.strip()

    def fields(self, command: str, *, timeout_s: float = 5.0) -> list[Param]:
        return fields_of(":" + self.line(command, timeout_s=timeout_s))


def _strangeness(line: str, own: tuple[str, ...]) -> int:
    if own and line.startswith(own):
        return 0
    if not line.isascii() or not line.isprintable():
        return 3
    return 2 if _PREFIX.match(line) else 1
