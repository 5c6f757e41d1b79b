"""Topics and payloads as pure functions."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from harness.platform.mqtt.payload import unwrap
from harness.platform.mqtt.topics import Template

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SPACE = st.text(" \t\r\n", max_size=2)


@given(st.lists(JSON, max_size=3), st.text(), JSON, SPACE, st.booleans(), st.booleans())
def test_the_pack_is_cut_out_as_it_stands(
    pack: list[object], token: str, other: object, space: str, first: bool, ascii_: bool
) -> None:
    """Whatever its white space, escapes and neighbours are: byte for byte."""
    written = json.dumps(pack, ensure_ascii=ascii_).replace(", ", f",{space} ")
    if json.loads(written) != pack:  # the white space went into a string
        written = json.dumps(pack, ensure_ascii=ascii_)
    fields = [f'"pack"{space}:{space}{written}', f'"token":{json.dumps(token)}']
    fields.insert(1, f'"other":{json.dumps(other)}')
    text = f"{space},".join(fields if first else fields[::-1])
    found = unwrap(f"{space}{{{space}{text}{space}}}{space}".encode("utf-8", "replace"),
                   "token", "pack")  # fmt: skip
    assert found.findings == ()
    assert found.pack == written.encode("utf-8", "replace")


@given(st.binary(max_size=60) | st.text('{}[]":,tokenpack 1\\', max_size=60).map(str.encode))
def test_no_payload_raises(payload: bytes) -> None:
    """It is unwrapped, or a finding says why not."""
    found = unwrap(payload, "token", "pack")
    assert found.findings or b'"pack"' in payload or b"\\u" in payload


@given(st.text(st.characters(exclude_characters="/+#\0", exclude_categories=["Cs"]), min_size=1))
def test_a_topic_is_read_as_it_was_made(identifier: str) -> None:
    """Whatever the identifier is, also with characters that patterns know."""
    template = Template("a.b/{identifier}/(c)/{token}")
    place = template.read(template.of(identifier, "t" * 64))
    assert place == (identifier, "t" * 64)
    assert template.read("a.b/x/c/y") is None
    assert template.filter == "a.b/+/(c)/+"
