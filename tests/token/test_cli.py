"""``hil token`` through its public door."""

import argparse
import json
from pathlib import Path

import pytest

from harness.cli import token
from harness.cli.main import main
from harness.errors import UsageError
from tests.token.test_formula import BODY, SECRET, TOKEN


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    token.add_arguments(parser)
    return token.run(parser.parse_args(arguments))


@pytest.fixture
def body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TRACKER_SECRET", SECRET)
    path = tmp_path / "pack.json"
    path.write_bytes(BODY)
    return str(path)


def test_compute_prints_the_token(body: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The golden token of a file's bytes."""
    assert run("compute", body, "--secret-env", "TRACKER_SECRET") == 0
    assert capsys.readouterr().out == TOKEN + "\n"


@pytest.mark.parametrize("at", [1, 3])
def test_the_file_stands_before_or_behind_the_options(
    body: str, at: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """`compute FILE --secret-env S` and `compute --secret-env S FILE` are the same."""
    words = ["compute", "--secret-env", "TRACKER_SECRET"]
    words.insert(at, body)
    assert main(["token", *words]) == 0
    assert capsys.readouterr().out == TOKEN + "\n"


def test_two_files_are_one_too_many(body: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A second body is refused, wherever it stands."""
    with pytest.raises(SystemExit) as ended:
        main(["token", "compute", body, "--secret-env", "TRACKER_SECRET", "other.json"])
    assert ended.value.code == 2
    assert "unrecognized arguments: other.json" in capsys.readouterr().err


def test_a_secret_file_may_end_in_a_line_end(
    body: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Editors add one; it does not belong to the secret."""
    (tmp_path / "secret").write_text(SECRET + "\r\n")
    assert run("verify", body, "--secret-file", str(tmp_path / "secret"), "--token", TOKEN) == 0
    assert capsys.readouterr().out == "verified\n"


def test_a_wrong_token_exits_1_and_is_explained_without_the_secret(
    body: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mistake is named for people and for programs."""
    arguments = ("explain", body, "--secret-env", "TRACKER_SECRET", "--token", TOKEN.upper())
    assert run(*arguments) == 1
    out = capsys.readouterr().out
    assert "TOKEN-HEADER" in out
    assert SECRET not in out
    assert run(*arguments, "--json") == 1
    assert json.loads(capsys.readouterr().out)["code"] == "upper-case"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verify", "--text", "[]", "--secret", "a"), "needs --token"),
        (("compute", "--text", "[]", "--secret-env", "NOT_SET_ANYWHERE"), "is not set"),
        (("compute", "/nonexistent/pack", "--secret", "a"), "cannot read"),
        (("compute", "x", "--text", "[]", "--secret", "a"), "not both"),
    ],
)
def test_wrong_use_is_said(arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2 by its error class, with what to do."""
    with pytest.raises(UsageError, match=words) as caught:
        run(*arguments)
    assert caught.value.exit_code == 2
