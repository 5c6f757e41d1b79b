"""What may be typed at a terminal, and what it offers to complete."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.rig.terminal.orders import NAMES, data_of, order_of
from harness.rig.terminal.said import hex_rows, legible, meaning_of
from harness.rig.terminal.words import completions, holds_a_secret, known_commands
from harness.virtual_modem.families import FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_every_command_of_a_family_is_completed(family: str) -> None:
    """The family's own commands are offered, and those of the standards with their meaning."""
    commands = known_commands(family)
    assert set(FAMILIES[family].commands) <= set(commands)
    assert commands["+CSQ"] == "signal strength"


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("AT+CSQ", ["+CSQ"]),
        ("at+qio", ["+QIOPEN"]),
        ("ATE0;+CSQ;+QIO", ["+QIOPEN"]),
        ("AT", []),
        ("AT+CSQ=", []),
        ("+CSQ", []),
        ('AT+CGDCONT=1,"IP","+C', []),
    ],
)
def test_completion(typed: str, wanted: list[str]) -> None:
    """The last command of a line is completed, in either case, until its parameters begin."""
    found = completions(typed, known_commands("quectel-bg"))
    assert [name for name, _ in found] == wanted


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ('AT+CPIN="1234"', True), ("at+cpin=1234", True), ('ATE0;+CLCK="SC",0,"1234"', True),
        ('AT+CPWD="SC","1","2"', True), ('AT+CGAUTH=1,1,"u","p"', True),
        ("AT+CPIN?", False), ("AT+CSQ", False),
    ],
)  # fmt: skip
def test_lines_with_a_password(line: str, secret: bool) -> None:
    """A line that enters a PIN or password is known as such, a question about it is not."""
    assert holds_a_secret(line) is secret


@given(st.binary(max_size=60))
def test_any_bytes_can_be_typed(data: bytes) -> None:
    """Bytes written as text with escapes are the same bytes again."""
    assert data_of(legible(data.replace(b"\\", b""))) == data.replace(b"\\", b"")


def test_escapes_and_utf_8() -> None:
    """Escapes stand for their byte, other text for its UTF-8, a lone backslash for itself."""
    assert data_of(r"a\r\n\x1a\e\0\\n é \q") == b"a\r\n\x1a\x1b\0\\n \xc3\xa9 \\q"


@given(st.binary(max_size=100))
def test_hex_rows_hold_every_byte(data: bytes) -> None:
    """The hex column, read back, is what was shown."""
    rows = hex_rows(data)
    assert b"".join(bytes.fromhex(row[6:53]) for row in rows) == data


def test_orders() -> None:
    """A colon begins an order; anything else goes to the modem."""
    assert order_of("AT+CSQ").text == "AT+CSQ"
    assert order_of(":send-hex 41 54 0d").data == b"AT\r"
    assert order_of(":send a b").data == b"a b"
    assert order_of(":wait 0.5").seconds == 0.5
    assert {order_of(name + " 1").name for name in NAMES if name != ":send-hex"} <= set(NAMES)


@pytest.mark.parametrize("typed", [":bogus", ":send-hex 4", ":wait", ":wait -1", ":wait nan", ":"])
def test_wrong_orders(typed: str) -> None:
    """An order that is none, or lacks something, is refused by name."""
    with pytest.raises(UsageError, match=typed.partition(" ")[0]):
        order_of(typed)


def test_meaning_of_errors() -> None:
    """A number is put into words; words are not said twice, unknown numbers not made up."""
    assert meaning_of("+CME ERROR: 10") == "SIM not inserted"
    assert meaning_of("+CMS ERROR: 322") == "memory full"
    assert meaning_of("+CME ERROR: SIM not inserted") == ""
    assert meaning_of("+CME ERROR: 4711") == meaning_of("ERROR") == ""
