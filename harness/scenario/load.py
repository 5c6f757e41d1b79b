"""From scenario files to runnable cases: parameters filled in, needs worked out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import FileError
from harness.files import Document, load_document, validate
from harness.scenario.file_model import ScenarioModel
from harness.scenario.needs import needs_of

_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")

RUN_TIME_NAMES = frozenset({"imei", "dvnuuid", "name"})
"""Placeholders that are filled in when a device has been chosen."""

MAX_CASES_PER_FILE = 500


def shown_path(path: Path | str) -> str:
    """A path as people find it from where they are: relative when it lies below."""
    here, file = Path.cwd(), Path(path).absolute()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario with its parameters: what pytest collects as an item."""

    id: str
    file: Path
    model: ScenarioModel
    document: Document
    values: Mapping[str, str]
    needs: frozenset[str]

    @property
    def shown_file(self) -> str:
        """The scenario's file as people find it from where they are."""
        return shown_path(self.file)

    def step_lines(self, index: int) -> tuple[int, int]:
        """First and last line of a step in the file."""
        return self.document.lines_of(("steps", index))

    def step_text(self, index: int) -> str:
        """The step's own lines as written, with the case's parameters filled in."""
        first, last = self.step_lines(index)
        lines = self.file.read_text(encoding="utf-8").splitlines()[first - 1 : last]
        while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
            lines.pop()
        return str(_fill("\n".join(lines), self.values))


def load_cases(path: Path) -> list[Case]:
    """All cases of a scenario file. Raises :class:`~harness.errors.FileError`."""
    document = load_document(path)
    data = document.data
    if not isinstance(data, dict) or "parametrize" not in data:
        _check_placeholders(document, data, frozenset())
        model = validate(document, ScenarioModel, data)
        return [Case(model.id, path, model, document, {}, needs_of(model))]
    return list(_parametrized(path, document, data))


def _parametrized(path: Path, document: Document, data: dict[str, Any]) -> Iterator[Case]:
    rows = list(_rows(document, data["parametrize"]))
    if len(rows) > MAX_CASES_PER_FILE:
        raise FileError(
            document.locate(("parametrize",)),
            f"{len(rows)} cases in one file; at most {MAX_CASES_PER_FILE}",
        )
    seen: set[str] = set()
    for row in rows:
        _check_placeholders(document, data, frozenset(row))
        model = validate(document, ScenarioModel, _fill(data, row))
        suffix = row.get("id") or ",".join(f"{name}={value}" for name, value in row.items())
        case_id = f"{model.id}[{suffix}]"
        if case_id in seen:
            raise FileError(
                document.locate(("parametrize",)), f"two sets of parameters are named {suffix!r}"
            )
        seen.add(case_id)
        yield Case(case_id, path, model, document, row, needs_of(model))


def _rows(document: Document, spec: Any) -> Iterator[dict[str, str]]:
    place = document.locate(("parametrize",))
    if isinstance(spec, dict) and spec:
        if not all(
            isinstance(values, list) and values and all(isinstance(v, str) for v in values)
            for values in spec.values()
        ):
            raise FileError(place, "parametrize: give each name a list of values")
        for combination in itertools.product(*spec.values()):
            yield dict(zip(spec, combination, strict=True))
    elif isinstance(spec, list) and spec:
        names = set(spec[0]) if isinstance(spec[0], dict) else set()
        for number, row in enumerate(spec):
            if not isinstance(row, dict) or not all(isinstance(v, str) for v in row.values()):
                raise FileError(
                    document.locate(("parametrize", number)),
                    "parametrize: each set is a mapping of names to values",
                )
            if set(row) != names:
                raise FileError(
                    document.locate(("parametrize", number)),
                    f"parametrize: this set names {', '.join(sorted(row))}; "
                    f"the first names {', '.join(sorted(names))}",
                )
            yield row
    else:
        raise FileError(
            place, "parametrize: a mapping of names to lists of values, or a list of mappings"
        )


def _fill(value: Any, row: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        if "${" not in value:
            return value
        return _PLACEHOLDER.sub(lambda match: row.get(match[1], match[0]), value)
    if isinstance(value, dict):
        return {key: _fill(item, row) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, row) for item in value]
    return value


def _check_placeholders(document: Document, data: Any, names: frozenset[str]) -> None:
    for path, text in _texts(data, ()):
        for match in _PLACEHOLDER.finditer(text):
            if match[1] not in names and match[1] not in RUN_TIME_NAMES:
                known = ", ".join(sorted(names | RUN_TIME_NAMES))
                raise FileError(
                    document.locate(path), f"unknown placeholder {match[0]}; known here: {known}"
                )


def _texts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        if "${" in value:
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, (*path, number))
