"""What is wrong with a value in a file, in words of the file, not of the program that read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_MAPPING = "a mapping is wanted here, keys with values"
_WORDS = {
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "list_type": "a list is wanted here, [a, b] or lines that begin with a hyphen",
    "string_type": "text is wanted here",
    "int_parsing": "a whole number is wanted here",
    "float_parsing": "a number is wanted here",
}
_PATTERNS = {
    r"^[a-z0-9][a-z0-9-]{0,40}$": "a name has lower-case letters, digits and hyphens, 41 at most",
    r"^[a-z0-9]+([.-][a-z0-9]+)*$": (
        "write lower-case letters and digits, with single dots or hyphens between them"
    ),
    r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$": (
        "a UUID is 32 hex digits, grouped 8-4-4-4-12"
    ),
    r"^\d+\.\d+\.\d+\.\d+:\d+$": "write an IPv4 address and a port, such as 10.151.236.157:80",
    r"^[^\s:]+:\d{1,5}$": "write HOST:PORT",
    r"^[0-9A-Za-z.-]+:\d+$": "write HOST:PORT",
}
_NOT_OF_THE_FILE = re.compile(r"\[key\]|str|int|float|bool|.*[\[(].*")
"""How pydantic names keys themselves, and the members of a union, behind the names of the file."""


_SHOWN = 80  # characters of a wrong value


def told(items: Sequence[Any]) -> list[Any]:
    """Without "text is wanted here" where a mapping is there, and what is wrong in it is told."""
    mappings = {item["loc"][:-1] for item in items if item["loc"][-1:] != ("str",)}
    mappings |= {item["loc"][:-2] for item in items if item["loc"][-2:-1] != ("str",)}
    return [
        item
        for item in items
        if item["type"] != "string_type"
        or item["loc"][-1:] != ("str",)
        or item["loc"][:-1] not in mappings
    ]


def sentence(item: Any) -> str:
    """One problem as pydantic tells it (an entry of ``errors()``), where and what."""
    names = [str(part) for part in item["loc"] if not isinstance(part, int)]
    name = names[-1] if names else "the file"
    above = f" in {'.'.join(names[:-1])}" if len(names) > 1 else ""
    while names and _NOT_OF_THE_FILE.fullmatch(names[-1]):
        names.pop()
    where = ".".join(names)
    match item["type"]:
        case "empty_key":
            return f"{item['ctx']['key']!r} has no value: give it one or leave the key out"
        case "extra_forbidden":
            return f"unknown key {name!r}{above}"
        case "missing":
            return f"missing key {name!r}{above}"
        case "value_error":
            message = str(item["ctx"]["error"])
            return f"{where}: {message}" if where else message
        case "union_tag_invalid":
            kind, known = item["ctx"]["tag"], item["ctx"]["expected_tags"]
            return f"{where}: unknown {item['ctx']['discriminator']} {kind!r}; known: {known}"
        case "string_pattern_mismatch" if item["ctx"]["pattern"] in _PATTERNS:
            return f"{where}: {_PATTERNS[item['ctx']['pattern']]}, not {_shown(item['input'])}"
        case _:
            message = _WORDS.get(item["type"]) or item["msg"][0].lower() + item["msg"][1:]
            shown = item.get("input")
            got = f", got {_shown(shown)}" if isinstance(shown, str | int | float | bool) else ""
            return f"{where}: {message}{got}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
