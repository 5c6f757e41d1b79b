"""Strict YAML: text stays text, and every error has its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import FileError, Location, UsageError
from harness.files import Model, validate
from harness.files.plain_yaml import NotPlain, plain_data
from harness.files.strict_yaml import load_document, parse_document
from tests.examples import about


@pytest.mark.parametrize("text", ["NO", "yes", "012", "12:30:00", "+31612345678", "1e3", "0x1f"])
def test_scalars_stay_as_written(text: str) -> None:
    """Nothing is guessed: what YAML 1.1 would turn into a bool or number stays text."""
    assert parse_document(f"key: {text}", "f").data == {"key": text}


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1", "duplicate key 'a'"),
        ("a: !env X\n", "1:4", "tags are not allowed: !env"),
        ("a: !!python/object:os.system x\n", "1:4", "tags are not allowed"),
        ("a: !env\n", "1:4", "tags are not allowed: !env"),
        ("!k a: 1\n", "1:1", "tags are not allowed: !k"),
        ("a: &x [*x]\n", "1:4", "an alias may not contain itself"),
        ("b: &b {c: 1}\na:\n  <<: *b\n", "3:3", "merge keys (<<) are not supported"),
        ("? [a]\n: b\n", "1:3", "a key must be plain text"),
        ("a: 1\n---\nb: 2\n", "2:1", "one file holds one document"),
        ("a: 'x\n", "2:1", "not valid YAML: while scanning a quoted scalar"),
        ("a: é\nb: \x01\n", "2:4", "not valid YAML: control characters are not allowed"),
        ("[" * 100_000, "1:66", "nested deeper than 64 levels"),
        ("a: " + "[" * 70 + "]" * 70, "1:68", "nested deeper than 64 levels"),
    ],
)
def test_errors_have_their_place(text: str, where: str, message: str) -> None:
    """What is refused is named at its own line and column."""
    with pytest.raises(FileError) as caught:
        parse_document(text, "f.yaml")
    assert str(caught.value).startswith(f"f.yaml:{where}: ")
    assert message in str(caught.value)


def test_aliases_of_aliases_end() -> None:
    """Aliases that would grow into billions of values are refused soon."""
    text = "l0: &l0 [x, x]\n" + "".join(
        f"l{n}: &l{n} [*l{n - 1}, *l{n - 1}]\n" for n in range(1, 40)
    )
    with pytest.raises(FileError, match="more than 200000 values"):
        parse_document(text, "f.yaml")


def test_aliases_repeat_what_they_name() -> None:
    """A plain alias is allowed."""
    assert parse_document("a: &x [1]\nb: *x\n", "f").data == {"a": ["1"], "b": ["1"]}


def test_unreadable_files_are_told(tmp_path: Path) -> None:
    """A file that is no text, or is not there, gives one sentence."""
    (tmp_path / "f.yaml").write_bytes(b"a: \xff")
    with pytest.raises(FileError, match=r"f\.yaml:1:1: not UTF-8 text \(byte 3\)"):
        load_document(tmp_path / "f.yaml")
    with pytest.raises(UsageError, match=r"cannot read .*No such file"):
        load_document(tmp_path / "gone.yaml")


def test_an_empty_file_is_empty() -> None:
    """Nothing at all is no error of YAML; the schema says what is missing."""
    assert parse_document("", "f").data is None


PLAIN = st.recursive(
    st.sampled_from(["x", "~", "", "null", "NO", "'~'", '"a b"', "1", "é", "'<<'"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(st.sampled_from("abcd"), inner), max_size=4).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=about(300))
@given(st.one_of(PLAIN, PLAIN.map("a: &n {}\nb: *n\n".format), st.text("ab:-[]{}&*!?~\n ,'\"")))
def test_plain_text_means_the_same_read_either_way(text: str) -> None:
    """What the fast reader takes, the close one takes too, as the same data."""
    try:
        data = plain_data(text)
    except NotPlain:
        return
    anchored = f"--- &anchor\n{text}"  # not plain, and beyond that the same
    with pytest.raises(NotPlain):
        plain_data(anchored)
    if text.strip() and not text.lstrip().startswith(("-", "'", '"')):
        assert parse_document(anchored, "f").data == data


def test_a_large_file_of_devices_is_plain() -> None:
    """Ten thousand devices are read the fast way, and places in it are still found."""
    text = "devices:\n" + "".join(
        f"  # the {n}th\n  meter-{n}: {{imei: '{n:015d}', secret: {{env: SECRET_{n}}}}}\n"
        for n in range(10_000)
    )
    document = parse_document(text, "f")
    assert document.data == plain_data(text)
    assert document.data["devices"]["meter-9999"]["secret"] == {"env": "SECRET_9999"}
    assert str(document.locate(("devices", "meter-9999", "secret"))) == "f:20001:49"


class Thing(Model):
    """What a file may hold."""

    things: dict[str, int]


def test_thousands_of_mistakes_are_told_in_few_lines() -> None:
    """The first fifty with their places, in the order of the file, and how many more there are."""
    text = "things:\n" + "".join(f"  t{n}: x\n" for n in range(5_000))
    document = parse_document(text, "f")
    with pytest.raises(FileError) as wrong:
        validate(document, Thing, document.data)
    lines = str(wrong.value).splitlines()
    assert len(lines) == 51
    assert lines[0].startswith("f:2:7: things.t0: ")
    assert lines[49].startswith("f:51:8: things.t49: ")
    assert lines[50] == "… and 4,950 more"


def place_of_error(text: str) -> Location:
    """Where the text is refused; its beginning when it is not."""
    try:
        parse_document(text, "f")
    except FileError as error:
        return error.location
    return Location("f")


YAMLISH = st.one_of(
    st.text(),
    st.lists(st.sampled_from([*"ab:-[]{}&*!?|>'\"#%@\n \t,~\x01é\ud800", ": ", "- ", "\n  "])).map(
        "".join
    ),
)


@settings(max_examples=about(300))
@given(YAMLISH)
def test_any_text_gives_a_document_or_a_place_in_it(text: str) -> None:
    """Whatever is written, the answer is data or an error inside the file."""
    place = place_of_error(text)
    breaks = sum(text.count(end) for end in "\n\r\x85\u2028\u2029")
    assert 1 <= place.line <= breaks + 2
    assert place.column >= 1
