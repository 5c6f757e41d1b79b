"""Response faults that a scenario can ask for, and what each does to the bytes of a response.

A device survives all of them (RESP-ROBUST). Faults are data; :func:`deliver` turns a response and
the faults on it into a :class:`Delivery`, which the connection then carries out. Pure.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from harness.errors import UsageError
from harness.platform.findings import Outcome
from harness.platform.responses import Response
from harness.platform.settings import ResponseCodes


@dataclass(frozen=True, slots=True)
class Late:
    """The response comes ``seconds`` (host time) late."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Split:
    """The response comes in ``pieces`` segments of about equal size, ``gap`` seconds apart."""

    pieces: int = 2
    gap: float = 0.05


@dataclass(frozen=True, slots=True)
class NoReasonPhrase:
    """The status line ends after the code, as in ``HTTP/1.1 202``."""


@dataclass(frozen=True, slots=True)
class LowerCaseHeaders:
    """All header names are in lower case."""


@dataclass(frozen=True, slots=True)
class Empty:
    """The connection is closed (FIN) without a single byte of response."""


@dataclass(frozen=True, slots=True)
class NoBody:
    """The response has no body, whatever was due."""


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset (RST) instead of a response."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The response is that of ``outcome``, whatever the verdict is."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class CloseAfterHeader:
    """The head comes in full, then the connection is closed before the body."""


@dataclass(frozen=True, slots=True)
class TruncateBody:
    """The last ``missing`` bytes of the response (of its body when there is one) never come."""

    missing: int = 1


@dataclass(frozen=True, slots=True)
class Status:
    """The response has the status ``code`` and no body."""

    code: int


@dataclass(frozen=True, slots=True)
class WrongCrc:
    """The ``Digest`` of a part of firmware is not that of its bytes."""


@dataclass(frozen=True, slots=True)
class DamagedPart:
    """One bit of a part of firmware is flipped; its ``Digest`` is that of the right bytes."""


@dataclass(frozen=True, slots=True)
class ShortPart:
    """A part of firmware lacks its last ``missing`` bytes; ``Content-Length`` says so too."""

    missing: int = 1


@dataclass(frozen=True, slots=True)
class ExpiredToken:
    """The token of the firmware expires just before this request."""


Fault = (
    Late
    | Split
    | NoReasonPhrase
    | LowerCaseHeaders
    | Empty
    | NoBody
    | Reset
    | Refuse
    | CloseAfterHeader
    | TruncateBody
    | Status
    | WrongCrc
    | DamagedPart
    | ShortPart
    | ExpiredToken
)

FAULTS: Mapping[str, type[Fault]] = {
    "late": Late,
    "split": Split,
    "no-reason-phrase": NoReasonPhrase,
    "lower-case-headers": LowerCaseHeaders,
    "empty": Empty,
    "no-body": NoBody,
    "reset": Reset,
    "refuse": Refuse,
    "close-after-header": CloseAfterHeader,
    "truncate-body": TruncateBody,
    "status": Status,
    "wrong-crc": WrongCrc,
    "damaged-part": DamagedPart,
    "short-part": ShortPart,
    "expired-token": ExpiredToken,
}
_NAMES = {kind: name for name, kind in FAULTS.items()}


def fault_name(fault: Fault) -> str:
    return _NAMES[type(fault)]


def make_fault(name: str, parameters: Mapping[str, Any] | None = None) -> Fault:
    """A fault from plain data, for example ``make_fault("late", {"seconds": 5})``.

    Raises :class:`UsageError` for an unknown name, parameter or value.
    """
    kind = FAULTS.get(name)
    if kind is None:
        raise UsageError(f"there is no response fault {name!r}; known: {', '.join(FAULTS)}")
    given = dict(parameters or {})
    known = [item.name for item in fields(kind)]
    for key in given:
        if key not in known:
            takes = ", ".join(known) or "no parameters"
            raise UsageError(f"response fault {name}: unknown parameter {key!r}; it takes {takes}")
    if "outcome" in given:
        try:
            given["outcome"] = Outcome(given["outcome"])
        except ValueError:
            names = ", ".join(Outcome)
            raise UsageError(
                f"response fault refuse: outcome is one of {names}, not {given['outcome']!r}"
            ) from None
    for key, (low, high, whole) in _RANGES.items():
        if key in given:
            value = given[key]
            number = isinstance(value, int) or (isinstance(value, float) and not whole)
            if isinstance(value, bool) or not number or not low <= value <= high:
                raise UsageError(
                    f"response fault {name}: {key} is a{' whole' if whole else ''} number from "
                    f"{low} to {high}, not {value!r}"
                )
    try:
        return kind(**given)
    except TypeError:
        missing = ", ".join(key for key in known if key not in given)
        raise UsageError(f"response fault {name} needs {missing}") from None


