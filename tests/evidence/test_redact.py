"""Secrets leave no trace in evidence, however many there are."""

from __future__ import annotations

import string
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence import Redactor

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


def test_one_that_is_added_while_others_look_is_hidden_from_then_on() -> None:
    """Whoever has just added a secret never sees it again, however busy the other threads are."""
    redactor = Redactor([(f"secret {number}", f"Known{number:027}") for number in range(100)])
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            redactor("nothing to hide here")

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(200):
            redactor.add(f"new {number}", f"Added{number:027}")
            assert redactor(f"x Added{number:027}") == f"x ‹new {number}›"
    finally:
        done.set()
        for thread in threads:
            thread.join(10)
