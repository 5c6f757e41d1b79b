"""Plain YAML read in one pass: no anchors, tags or other rarities, and nothing that is wrong.

Most files are so, and those with thousands of devices are read several times faster than by way of
a graph of nodes. Whatever is not plain is left to :mod:`harness.files.strict_yaml`, which takes it
or says what is wrong and where; a property test holds the two to the same data.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
MAX_DEPTH = 64
MAX_NODES = 200_000  # aliases of aliases grow without bound
Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # resolves nothing: all is text


class NotPlain(Exception):
    """The text needs a closer look; it may well be right."""


_NO_KEY: Final = object()


def plain_data(text: str) -> Any:
    """The data of a plain text. Raises :class:`NotPlain` for any other."""
    try:
        return _read(text)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise NotPlain from error


def _read(text: str) -> Any:
    root: Any = None
    inside: Any = None  # the collection being filled: None, a list or a dict
    key: Any = _NO_KEY  # of the value that comes next, in a dict
    outside: list[tuple[Any, Any]] = []
    values = documents = 0
    event: Any  # its class says which fields it has
    for event in yaml.parse(text, Loader=Loader):
        kind = type(event)
        if kind is yaml.ScalarEvent:
            value = event.value
            if event.anchor is not None or event.tag is not None:
                raise NotPlain
            if key is _NO_KEY and type(inside) is dict:
                if value in inside or value == "<<":
                    raise NotPlain
                key = value
                continue
            if value in NULLS and not event.style:
                value = None
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            if event.anchor is not None or event.tag is not None or len(outside) >= MAX_DEPTH:
                raise NotPlain
            if key is _NO_KEY and type(inside) is dict:
                raise NotPlain
            outside.append((inside, key))
            inside, key = {} if kind is yaml.MappingStartEvent else [], _NO_KEY
            continue
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            value = inside
            inside, key = outside.pop()
        elif kind is yaml.AliasEvent:
            raise NotPlain
        else:
            documents += kind is yaml.DocumentStartEvent
            if documents > 1:
                raise NotPlain
            continue
        values += 1
        if values > MAX_NODES:
            raise NotPlain
        if inside is None:
            root = value
        elif key is _NO_KEY:
            inside.append(value)
        else:
            inside[key] = value
            key = _NO_KEY
    return root
