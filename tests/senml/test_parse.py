"""Bytes to packs: what is read, what is remarked on, what is refused."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.senml import Limits, Pack, SenmlError, pack_from, parse

BN = '"bn":"urn:dev:IMEI:356726104408422:"'
GOOD = b'[{"bn":"urn:dev:IMEI:356726104408422:","bt":1700000000},{"n":"t","u":"Cel","v":21.5}]'


def codes(body: str | bytes) -> list[str]:
    return [
        issue.code for issue in parse(body if isinstance(body, bytes) else body.encode()).issues
    ]


def refusal(body: bytes) -> str:
    with pytest.raises(SenmlError) as caught:
        parse(body)
    return caught.value.issues[0].code


def test_the_documented_form_has_no_issues() -> None:
    """Base record first, then a measurement, numbers exact."""
    pack = parse(GOOD)
    assert pack.valid
    assert not pack.issues
    assert (pack.records[0].bt, pack.records[1].n, pack.records[1].v) == (
        1700000000, "t", Decimal("21.5"),
    )  # fmt: skip
    assert pack.base_names == ("urn:dev:IMEI:356726104408422:",)


def test_every_label_of_the_rfc_is_read() -> None:
    """All labels at once, in a record that is legal."""
    body = b"""[{"bn":"a:","bt":1,"bu":"V","bv":2,"bs":3,"bver":10,
                 "n":"x","u":"A","v":4.5,"s":5,"t":-6,"ut":7}]"""
    record = parse(body).records[0]
    assert not parse(body).issues
    assert (record.bn, record.bt, record.bu, record.bv, record.bs, record.bver) == (
        "a:", 1, "V", 2, 3, 10,
    )  # fmt: skip
    assert (record.n, record.u, record.v, record.s, record.t, record.ut) == (
        "x", "A", Decimal("4.5"), 5, -6, 7,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not-json"),
        (b"{", "not-json"),
        (b"[] []", "not-json"),
        (b'{"n":"a","v":1}', "no-array"),
        (b'"text"', "no-array"),
        (b"[1]", "record-type"),
        (b"[[]]", "record-type"),
        (b'[{"n":"a","v":NaN}]', "not-a-number"),
        (b'[{"n":"a","v":-Infinity}]', "not-a-number"),
        (b'[{"n":"\xff","v":1}]', "not-utf-8"),
        (b"\xef\xbb\xbf[]", "byte-order-mark"),
        ("[]".encode("utf-16"), "not-utf-8"),
        (b'[{"n":"\\ud800","v":1}]', "surrogate"),
        (b"[" * 100_000, "too-deep"),
        (b'[{"n":"a","v":' + b"9" * 5_000 + b"}]", "number-size"),
        (b'[{"n":"a","v":1}\x00]', "not-json"),
    ],
)
def test_what_is_no_pack_is_refused_with_its_reason(body: bytes, code: str) -> None:
    """Python's own reader would let several of these pass."""
    assert refusal(body) == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("[]", "empty-pack"),
        ("[{}]", "empty-record"),
        (f'[{{{BN},"n":"a"}}]', "no-value"),
        (f'[{{{BN},"n":"a","v":1,"vs":"x"}}]', "many-values"),
        (f'[{{{BN},"n":"a","v":"1"}}]', "label-type"),
        (f'[{{{BN},"n":"a","v":true}}]', "label-type"),
        (f'[{{{BN},"n":"a","vb":1}}]', "label-type"),
        (f'[{{{BN},"n":"a","vs":null}}]', "label-type"),
        (f'[{{{BN},"n":1,"v":1}}]', "label-type"),
        (f'[{{{BN},"n":"a","v":1e400}}]', "label-type"),
        (f'[{{{BN},"bt":1e300,"n":"a","v":1}}]', "label-type"),
        (f'[{{{BN},"n":"a","v":1,"n":"b"}}]', "duplicate-label"),
        (f'[{{{BN},"n":"a b","v":1}}]', "name-form"),
        ('[{"n":"-a","v":1}]', "name-form"),
        ('[{"v":1}]', "no-name"),
        (f'[{{{BN},"n":"a","vd":"a"}}]', "data-broken"),
        (f'[{{{BN},"n":"a","vd":"a!b="}}]', "data-broken"),
        (f'[{{{BN},"n":"a","v":1,"x_":1}}]', "must-understand"),
        (f'[{{{BN},"bver":11,"n":"a","v":1}}]', "version"),
        ('[{"bver":10,"n":"a","v":1},{"bver":9,"n":"b","v":1}]', "version"),
    ],
)
def test_a_broken_rule_is_an_error_of_its_own(body: str, code: str) -> None:
    """Exactly one error, and the pack is not valid."""
    assert codes(body) == [code]
    assert not parse(body.encode()).valid


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (f"[{{{BN}}}]", "base-only-pack"),
        (f'[{{{BN},"v":1}}]', "no-own-name"),
        (f'[{{{BN},"i_":-24,"v":1}}]', "thingsml-index"),
        (f'[{{{BN},"n":"a","v":1,"color":"red"}}]', "unknown-label"),
        (f'[{{{BN},"n":"a","vd":"aGk="}}]', "data-form"),
        (f'[{{{BN},"n":"a","vd":"+/8"}}]', "data-form"),
        (f'[{{{BN},"n":"a","v":1}}]\0', "trailing-nul"),
    ],
)
def test_what_is_accepted_but_odd_is_a_remark(body: str, code: str) -> None:
    """The pack stays valid, with one remark."""
    assert codes(body) == [code]
    assert parse(body.encode()).valid


