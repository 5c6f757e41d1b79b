"""Topic templates: ``things/{identifier}/uplink`` (MQTT 3.1.1 §4.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from harness.errors import UsageError

IDENTIFIER = "{identifier}"
TOKEN = "{token}"
_MOST_BYTES = 65_535


class Place(NamedTuple):
    """What a topic says: whose it is, and the token where it has one."""

    identifier: str
    token: str | None


@dataclass(frozen=True)
class Template:
    """A topic with a level for the device's identifier, and perhaps one for the token.

    Raises :class:`~harness.errors.UsageError` for what no broker would take.
    """

    text: str

    def __post_init__(self) -> None:
        wrong = self._wrong()
        if wrong:
            raise UsageError(f"MQTT topic {self.text!r}: {wrong}")

    def _wrong(self) -> str:
        levels = self.text.split("/")
        if levels.count(IDENTIFIER) != 1 or levels.count(TOKEN) > 1:
            return f"one level has to be {IDENTIFIER}, for example things/{IDENTIFIER}/uplink"
        if any(mark in level for level in self._fixed for mark in "{}"):
            return f"{IDENTIFIER} and {TOKEN} are all that can be filled in, each as a whole level"
        if any(mark in self.text for mark in "+#\0"):
            return "a topic that is published to has no + or # in it"
        if self.text.startswith("$"):
            return "topics that begin with $ are the broker's own"
        return "it is longer than 65535 bytes" if len(self.text.encode()) > _MOST_BYTES else ""

    @property
    def _fixed(self) -> list[str]:
        return [level for level in self.text.split("/") if level not in (IDENTIFIER, TOKEN)]

    @property
    def has_token(self) -> bool:
        """Whether the token is a level of the topic."""
        return TOKEN in self.text.split("/")

    @property
    def filter(self) -> str:
        """What to subscribe to, for every device."""
        return self.text.replace(IDENTIFIER, "+").replace(TOKEN, "+")

    def of(self, identifier: str, token: str = "-") -> str:
        """The topic of one device. Raises :class:`~harness.errors.UsageError` for an identifier
        that would be more than one level, or a wildcard."""
        for value in (identifier, token):
            if not value or any(mark in value for mark in "/+#\0"):
                raise UsageError(f"{value!r} cannot be a level of an MQTT topic")
        return self.text.replace(IDENTIFIER, identifier).replace(TOKEN, token)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        groups = {IDENTIFIER: "(?P<identifier>[^/]*)", TOKEN: "(?P<token>[^/]*)"}
        levels = (groups.get(level, re.escape(level)) for level in self.text.split("/"))
        return re.compile("/".join(levels))

    def read(self, topic: str) -> Place | None:
        """What a topic says, or None when it is not of this template."""
        found = self._pattern.fullmatch(topic)
        if found is None:
            return None
        return Place(found["identifier"], found.groupdict().get("token"))
