"""The name in a server's certificate, as it is read out of a handshake."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.network.certificates import Authority
from harness.virtual_modem.tls_name import has_name, server_certificate
from tests.tls.https import NAME, authority


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def listed(*certificates: bytes) -> bytes:
    entries = b"".join(len(one).to_bytes(3, "big") + one for one in certificates)
    return message(11, len(entries).to_bytes(3, "big") + entries)


def records(data: bytes, size: int) -> bytes:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"\x16\x03\x03" + len(piece).to_bytes(2, "big") + piece for piece in pieces)


@given(size=st.integers(1, 600), cut=st.integers(0, 40))
def test_found_however_the_server_cuts_its_records(size: int, cut: int) -> None:
    """The first of the list, once it is there; None before that."""
    sent = records(message(2, b"hello") + listed(b"own" * 70, b"authority"), size)
    more = sent + records(message(14, b""), 10)
    assert server_certificate(more) == b"own" * 70
    assert server_certificate(sent[: len(sent) - 1 - cut]) is None


@given(st.binary(max_size=80))
def test_anything_else_is_no_certificate(data: bytes) -> None:
    """Whatever comes, nothing is raised."""
    assert isinstance(server_certificate(data) or b"", bytes)
    assert has_name(data, NAME) is False


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        (NAME, True),
        (NAME.upper(), True),
        ("10.1.2.3", True),
        ("dm.kpnthings.com", False),
        (f"a.{NAME}", False),
        ("a.things.example", True),
        ("a.b.things.example", False),
        ("things.example", False),
        ("", False),
    ],
)
def test_alternative_names(name: str, fits: bool) -> None:
    """Names and addresses, whatever their case; a star stands for one label and no more."""
    shown = authority().issue("right", [NAME, "*.things.example"], ["10.1.2.3"]).certificate
    assert has_name(ssl.PEM_cert_to_DER_cert(shown.decode()), name) is fits


def test_the_common_name_counts_without_alternatives() -> None:
    """As an authority's own certificate has none."""
    own = ssl.PEM_cert_to_DER_cert(Authority.make("a.example").pem.decode())
    assert has_name(own, "A.example")
    assert not has_name(own, NAME)
