"""Which requests must be a foreign page's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.network.origin import foreign_page, is_loopback, named_host


def verdict(method: str = "POST", **headers: str) -> str | None:
    """Header names with underscores."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return foreign_page(method, lambda name: given.get(name, ""))


def test_programs_and_the_own_page_are_believed() -> None:
    """No Origin, the own one, and what a person typed or followed."""
    assert verdict() is None
    assert verdict(host="localhost:81", origin="http://localhost:81") is None
    assert verdict(host="Bench.Lab:81", origin="http://bench.lab:81") is None
    assert verdict(sec_fetch_site="same-origin") is None
    assert verdict("GET", sec_fetch_site="none", sec_fetch_mode="navigate") is None
    assert verdict("GET", sec_fetch_site="cross-site", sec_fetch_mode="navigate") is None


def test_foreign_pages_are_not() -> None:
    """Another host or port, no origin to speak of, and what browsers call cross-site."""
    for origin in ("http://localhost:82", "http://evil.example", "null", "http://["):
        assert "foreign origin" in str(verdict("GET", host="localhost:81", origin=origin))
    assert verdict(sec_fetch_site="cross-site", sec_fetch_mode="navigate") is not None
    assert verdict("GET", sec_fetch_site="same-site", sec_fetch_mode="no-cors") is not None
    framed = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}
    assert verdict("GET", sec_fetch_site="cross-site", **framed) is not None


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost", "localhost"), ("LocalHost:80", "localhost"), ("[::1]:80", "::1"),
        ("127.0.0.1", "127.0.0.1"), ("", None), ("a:b", None), ("[::1", None),
        ("a/b", None), ("a b", "a b"), ("a#b", None), ("me@localhost", None),
    ],
)  # fmt: skip
def test_the_host_of_a_header(header: str, host: str | None) -> None:
    """Without port, in lower case; None for what is none."""
    assert named_host(header) == host


@given(st.text(st.characters(max_codepoint=255)))
def test_no_header_is_taken_for_loopback_by_mistake(header: str) -> None:
    """Whatever is written, only what begins with a loopback name is one."""
    host = named_host(header)
    if host is not None and is_loopback(host):
        assert header.lower().startswith(("localhost", "127.", "[", "::"))
