"""The listing's query: parameters read strictly, filtered, sorted, cut into pages.

Documented (facts §5, downlinks 0.8.0): ``limit`` (50), ``sort`` (fields separated by comma, ``-``
for descending), ``q`` (tagValue exactly, networkId and message in part, with regard to case),
``createdBefore``/``modifiedBefore`` (before), ``createdSince``/``modifiedSince`` (at or after),
``deviceId`` (exactly; the connection-specific ones), and ``cursor``, which holds all that is needed
for a page: here the query itself and the last downlink of the page before, so that paging is not
disturbed by downlinks that come meanwhile.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from harness.clock.scenario import from_ns, to_ns
from harness.errors import HilError
from harness.platform.actuator.model import Entry, WrongRequest

Key = int | str

_FIELDS: Mapping[str, Callable[[Entry], Key]] = {
    "createdAt": lambda entry: entry.created_ns,
    "modifiedAt": lambda entry: entry.modified_ns,
    "name": lambda entry: entry.device,
    "networkId": lambda entry: entry.network_id,
    "deviceId": lambda entry: entry.device_id,
    "tagValue": lambda entry: entry.tag,
    "connectionType": lambda entry: entry.connection,
    "status": lambda entry: entry.status,
    "id": lambda entry: entry.id,
}
_MOMENTS = ("createdBefore", "createdSince", "modifiedBefore", "modifiedSince")
PARAMETERS: Mapping[str, str] = {
    "cursor": "The nextCursor of the page before; it holds the whole query.",
    "limit": "So many downlinks per page.",
    "sort": f"Fields separated by comma, - before one for descending: {', '.join(_FIELDS)}.",
    "q": "Only downlinks with this tagValue, or with this in networkId or message.",
    "createdBefore": "Only downlinks created before this moment (ISO 8601).",
    "createdSince": "Only downlinks created at or after this moment.",
    "modifiedBefore": "Only downlinks modified before this moment.",
    "modifiedSince": "Only downlinks modified at or after this moment.",
    "deviceId": "Only downlinks of the device with this UUID.",
}
"""What a listing can be asked, with a sentence for each."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for. Moments are scenario time in ns since 1970; ``after`` are the sort keys of
    the last downlink of the page before."""

    limit: int
    sort: tuple[tuple[str, bool], ...] = ()
    q: str | None = None
    device_id: str | None = None
    created_before: int | None = None
    created_since: int | None = None
    modified_before: int | None = None
    modified_since: int | None = None
    after: tuple[Key, ...] | None = None

    def page(self, entries: Iterable[Entry]) -> tuple[list[Entry], str | None]:
        """The downlinks of this page, and the cursor of the next one, if there is any."""
        found = [entry for entry in entries if self._wanted(entry)]
        found.sort(key=_submitted)
        for name, down in reversed(self.sort):  # the first one counts most, so it comes last
            found.sort(key=_FIELDS[name], reverse=down)
        if self.after is not None:
            found = [entry for entry in found if self._compare(self._keys(entry), self.after) > 0]
        page = found[: self.limit]
        more = len(found) > len(page)
        return page, self.cursor(page[-1]) if more else None

    def cursor(self, last: Entry) -> str:
        """What leads to the page after ``last``."""
        held = {
            "limit": self.limit,
            "sort": [("-" if down else "") + name for name, down in self.sort],
            "q": self.q,
            "deviceId": self.device_id,
            **{name: _of_ns(getattr(self, _snake(name))) for name in _MOMENTS},
            "after": list(self._keys(last)),
        }
        kept = {name: value for name, value in held.items() if value not in (None, [])}
        text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")

    def _wanted(self, entry: Entry) -> bool:
        created, modified = entry.created_ns, entry.modified_ns
        return (
            (self.device_id is None or entry.device_id == self.device_id)
            and (self.created_before is None or created < self.created_before)
            and (self.created_since is None or created >= self.created_since)
            and (self.modified_before is None or modified < self.modified_before)
            and (self.modified_since is None or modified >= self.modified_since)
            and (
                self.q is None
                or entry.tag == self.q
                or self.q in entry.network_id
                or self.q in entry.message
            )
        )

    def _keys(self, entry: Entry) -> tuple[Key, ...]:
        """What it is sorted by; order of submission decides between equals."""
        asked = tuple(_FIELDS[name](entry) for name, _ in self.sort)
        return (*asked, *_submitted(entry))

    def _compare(self, one: Sequence[Key], other: Sequence[Key]) -> int:
        downwards = [down for _, down in self.sort] + [False] * (len(one) - len(self.sort))
        for a, b, down in zip(one, other, downwards, strict=True):
            if a != b:
                return -1 if _less(a, b) != down else 1
        return 0


def _submitted(entry: Entry) -> tuple[int, str, int]:
    """Order of submission."""
    return entry.created_ns, entry.connection, entry.number


def read_query(
    pairs: Iterable[tuple[str, str]], limit: int, maximum: int, by_device: bool
) -> Query:
    """The query of a listing. ``by_device``: whether it takes ``deviceId``.

    Raises :class:`WrongRequest` naming the parameter and what would do.
    """
    given: dict[str, str] = {}
    allowed = [name for name in PARAMETERS if by_device or name != "deviceId"]
    for name, value in pairs:
        if name not in allowed:
            raise WrongRequest(
                f"there is no parameter {name[:60]!r}; there are {', '.join(allowed)}"
            )
        if name in given:
            raise WrongRequest(f"{name} is there twice")
        if not value:
            raise WrongRequest(f"{name} is empty; leave it out instead")
        given[name] = value
    cursor = given.pop("cursor", None)
    held = _opened(cursor) if cursor is not None else {}
    after = held.pop("after", None)
    query = _read({**held, **given}, limit, maximum)
    if after is None:
        return query
    if replace(query, limit=limit) != replace(_read(held, limit, maximum), limit=limit):
        raise WrongRequest(
            "the cursor belongs to another query than this one. It holds the whole query: send it "
            "alone, or begin anew without it"
        )
    return replace(query, after=_checked_after(after, query))


def _read(given: Mapping[str, str], limit: int, maximum: int) -> Query:
    wanted = given.get("deviceId")
    if wanted is not None:
        _check_uuid(wanted)

    def moment(name: str) -> int | None:
        return _moment(name, given[name]) if name in given else None

    return Query(
        _limit(given["limit"], maximum) if "limit" in given else limit,
        _sort(given["sort"]) if "sort" in given else (),
        given.get("q"),
        wanted,
        moment("createdBefore"),
        moment("createdSince"),
        moment("modifiedBefore"),
        moment("modifiedSince"),
    )


def _limit(text: str, maximum: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= number <= maximum:
        raise WrongRequest(f"limit is a whole number from 1 to {maximum}, not {text[:40]!r}")
    return number


def _sort(text: str) -> tuple[tuple[str, bool], ...]:
    fields: list[tuple[str, bool]] = []
    for part in text.split(","):
        name = part.removeprefix("-")
        if name not in _FIELDS:
            raise WrongRequest(
                f"sort: there is no field {name[:60]!r}; there are {', '.join(_FIELDS)}, separated "
                "by comma, with - before one for descending"
            )
        if name in (known for known, _ in fields):
            raise WrongRequest(f"sort: {name} is there twice")
        fields.append((name, part.startswith("-")))
    return tuple(fields)


def _moment(name: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        if "T" in text.upper() and moment.tzinfo is not None:
            return to_ns(moment.astimezone(UTC))
    except (ValueError, OverflowError, HilError):
        pass
    hint = "; a + in a query is written %2B" if " " in text else ""
    raise WrongRequest(
        f"{name} is a date and time in ISO 8601 with a time zone, for example "
        f"2025-05-01T00:00:00Z, not {text[:60]!r}{hint}"
    )


def _check_uuid(text: str) -> None:
    try:
        usual = str(uuid.UUID(text)) == text.lower()
    except ValueError:
        usual = False
    if not usual:
        raise WrongRequest(f"deviceId is a UUID, not {text[:60]!r}; GET /api/devices shows them")


def _opened(cursor: str) -> dict[str, Any]:
    """What a cursor holds, as parameters. Raises :class:`WrongRequest` for one we did not make."""
    wrong = WrongRequest("this cursor is none of ours; take nextCursor of the page before as it is")
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        held = json.loads(raw.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise wrong from None
    if not isinstance(held, dict) or "after" not in held or not set(held) <= {*PARAMETERS, "after"}:
        raise wrong
    limit, sort = held.get("limit"), held.get("sort", [])
    if (
        not isinstance(sort, list)
        or not isinstance(limit, int)
        or not isinstance(held["after"], list)
    ):
        raise wrong
    opened = {**held, "limit": str(limit)}
    if sort:
        opened["sort"] = ",".join(map(str, sort))
    if not all(isinstance(opened[name], str) for name in set(opened) - {"after"}):
        raise wrong
    return opened


def _checked_after(after: list[Any], query: Query) -> tuple[Key, ...]:
    names = [*(name for name, _ in query.sort), "createdAt", "connectionType", "number"]
    kinds = [int if name in ("createdAt", "modifiedAt", "number") else str for name in names]
    if len(after) != len(kinds) or any(type(a) is not b for a, b in zip(after, kinds, strict=True)):
        raise WrongRequest("this cursor is none of ours; take nextCursor as it is")
    return tuple(after)


def _less(a: Key, b: Key) -> bool:
    if isinstance(a, int) and isinstance(b, int):
        return a < b
    return str(a) < str(b)


def _of_ns(at_ns: int | None) -> str | None:
    return None if at_ns is None else from_ns(at_ns).isoformat()


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)
