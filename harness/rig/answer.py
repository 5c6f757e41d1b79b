"""How a device reads the platform's answer (RESP-ROBUST, DL-RESPONSE, DL-SENML)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

_STATUS = re.compile(rb"^HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d+)[ \t]*\r?$")
_BASE = frozenset({"bn", "bt", "bu", "bv", "bs", "bver"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as read so far; ``whole`` says that the announced body is complete."""

    status: int | None
    body: bytes
    whole: bool


def read_answer(data: bytes) -> Answer:
    """Read a response from its bytes; a broken one gives a None status, never an error."""
    status = _STATUS.match(data)
    end = _HEAD_END.search(data)
    if status is None:
        return Answer(None, b"", whole=False)
    if end is None:
        return Answer(int(status[1]), b"", whole=False)
    length = _LENGTH.search(data, 0, end.end())
    body = data[end.end() :]
    whole = length is not None and len(body) >= int(length[1])
    return Answer(int(status[1]), body, whole)


def downlink_records(body: bytes) -> tuple[Mapping[str, object], ...]:
    """The measurements of a downlink in either base-record shape; none when it cannot be read."""
    try:
        pack = json.loads(body)
    except ValueError:
        return ()
    if not isinstance(pack, list):
        return ()
    plain = (
        {name: value for name, value in record.items() if name not in _BASE}
        for record in pack
        if isinstance(record, dict)
    )
    return tuple(record for record in plain if record)
