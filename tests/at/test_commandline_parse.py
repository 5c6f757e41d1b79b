"""Command lines taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.at.commandparse import Command, CommandSyntaxError, Kind, Param, parse_body


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("E0V1&C1", ["E0", "V1", "&C1"]),
        ("&FZE0&W", ["&F", "Z", "E0", "&W"]),
        ("Z;E0", ["Z", "E0"]),
        ("+CMEE=1;+CREG=2", ["+CMEE=1", "+CREG=2"]),
        ("E0+cpin?", ["E0", "+CPIN?"]),
        ("$TSSPCSW=?", ["$TSSPCSW=?"]),
        ("^X;%CESQ;#SD=1", ["^X", "%CESQ", "#SD=1"]),
        ("S3=13S0?", ["S3=13", "S0?"]),
        ("D*99***1#", ["D*99***1#"]),
        ('+X="a;b,c",,2;I', ['+X="a;b,c",,2', "I"]),
    ],
)
def test_lines_come_apart_as_v250_says(body: str, names: list[str]) -> None:
    """Run-together basics, chains, prefixes, quotes."""
    assert [str(command) for command in parse_body(body)] == names


def test_parameters_keep_their_quotes_and_gaps() -> None:
    """A string is told from a number, an omitted parameter from an empty one."""
    (command,) = parse_body('+X=1,"",,"a"')
    wanted = (Param("1"), Param("", quoted=True), None, Param("a", quoted=True))
    assert command == Command("+X", Kind.SET, wanted)


@pytest.mark.parametrize("body", ['+X="a', '+X=a"b"', "+", "+CSQ x", "=1"])
def test_what_cannot_be_taken_apart_is_an_error(body: str) -> None:
    """No guessing."""
    with pytest.raises(CommandSyntaxError):
        parse_body(body)


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(body: str) -> None:
    """Commands or a syntax error, whatever comes."""
    try:
        commands = parse_body(body)
    except CommandSyntaxError:
        return
    assert all(command.name for command in commands)
