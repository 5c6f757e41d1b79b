"""The command line: exit codes, help, `hil check` and `hil schema`."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.main import COMMANDS, main

GOOD = "id: a.b\ntitle: A title of some length\nverifies: [SMS-PLUS]\nsteps: [note: x]\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`hil COMMAND --help` shows how it is used."""
    assert importlib.util.find_spec(COMMANDS[name][0]) is not None, "the command has no module"
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert "example: hil" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["nonsense"], ["check"], ["check", "--nonsense", "x"]])
def test_wrong_use_is_exit_2(words: list[str]) -> None:
    """A wrong command line is told apart from a failed check."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    "words",
    [["check"], ["requirements"], ["report"], ["discover", "--rig"], ["doctor", "--rig"],
     ["serve", "--devices"], ["token", "verify", "--secret", "x", "--token", "0"],
     ["modem", "--replay"], ["families", "--write"]],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("path", ["x" * 300, "x/" * 3000], ids=["name", "path"])
def test_a_path_that_no_file_can_have(
    words: list[str], path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A path too long to be looked at is wrong use, told in one line."""
    assert main([*words, path]) == 2
    said = capsys.readouterr()
    assert "File name too long" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [["serve", "--devices"], ["serve", "--devices", "x", "--ready"],
     ["serve", "--devices", "x", "--store"], ["serve", "--devices", "x", "--ca-out"],
     ["modem", "--ready"], ["modem", "--link"], ["doctor", "--rig"], ["discover", "--rig"],
     ["console", "--record"], ["families", "--write"], ["destination-check", "x", "--ca"]],
    ids=" ".join,
)  # fmt: skip
def test_an_option_that_names_no_file(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """An empty word, as of a variable that is not set, is wrong use of that option."""
    with pytest.raises(SystemExit) as ended:
        main([*words, ""])
    assert ended.value.code == 2
    assert f"argument {words[-1]}: names no file" in capsys.readouterr().err


def test_check_counts_what_is_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Good files give exit 0 and a count; hidden folders are nobody's scenarios."""
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "b.yaml").write_text("nonsense")
    assert main(["check", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 files good (1 scenario cases), 0 wrong\n"


def test_check_says_what_is_wrong_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong files give exit 2 and their places, for machines too."""
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text(GOOD)
    (tmp_path / "c.yaml").write_text(GOOD.replace("a.b", "c") + "colour: red\n")
    assert main(["check", "--json", str(tmp_path)]) == 2
    bad = {Path(item["file"]).name: item for item in json.loads(capsys.readouterr().out)["bad"]}
    assert (bad["c.yaml"]["line"], bad["c.yaml"]["column"]) == (5, 1)
    assert "a.yaml" in bad["b.yaml"]["message"]


def test_check_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing path and an empty folder are wrong use."""
    assert main(["check", str(tmp_path / "gone")]) == 2
    assert main(["check", str(tmp_path)]) == 2
    assert "there is no" in capsys.readouterr().err


def test_schema_is_written_where_asked(tmp_path: Path) -> None:
    """`hil schema --write` makes the folder it needs."""
    assert main(["schema", "rig", "--write", str(tmp_path / "new")]) == 0
    assert (tmp_path / "new" / "scenario.schema.json").is_file()


@pytest.mark.parametrize("words", [["schema", "scenario"], ["--help"]])
def test_a_reader_that_goes_away_is_no_error(words: list[str]) -> None:
    """A closed pipe gives no traceback."""
    with subprocess.Popen(
        [sys.executable, "-m", "harness", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
        process.wait(60)
    assert errors == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [["schema", "rig"], ["families"]])
def test_a_full_disk_is_said_in_one_line(words: list[str]) -> None:
    """`hil … > FILE` on a full disk ends with exit code 3 and no traceback."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "harness", *words],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 3, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("hil: the output cannot be written: No space left on device")
