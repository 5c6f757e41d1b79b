"""YAML read with libyaml, made strict, with every scalar left as the text that was written.

YAML 1.1 guesses types: ``NO`` becomes false, ``012`` ten, ``12:30:00`` 45000, ``+31…`` a number.
Here no scalar is guessed: each stays text (only ``null``, ``~`` and nothing at all become None)
and the *schema* decides what it means. Duplicate keys, tags, merge keys, several documents and
recursive aliases are errors at their own line and column.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from harness.errors import FileError, Location, UsageError
from harness.files.plain_yaml import MAX_DEPTH, MAX_NODES, NULLS, Loader, NotPlain, plain_data

_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))

Path_ = Sequence[str | int]


@dataclass(frozen=True)
class Document:
    """A YAML file as plain data, and its text for finding places again."""

    file: str
    data: Any
    text: str = field(repr=False)

    @cached_property
    def root(self) -> yaml.Node | None:
        """The graph of nodes, made when it is first needed: for most files it never is."""
        root: yaml.Node | None = yaml.compose(self.text, Loader=Loader)
        return root

    def locate(self, path: Path_) -> Location:
        """The place of the value at ``path``; of its key when nothing was written there.

        Parts that do not exist in the file are left out, so a missing key is reported at the
        mapping that should hold it.
        """
        key, node = self._find(path)
        empty = isinstance(node, yaml.ScalarNode) and not node.style and not node.value
        return self._place(key if empty and key is not None else node)

    def locate_key(self, path: Path_) -> Location:
        """The place of the key at ``path``, or of the value where there is no key."""
        key, node = self._find(path)
        return self._place(key or node)

    def _find(self, path: Path_) -> tuple[yaml.Node | None, yaml.Node | None]:
        key, node = None, self.root
        for part in path:
            found = self._child(node, part)
            if found is not None:  # pydantic adds names of union members and the like
                key, node = found
        return key, node

    def _child(
        self, node: yaml.Node | None, part: str | int
    ) -> tuple[yaml.Node | None, yaml.Node] | None:
        if isinstance(node, yaml.MappingNode):
            keys = self._keys.get(id(node))
            if keys is None:
                keys = self._keys[id(node)] = {pair[0].value: pair for pair in node.value}
            return keys.get(str(part))
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            return None, node.value[part]
        return None

    @cached_property
    def _keys(self) -> dict[int, dict[str, tuple[yaml.Node, yaml.Node]]]:
        """By mapping: with thousands of mistakes in thousands of devices, no search for each."""
        return {}

    def _place(self, node: yaml.Node | None) -> Location:
        if node is None:
            return Location(self.file)
        return Location(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def lines_of(self, path: Path_) -> tuple[int, int]:
        """First and last line (from 1) of the value at ``path``."""
        node = self.root
        for part in path:
            found = self._child(node, part)
            if found is not None:
                node = found[1]
        if node is None:
            return 1, 1
        return node.start_mark.line + 1, _last_line(node)


def _last_line(node: yaml.Node) -> int:
    """The last line (from 1) with anything of ``node`` on it.

    A block collection ends, for libyaml, where the next thing begins; so its last child decides.
    """
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end = node.end_mark
    return max(end.line + (1 if end.column else 0), node.start_mark.line + 1)


def load_document(path: Path) -> Document:
    """Read a YAML file. Raises :class:`~harness.errors.FileError` or ``UsageError``."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):  # a serial port would be waited for, for ever
            raise UsageError(f"cannot read {path}: it is a device; name a YAML file")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FileError(Location(str(path)), f"not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    return parse_document(text, str(path))


def parse_document(text: str, file: str) -> Document:
    """The same for text that is already in memory."""
    try:
        return Document(file, plain_data(text), text)
    except NotPlain:
        return _parse_closely(text, file)


def _parse_closely(text: str, file: str) -> Document:
    try:
        _refuse_deep_nesting(text, file)
        root = yaml.compose(text, Loader=Loader)
    except yaml.reader.ReaderError as error:
        # libyaml counts bytes of what it was given, which is UTF-8
        before = text.encode("utf-8", "replace")[: error.position].decode("utf-8", "ignore")
        place = Location(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise FileError(place, f"not valid YAML: {error.reason}") from error
    except UnicodeEncodeError as error:
        raise FileError(Location(file), f"not Unicode text (character {error.start})") from error
    except yaml.composer.ComposerError as error:
        mark = error.problem_mark or error.context_mark
        place = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
        what = " ".join(filter(None, (error.context, error.problem)))
        if "another document" in what:
            what = "a second document (---) begins here; one file holds one document"
        raise FileError(place, f"not valid YAML: {what}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
        what = " ".join(filter(None, (error.context, error.problem)))
        raise FileError(place, f"not valid YAML: {what}") from error
    except yaml.YAMLError as error:
        raise FileError(Location(file), f"not valid YAML: {error}") from error
    return Document(file, None if root is None else _Builder(file).build(root, 0), text)


def _refuse_deep_nesting(text: str, file: str) -> None:
    """libyaml composes recursively: a text nested 100,000 deep would end the process."""
    if sum(text.count(opener) for opener in "[{-:?") <= 2_000:
        return
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH + 1:
                mark = event.start_mark
                raise FileError(
                    Location(file, mark.line + 1, mark.column + 1) if mark else Location(file),
                    f"nested deeper than {MAX_DEPTH} levels",
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Builder:
    def __init__(self, file: str) -> None:
        self._file = file
        self._nodes = 0
        self._open: set[int] = set()

    def _fail(self, node: yaml.Node, message: str) -> FileError:
        mark = node.start_mark
        return FileError(Location(self._file, mark.line + 1, mark.column + 1), message)

    def build(self, node: yaml.Node, depth: int) -> Any:
        if node.tag not in _PLAIN_TAGS:
            raise self._fail(node, f"tags are not allowed: {node.tag}")
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._fail(node, f"more than {MAX_NODES} values, aliases written out")
        if isinstance(node, yaml.ScalarNode):
            if not node.style and node.value in NULLS:
                return None
            return node.value
        if id(node) in self._open:
            raise self._fail(node, "an alias may not contain itself")
        if depth > MAX_DEPTH:
            raise self._fail(node, f"nested deeper than {MAX_DEPTH} levels")
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.build(item, depth + 1) for item in node.value]
            assert isinstance(node, yaml.MappingNode)  # nothing else is left
            return self._mapping(node, depth)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._fail(key, "a key must be plain text")
            if key.tag not in _PLAIN_TAGS:
                raise self._fail(key, f"tags are not allowed: {key.tag}")
            if key.value == "<<" and not key.style:
                raise self._fail(key, "merge keys (<<) are not supported; write the keys out")
            if key.value in result:
                raise self._fail(key, f"duplicate key {key.value!r}")
            result[key.value] = self.build(value, depth + 1)
        return result
