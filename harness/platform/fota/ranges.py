"""``Range`` of a request (RFC 9110 §14.1, §14.2) and the bytes it asks for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Literal, NamedTuple

_SPECIFIER = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(.*)", re.DOTALL)
_INT_RANGE = re.compile(r"([0-9]+)-([0-9]*)")
_SUFFIX_RANGE = re.compile(r"-([0-9]+)")
_OWS = " \t"
_DIGITS = 18  # no representation is as long as 10**18 bytes


class Span(NamedTuple):
    """Bytes ``first`` to ``last``, both included, counted from 0."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


class Asked(NamedTuple):
    """What a ``Range`` asks for: its bytes within the representation, and how it was written."""

    span: Span
    form: Literal["closed", "open", "suffix"]


class RangeProblem(Enum):
    """Why a ``Range`` gives no single run of bytes."""

    MALFORMED = "malformed"
    UNIT = "unit"
    SEVERAL = "several"
    UNSATISFIABLE = "unsatisfiable"


class RangeRefused(Exception):
    """Which problem, and one sentence about it."""

    def __init__(self, problem: RangeProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem
        self.message = message


def read_range(value: str, total: int) -> Asked:
    """The bytes that the field value ``value`` asks of a representation of ``total`` bytes.

    A last position past the end is cut to the end (§14.1.2). Raises :class:`RangeRefused`, whatever
    the text is.
    """
    found = _SPECIFIER.fullmatch(value.strip(_OWS))
    if found is None:
        raise RangeRefused(RangeProblem.MALFORMED, f"Range is {value[:80]!r}, not `bytes=a-b`")
    if found[1].lower() != "bytes":
        raise RangeRefused(RangeProblem.UNIT, f"the range unit is {found[1][:40]!r}, not `bytes`")
    # Empty elements of a list are ignored (§5.6.1.2).
    specs = [spec for item in found[2].split(",") if (spec := item.strip(_OWS))]
    asked = [_spec(spec, value) for spec in specs]
    if not asked:
        raise RangeRefused(RangeProblem.MALFORMED, f"Range is {value[:80]!r}, which names no bytes")
    if len(asked) > 1:
        raise RangeRefused(RangeProblem.SEVERAL, f"{len(asked)} ranges are asked for at once")
    first, last, length = asked[0]
    if length is not None:
        if not length:
            raise RangeRefused(RangeProblem.UNSATISFIABLE, "the last 0 bytes are asked for")
        return Asked(Span(max(0, total - length), total - 1), "suffix")
    if first >= total:
        raise RangeRefused(
            RangeProblem.UNSATISFIABLE,
            f"bytes from {first} on are asked for, but there are {total}",
        )
    end = total - 1 if last is None else min(last, total - 1)
    return Asked(Span(first, end), "open" if last is None else "closed")


def _spec(spec: str, value: str) -> tuple[int, int | None, int | None]:
    """First, last (None: to the end) and suffix length (None: no suffix) of one range."""
    suffix = _SUFFIX_RANGE.fullmatch(spec)
    if suffix is not None:
        return 0, None, _number(suffix[1])
    found = _INT_RANGE.fullmatch(spec)
    if found is None:
        raise RangeRefused(RangeProblem.MALFORMED, f"Range is {value[:80]!r}, not `bytes=a-b`")
    first, last = _number(found[1]), _number(found[2]) if found[2] else None
    if last is not None and last < first:
        raise RangeRefused(
            RangeProblem.MALFORMED, f"Range is {value[:80]!r}: it ends before it begins"
        )
    return first, last, None


def _number(digits: str) -> int:
    """Of numbers too long to be a position, only that they are too large matters."""
    plain = digits.lstrip("0")
    return int(plain or "0") if len(plain) <= _DIGITS else 10**_DIGITS


class Coverage:
    """A set of bytes as disjoint runs in ascending order."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self.spans: list[Span] = []
        for span in spans:
            self.add(span)

    def add(self, span: Span) -> None:
        """Take in the bytes of ``span``; runs that touch become one."""
        first, last = span
        apart: list[Span] = []
        for other in self.spans:
            if other.last + 1 < first or last + 1 < other.first:
                apart.append(other)
            else:
                first, last = min(first, other.first), max(last, other.last)
        self.spans = sorted([*apart, Span(first, last)])

    def remove(self, span: Span) -> None:
        """Take out the bytes of ``span``."""
        left: list[Span] = []
        for other in self.spans:
            if other.first < span.first:
                left.append(Span(other.first, min(other.last, span.first - 1)))
            if other.last > span.last:
                left.append(Span(max(other.first, span.last + 1), other.last))
        self.spans = left

    def missing(self, total: int) -> list[Span]:
        """The runs of bytes 0 to ``total`` - 1 that are not there."""
        gaps = Coverage([Span(0, total - 1)] if total else [])
        for span in self.spans:
            gaps.remove(span)
        return gaps.spans

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return sum(span.size for span in self.spans)


def shown(spans: Iterable[Span]) -> str:
    """For people: the first few runs, and how many more."""
    listed = list(spans)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return ", ".join(map(str, listed[:3])) + more
