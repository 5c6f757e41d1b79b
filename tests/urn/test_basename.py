"""Base names ``urn:dev:<TYPE>:<id>:``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.urn import UrnError, UrnKind, dvnuuid_base_name, imei_base_name, parse_base_name

IMEI = "356726104408422"
UUID = "0b0e1f6e-7c44-4d0c-9f0e-0a5f2f3d9f11"


@pytest.mark.parametrize(
    ("text", "kind", "identifier"),
    [(imei_base_name(IMEI), "IMEI", IMEI), (dvnuuid_base_name(UUID), "DVNUUID", UUID)],
)
def test_the_documented_forms_read_without_remark(text: str, kind: str, identifier: str) -> None:
    """What the documents show is read as such and formats back to itself."""
    name = parse_base_name(text)
    assert (name.kind, name.identifier, name.issues, str(name)) == (
        UrnKind(kind), identifier, (), text,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"urn:dev:IMEI:{IMEI}", "missing-colon"),
        (f"URN:dev:imei:{IMEI}:", "case"),
        (f"urn:dev:IMEI:{IMEI}:room/", "suffix"),
        ("urn:dev:IMEI:356726104408423:", "identifier"),
        ("urn:dev:DVNUUID:1234:", "identifier"),
        ("urn:dev:DVNUUID:0b0e1f6e-7c44-1d0c-9f0e-0a5f2f3d9f11:", "uuid-version"),
        ("urn:dev:DEVEUI:12:", "identifier"),
    ],
)
def test_a_deviation_is_a_remark_not_a_failure(text: str, code: str) -> None:
    """The identifier is still read, with exactly one remark."""
    assert [issue.code for issue in parse_base_name(text).issues] == [code]


def test_uuids_are_read_in_lower_case() -> None:
    """Letter case of a UUID carries no meaning (RFC 9562 §4)."""
    assert parse_base_name(f"urn:dev:DVNUUID:{UUID.upper()}:").identifier == UUID


@pytest.mark.parametrize(
    "text", ["", "device-name", "urn:dev:MAC:1:", "urn:dev:IMEI::", "urn:dev:"]
)
def test_what_is_no_base_name_is_refused(text: str) -> None:
    """Without a known type and an identifier there is nothing to look up."""
    with pytest.raises(UrnError):
        parse_base_name(text)


@given(st.text() | st.text().map("urn:dev:IMEI:".__add__))
def test_any_text_gives_a_base_name_or_an_urn_error(text: str) -> None:
    """No text makes the reader fail in another way."""
    try:
        name = parse_base_name(text)
    except UrnError:
        return
    assert name.identifier