_RANGES: Mapping[str, tuple[float, float, bool]] = {
    "seconds": (0, 3600, False),
    "pieces": (1, 100_000, True),
    "gap": (0, 600, False),
    "missing": (1, 1_000_000, True),
    "code": (100, 999, True),
}


class Step(NamedTuple):
    """Wait ``delay_s`` (host time), then write ``data``."""

    delay_s: float
    data: bytes


class Delivery(NamedTuple):
    """How a response goes out. ``whole``: the peer gets all of it."""

    steps: tuple[Step, ...]
    end: Literal["keep", "close", "reset"]
    whole: bool

    @property
    def data(self) -> bytes:
        return b"".join(step.data for step in self.steps)


def altered(response: Response, faults: Sequence[Fault], codes: ResponseCodes) -> Response:
    """The response after those faults that change what it says."""
    for fault in faults:
        match fault:
            case Refuse(outcome):
                response = Response(codes.of(outcome), close=response.close)
            case Status(code):
                response = Response(code, close=response.close)
            case NoBody():
                response = replace(response, body=b"", content_type="")
            case WrongCrc():
                response = replace(response, headers=tuple(map(_wrong_crc, response.headers)))
            case DamagedPart() if response.body:
                damaged = bytes((response.body[0] ^ 1,)) + response.body[1:]
                response = replace(response, body=damaged)
            case ShortPart(missing):
                kept = max(0, len(response.body) - missing)
                response = replace(response, body=response.body[:kept])
            case _:
                pass
    return response


def _wrong_crc(header: tuple[str, str]) -> tuple[str, str]:
    name, value = header
    kind, _, crc = value.partition("=")
    return header if name != "Digest" else (name, f"{kind}={int(crc, 16) ^ 0xFFFFFFFF:08x}")


def deliver(response: Response, faults: Sequence[Fault]) -> Delivery:
    """How ``response`` goes out under ``faults``; several may apply to one response."""
    kinds = {type(fault) for fault in faults}
    head = response.head(reason=NoReasonPhrase not in kinds, lower_case=LowerCaseHeaders in kinds)
    delay = sum(fault.seconds for fault in faults if isinstance(fault, Late))
    if Reset in kinds:
        return Delivery((Step(delay, b""),), "reset", False)
    if Empty in kinds:
        return Delivery((Step(delay, b""),), "close", False)
    data, whole = head + response.body, True
    for fault in faults:
        if isinstance(fault, TruncateBody):
            data, whole = data[: max(0, len(data) - fault.missing)], False
    if CloseAfterHeader in kinds:
        data, whole = head, not response.body
    split = next((fault for fault in faults if isinstance(fault, Split)), None)
    steps = [Step(delay, data)]
    if split is not None and data:
        pieces = min(split.pieces, len(data))
        cuts = [round(index * len(data) / pieces) for index in range(pieces + 1)]
        parts = [data[start:end] for start, end in pairwise(cuts)]
        steps = [Step(split.gap if at else delay, part) for at, part in enumerate(parts)]
    ends = response.close or not whole or CloseAfterHeader in kinds
    return Delivery(tuple(steps), "close" if ends else "keep", whole)


@dataclass(slots=True)
class _Planned:
    faults: tuple[Fault, ...]
    device: str | None
    left: int
    skip: int


class FaultPlan:
    """Which faults the next responses get. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []

    def add(self, *faults: Fault, device: str | None = None, count: int = 1, skip: int = 0) -> None:
        """Put ``faults`` (together) on the next ``count`` responses to ``device``, or to anybody,
        after ``skip`` more without.

        What is added later applies after what was added before it is used up.
        """
        if count < 1:
            raise UsageError(f"a response fault applies to at least one response, not {count}")
        if not faults:
            raise UsageError("no response fault was named")
        with self._lock:
            self._planned.append(_Planned(faults, device, count, skip))

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    @property
    def pending(self) -> int:
        """How many responses still have a fault coming."""
        return sum(planned.left for planned in self._planned)

    def take(self, device: str | None) -> tuple[Fault, ...]:
        """The faults of the response that is being made now."""
        if not self._planned:
            return ()
        with self._lock:
            for planned in self._planned:
                if planned.device is None or planned.device == device:
                    if planned.skip:
                        planned.skip -= 1
                        continue
                    planned.left -= 1
                    if not planned.left:
                        self._planned.remove(planned)
                    return planned.faults
        return ()
