"""Secrets leave no trace in evidence, however many there are."""

from __future__ import annotations

import string
import threading
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence import Redactor
from harness.evidence import redact as redacting

WORD = st.text(string.ascii_letters + string.digits, min_size=12, max_size=40)
#: so many others that secrets are looked up instead of searched one by one
OTHERS = [
    (f"secret of device-{number}", f"OtherDevice{number:04d}x0123456789abcd")
    for number in range(200)
]


@pytest.fixture(params=[False, True], ids=["few", "many"])
def others(request: pytest.FixtureRequest) -> list[tuple[str, str]]:
    return OTHERS if request.param else []


def test_each_is_named(others: list[tuple[str, str]]) -> None:
    """Wherever it stands, in a word or alone, more than once."""
    redact = Redactor([*others, ("one", "FirstSecret0123456789abcdefghij")])
    text = (
        "x=FirstSecret0123456789abcdefghij;yFirstSecret0123456789abcdefghijz FirstSecret012345678"
    )
    assert redact(text) == "x=‹one›;y‹one›z FirstSecret012345678"


def test_one_within_another(others: list[tuple[str, str]]) -> None:
    """The longer one is named, and nothing of it is left."""
    long, short = "aaaaBBBBccccDDDDeeeeFFFFgggg0001", "BBBBccccDDDDeeee"
    redact = Redactor([*others, ("short", short), ("long", long)])
    assert redact(f"<{long}> <{short}>") == "<‹long›> <‹short›>"


def test_of_any_characters(others: list[tuple[str, str]]) -> None:
    """Short ones, ones with signs and ones beyond ASCII, as text and as wire bytes."""
    redact = Redactor([*others, ("pin", "12#4"), ("pass", "geheim-é-€uro-wachtwoord")])
    wire = "geheim-é-€uro-wachtwoord".encode().decode("latin-1")
    assert redact(f"12#4 geheim-é-€uro-wachtwoord {wire}") == "‹pin› ‹pass› ‹pass›"


def test_one_that_is_added_later(others: list[tuple[str, str]]) -> None:
    """From then on it is not written any more."""
    redact = Redactor(others)
    assert redact("Token0123456789abc") == "Token0123456789abc"
    redact.add("token", "Token0123456789abc")
    assert redact("Token0123456789abc") == "‹token›"


@given(st.lists(WORD, min_size=1, max_size=6, unique=True), st.data())
def test_few_and_many_agree(secrets: list[str], data: st.DataObject) -> None:
    """No secret is left, by either way of finding them."""
    text = "".join(data.draw(st.lists(st.sampled_from([*secrets, "-", "ab", " "]), max_size=8)))
    named = [(f"s{number}", value) for number, value in enumerate(secrets)]
    for redact in (Redactor(named), Redactor([*OTHERS, *named])):
        shown = redact(text)
        assert not any(secret in shown for secret in secrets)
        if not any(secret in text for secret in secrets):
            assert shown == text


def test_one_that_is_added_while_another_thread_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Added in the very moment in which what is known is being arranged: hidden after that."""
    redactor = Redactor([("old", "An0ld1Secret2With3Letters")])
    adding = threading.Thread(target=redactor.add, args=("new", "A4New5Secret6With7Letters"))
    arrange = redacting._Searches.of

    def interrupted(names: Mapping[str, str]) -> redacting._Searches:
        arranged = arrange(names)
        if adding.ident is None:
            adding.start()
            adding.join(0.05)  # it may have to wait for us, and then does not end by now
        return arranged

    monkeypatch.setattr(redacting._Searches, "of", interrupted)
    assert redactor("An0ld1Secret2With3Letters") == "‹old›"
    adding.join(10)
    assert redactor("A4New5Secret6With7Letters") == "‹new›"
