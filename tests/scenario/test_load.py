"""Scenario files: parameters, needs, and errors at their place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from harness.cli.schema import KINDS, text_of
from harness.errors import FileError
from harness.scenario.load import load_cases

ROOT = Path(__file__).parents[2]
HEAD = "id: a.b\ntitle: A title of some length\nverifies: [TOKEN-FORMULA]\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("spec", "ids"),
    [
        ("{a: [1, 2], b: [x, y]}", ["a=1,b=x", "a=1,b=y", "a=2,b=x", "a=2,b=y"]),
        ("[{a: 1, b: x, id: first}, {a: 2, b: y, id: second}]", ["first", "second"]),
    ],
)
def test_parameters_make_cases(tmp_path: Path, spec: str, ids: list[str]) -> None:
    """A mapping gives all combinations, a list the sets as they stand."""
    text = HEAD + f"parametrize: {spec}\nsteps:\n  - note: ${{a}}${{b}}\n"
    cases = load_cases(write(tmp_path, text))
    assert [case.id for case in cases] == [f"a.b[{name}]" for name in ids]
    note = cases[0].model.steps[0].note
    assert note is not None
    assert note.text == "1x"


@pytest.mark.parametrize(
    ("steps", "needs"),
    [
        ("- report:", {"uplink"}),
        ("- report: {records: [{n: a, v: 1}]}", {"uplink", "chosen-records"}),
        ("- power: on", {"power"}),
        ("- sms: hello", {"sms"}),
        ("- advance: 5m", {"stepped-clock"}),
        ("- expect: {traffic: {dns: 0}}", {"capture"}),
        ("- line-fault: silence", {"line-faults"}),
    ],
)
def test_steps_imply_needs(tmp_path: Path, steps: str, needs: set[str]) -> None:
    """What a step needs of a bench follows from the step."""
    (case,) = load_cases(write(tmp_path, HEAD + f"steps:\n  {steps}\n"))
    assert needs <= case.needs


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("", "1:1", "must be a mapping"),
        ("a: 1\n", "1:1", "unknown key 'a'"),
        (HEAD, "1:1", "missing key 'steps'"),
        (HEAD.replace("FORMULA", "FORMULAE") + "steps: [note: x]\n", "3:12", "mean TOKEN-FORMULA?"),
        (HEAD + "steps:\n  - advance: 5\n", "5:14", "'5' has no unit: write 5s or 5m"),
        (HEAD + "steps:\n  - power: on\n    radio: on\n", "5:5", "this one has power, radio"),
        (HEAD + "steps:\n  - power:\n", "5:5", "'power' has no value"),
        (HEAD + "steps:\n  - expect: {}\n", "5:13", "expect nothing?"),
        (HEAD + "steps:\n  - expect: {uplink: }\n", "5:14", "'uplink' has no value"),
        (HEAD + "steps:\n  - expect: {uplinks: many}\n", "5:23", "a whole number"),
        (HEAD + "steps:\n  - note: ${who}\n", "5:11", "unknown placeholder ${who}"),
        (HEAD + "steps:\n  - note: ${WHO}\n", "5:11", "unknown placeholder ${WHO}"),
        (HEAD + "parametrize: []\nsteps:\n  - note: x\n", "4:14", "parametrize"),
        (HEAD + "clock: 9999-12-31T00:00:00Z\nsteps:\n  - note: x\n", "4:8", "further than 2262"),
        (HEAD + "needs: [coffee]\nsteps:\n  - note: x\n", "4:9", "'coffee'"),
    ],
)
def test_errors_have_their_place(tmp_path: Path, text: str, where: str, message: str) -> None:
    """Each mistake is named at its own line and column."""
    with pytest.raises(FileError) as caught:
        load_cases(write(tmp_path, text))
    assert str(caught.value).startswith(f"{tmp_path}/s.yaml:{where}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_committed_schemas_are_the_models(kind: str) -> None:
    """The published schema says what the harness accepts: `hil schema … --write` renews it."""
    path = ROOT / "harness" / "schemas" / f"{kind}.schema.json"
    assert path.read_text(encoding="utf-8") == text_of(kind)


SCENARIOS = sorted((ROOT / "scenarios").rglob("*.yaml"))


def test_scenarios_name_their_schema() -> None:
    """Every scenario of the project has the comment that gives editors completion."""
    assert SCENARIOS
    for path in SCENARIOS:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema="), path
        assert (path.parent / first.partition("=")[2]).resolve().is_file(), path


class Yaml12Loader(yaml.SafeLoader):
    """As editors read YAML since 1.2: only true and false are booleans, `on` and `off` are text."""


Yaml12Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if not tag.endswith(":bool")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Yaml12Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf")
)


def test_scenarios_satisfy_the_schema() -> None:
    """An editor that knows the schema finds nothing wrong in the project's own scenarios."""
    validator = jsonschema.Draft202012Validator(json.loads(text_of("scenario")))
    for path in SCENARIOS:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=Yaml12Loader)
        plain = json.loads(json.dumps(data, default=lambda moment: moment.isoformat()))
        assert [error.message for error in validator.iter_errors(plain)] == [], path
