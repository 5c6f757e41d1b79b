"""What is wrong with a destination, before anything is sent (DEST-CONFIG, DEST-SECRET)."""

from __future__ import annotations

import csv
import string
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness
from harness.platform.destination.config import SPECIALS, check_config, check_secret
from harness.platform.destination.suites import client_context, listed
from harness.senml.exponent import dump_exponent, exponent
from tests.destination.bench import SECRET, destination


def wrong(**changes: object) -> list[str]:
    return [f.message for f in check_config(destination(**changes)) if f.severity == "error"]


def test_a_right_one_has_no_findings() -> None:
    """Query, port 443 written out, GET-free, a good secret: nothing to say."""
    assert check_config(destination(url="https://hook.example:443/a?b=c", expected=200)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "http://hook.example/"}, "https://"),
        ({"url": "https://hook.example:8443/"}, "only 443"),
        ({"url": "https://hook.example:99999/"}, "only 443"),
        ({"url": "https:///path"}, "host name"),
        ({"url": "https://hook.example/a b"}, "white space"),
        ({"url": "https://[broken/"}, "cannot be read"),
        ({"url": "https://me:pw@hook.example/"}, "user name"),
        ({"method": "PUT"}, "GET and POST"),
        ({"expected": 302}, "no 2xx"),
        ({"headers": (("X Y", "1"),)}, "white space"),
        ({"headers": (("Host", "x"),)}, "platform itself"),
        ({"headers": (("X", "a\r\nY: b"),)}, "control characters"),
        ({"name": " "}, "needs a name"),
    ],
)
def test_each_objection_is_said(changes: dict[str, object], said: str) -> None:
    """One error each, in words."""
    (message,) = wrong(**changes)
    assert said in message


def test_get_is_allowed_with_a_remark() -> None:
    """Contradiction 15: the body goes with a GET."""
    (finding,) = check_config(destination(method="GET"))
    assert finding.severity == "info"


def test_thirty_characters_are_explained() -> None:
    """Contradiction 2: 32 by the table, 30 by the text; the reading can be chosen."""
    secret = SECRET[:30]
    (finding,) = check_secret(secret)
    assert "30" in finding.message
    assert "contradicts" in finding.message
    assert check_secret(secret, 30) == []


def test_a_device_secret_cannot_serve() -> None:
    """Contradiction 3: no special character, and it never may have one."""
    (finding,) = check_secret("0123456789ABCDEFGHIJabcdefghijkl")
    assert "never serve both" in finding.message


@given(st.text(alphabet=string.ascii_letters + string.digits + SPECIALS, min_size=0, max_size=60))
def test_a_secret_is_good_exactly_by_the_rule(secret: str) -> None:
    """DEST-SECRET as the table states it, whatever the text."""
    good = (
        len(secret) >= 32
        and any(c.isupper() for c in secret)
        and any(c.islower() for c in secret)
        and any(c.isdigit() for c in secret)
        and any(c in SPECIALS for c in secret)
    )
    findings = check_secret(secret)
    assert (not findings) == good
    assert not secret or len(secret) < 8 or all(secret not in f.message for f in findings)


def test_the_suites_are_the_41_listed() -> None:
    """The package's own list, numbers unique, and OpenSSL knows some of them."""
    path = Path(harness.__file__).parent / "platform" / "destination" / "ciphers.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert len(listed()) == len(rows) == 41
    offered = {
        suite["id"] & 0xFFFF
        for suite in client_context().get_ciphers()
        if suite["protocol"] == "TLSv1.2"
    }
    assert offered
    assert offered <= set(listed())


def test_the_published_number() -> None:
    """The one example there is."""
    assert exponent(1585650750) == "1.58565075E9"
    pack = [{"bn": "ü", "bt": 1585650750}, {"n": "a", "v": 5}, {"n": "b", "vb": True, "t": -0.0001}]
    assert dump_exponent(pack) == (
        '[{"bn":"ü","bt":1.58565075E9},{"n":"a","v":5},{"n":"b","vb":true,"t":-1.0E-4}]'.encode()
    )


@given(st.one_of(st.integers(-(10**18), 10**18), st.floats(allow_nan=False, allow_infinity=False)))
def test_exponent_form_keeps_the_value(value: float) -> None:
    """No digit is lost or added."""
    expected = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    assert Decimal(exponent(value)) == expected
