"""Print the JSON Schema of rig, scenario or devices files.

The schemas are made from the models; the copies in harness/schemas are kept equal by a test.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from harness.errors import UsageError

EXAMPLE = "hil schema scenario > scenario.schema.json"
KINDS = ("scenario", "rig", "devices")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=KINDS, help="which schema")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write all of them there")


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one kind of file."""
    from harness.files import Model
    from harness.rig.models import RigFile
    from harness.rig.registration import DevicesFile
    from harness.scenario.file_model import ScenarioModel

    models: dict[str, type[Model]] = {
        "scenario": ScenarioModel,
        "rig": RigFile,
        "devices": DevicesFile,
    }
    made = models[kind].model_json_schema(by_alias=True)
    if kind == "scenario":
        made = _or_placeholder(made)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _or_placeholder(node: dict[str, Any]) -> dict[str, Any]:
    """Where a number or one of some words is wanted, a ``${parameter}`` may stand as well."""
    made: dict[str, Any] = {}
    for key, value in node.items():
        if key in ("properties", "$defs"):
            made[key] = {name: _or_placeholder(inner) for name, inner in value.items()}
        elif key in ("anyOf", "oneOf", "allOf"):
            made[key] = [_or_placeholder(inner) for inner in value]
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            made[key] = _or_placeholder(value)
        else:
            made[key] = value
    if made.get("type") in ("integer", "number", "boolean") or "enum" in made or "const" in made:
        return {"anyOf": [made, {"type": "string", "pattern": r"\$\{[a-z]"}]}
    return made


def text_of(kind: str) -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema(kind), indent=2, sort_keys=True) + "\n"


def run(arguments: argparse.Namespace) -> int:
    if arguments.write is None:
        print(text_of(arguments.kind), end="")
        return 0
    for kind in KINDS:
        path = arguments.write / f"{kind}.schema.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text_of(kind), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from error
        print(path)
    return 0
