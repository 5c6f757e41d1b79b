"""One redaction list, applied where events are born."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# AT+CPIN="1234" and AT+CPIN="puk","1234" (27.007 §8.3), AT+CLCK="SC",1,"1234" (§7.4) and
# AT+CPWD="SC","1234","5678" (§7.5) for any facility; also behind another command and a semicolon
_PIN_COMMANDS = re.compile(
    r"(\+CPIN\s*=\s*|\+CLCK\s*=\s*\"\w\w\",[0-2],|\+CPWD\s*=\s*\"\w\w\",)[^\r\n;]+",
    re.IGNORECASE,
)
_PIN_WORDS = ("+cpin", "+clck", "+cpwd")
PIN_SHOWN = "‹pin›"
# RFC 6750 §2.1: as a header line, or as the header's value on its own
_SHORTEST = len("Bearer x")
_BEARER = re.compile(r"((?:Authorization:\s*|^)Bearer\s+)[^\s\"]+", re.IGNORECASE)


#: Up to so many secrets, one search for each is fastest; more are looked up by how they begin.
_FEW = 64
_BEGINNING = 8
_WORD = re.compile(r"[0-9A-Za-z]{12,}")  # any device's secret is one (TOKEN-SECRET)


def hidden_pins(text: str) -> list[tuple[int, int]]:
    """Where PINs and passwords of commands stand in ``text``: first character, and behind the last.

    The end of ``text`` ends one, too.
    """
    return [(found.end(1), found.end()) for found in _PIN_COMMANDS.finditer(text)]


class Redactor:
    """Replaces secrets in text. Thread-safe.

    Each secret becomes ``‹name›``, so that evidence still says *which* secret stood there.
    """

    def __init__(self, secrets: Iterable[tuple[str, str]] = ()) -> None:
        self._names: dict[str, str] = {}
        self._searches: _Searches | None = None
        self._lock = threading.Lock()
        for name, value in secrets:
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Never write ``value`` again; it reads ``‹name›`` instead. Empty values are ignored."""
        if value:
            with self._lock:
                # Wire bytes become text as latin-1, so a secret beyond ASCII has a second look.
                for look in (value, value.encode("utf-8", "surrogatepass").decode("latin-1")):
                    self._names[look] = f"‹{name}›"
                self._searches = None  # made anew when it is next needed

    def __call__(self, text: str) -> str:
        searches = self._searches
        if searches is None:
            with self._lock:  # or else a secret that is added meanwhile would stay unknown
                searches = self._searches = _Searches.of(self._names)
        for value, shown in searches.one_by_one:
            if value in text:
                text = text.replace(value, shown)
        if searches.beginnings:
            text = searches.words_replaced(text)
        if len(text) < _SHORTEST:
            return text
        lowered = text.lower()
        if any(word in lowered for word in _PIN_WORDS):
            text = _PIN_COMMANDS.sub(rf"\1{PIN_SHOWN}", text)
        if "bearer" in lowered:
            text = _BEARER.sub(r"\1‹bearer›", text)
        return text


@dataclass(frozen=True, slots=True)
class _Searches:
    """The secrets, arranged for finding them: those to search for, and those to look up.

    ``beginnings`` leads from the first characters of a word to the secrets that begin so.
    """

    one_by_one: tuple[tuple[str, str], ...]
    beginnings: Mapping[str, tuple[tuple[str, str], ...]]

    @classmethod
    def of(cls, names: Mapping[str, str]) -> _Searches:
        longest_first = sorted(names.items(), key=lambda pair: -len(pair[0]))
        if len(longest_first) <= _FEW:
            return cls(tuple(longest_first), {})
        plain: list[tuple[str, str]] = []
        beginnings: dict[str, list[tuple[str, str]]] = {}
        for value, shown in longest_first:
            if _WORD.fullmatch(value):
                beginnings.setdefault(value[:_BEGINNING], []).append((value, shown))
            else:
                plain.append((value, shown))
        return cls(tuple(plain), {head: tuple(found) for head, found in beginnings.items()})

    def words_replaced(self, text: str) -> str:
        """The cost grows with the text, not with the number of secrets."""
        made, end = "", 0
        for start, stop, shown in self._hidden(text):
            made += text[end:start] + shown
            end = stop
        return made + text[end:] if end else text

    def _hidden(self, text: str) -> list[tuple[int, int, str]]:
        """Where secrets stand, in order. Of those that overlap, the longest gives the name."""
        found: list[tuple[int, int, str]] = []
        for word in _WORD.finditer(text):
            for at in range(word.start(), word.end() - _BEGINNING + 1):
                for value, shown in self.beginnings.get(text[at : at + _BEGINNING], ()):
                    if not text.startswith(value, at):
                        continue
                    stop = at + len(value)
                    if found and at < found[-1][1]:
                        before = found.pop()
                        longer = before[2] if before[1] - before[0] >= len(value) else shown
                        found.append((before[0], max(before[1], stop), longer))
                    else:
                        found.append((at, stop, shown))
        return found