@pytest.mark.parametrize(
    "body",
    [f'[{{{BN},"bv":1}},{{"n":"a"}}]', f'[{{{BN},"n":"a","s":1}}]', f'[{{{BN},"n":"a","vs":""}}]',
     f'[{{{BN},"n":"a","vd":""}}]', f'[{{{BN},"n":"a","vb":false}}]',
     f' [ {{{BN}, "n":"a","v":0}}]'],
)  # fmt: skip
def test_legal_but_unusual_forms_have_no_issues(body: str) -> None:
    """Base value or sum in place of a value, falsy values, white space."""
    assert codes(body) == []


def test_unpadded_data_is_decoded() -> None:
    """The vendor SDK's own form: base64 without padding."""
    pack = parse(b'[{"bn":"device-name","n":"humidity","vd":"aG9paG9pAA"}]')
    assert pack.records[0].vd == b"hoihoi\0"
    assert not pack.issues


def test_all_issues_are_reported_with_their_record() -> None:
    """Not only the first: each with the record it is about."""
    pack = parse(b'[{"bn":"a:"},{"n":"x"},{"n":"y","v":"1"},{"n":"z","v":1,"q_":0}]')
    assert [(issue.code, issue.record, issue.requirement) for issue in pack.issues] == [
        ("no-value", 1, "SENML-VALUE"),
        ("label-type", 2, "SENML-VALUE"),
        ("must-understand", 3, "SENML-PACK"),
    ]


def test_limits_are_kept() -> None:
    """Too many bytes or records are refused before they cost anything."""
    with pytest.raises(SenmlError, match="are read at most"):
        parse(GOOD, Limits(body=10))
    with pytest.raises(SenmlError, match="are read at most"):
        parse(GOOD, Limits(records=1))


def test_decoded_json_is_read_like_bytes() -> None:
    """A control API's request gives the same records and issues."""
    assert pack_from(json.loads(GOOD)) == parse(GOOD)
    with pytest.raises(SenmlError):
        pack_from({"n": "a"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["bn", "bt", "bu", "bv", "bs", "bver", "n", "u", "t", "ut", "v", "vb",
                         "vs", "vd", "s", "i_", "x", "y_"]),
        inner, max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.binary(max_size=300) | JSON.map(lambda data: json.dumps(data).encode()))
def test_any_bytes_give_a_pack_or_a_senml_error(body: bytes) -> None:
    """Never anything else, and a refusal always says why."""
    try:
        found: Pack | SenmlError = parse(body)
    except SenmlError as error:
        found = error
    assert isinstance(found, Pack) or found.issues[0].severity == "error"
