"""Every known mistake is recognised from the token alone, and blamed on the right requirement."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.token import Explanation, compute, explain

BODY = (
    b'[{"bn": "urn:dev:IMEI:356726104408422:", "bt": 1700000000}, '
    b'{"n": "tempe rature", "v": 21.5, "u": "Cel"}]'
)
SECRET = "0123456789ABCDEFGHIJabcdefghij"
OTHER = "ZYXWVUTSRQPONMLKJIHGFEDCBA9876"
OWN = SECRET.encode()
PREVIOUS = (b'[{"n":"first"}]', b'[{"n":"second"}]')
HEAD = b"POST /ingestion/m2m/senml/v1 HTTP/1.1\r\nHost: m.m\r\n\r\n"


def sha(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


COMPACT = json.dumps(json.loads(BODY), separators=(",", ":")).encode()
SORTED = json.dumps(json.loads(BODY), separators=(",", ":"), sort_keys=True).encode()
EXACT = [
    ("trailing-nul", sha(BODY, b"\0", OWN)),
    ("trailing-cr", sha(BODY, b"\r", OWN)),
    ("trailing-lf", sha(BODY, b"\n", OWN)),
    ("trailing-crlf", sha(BODY, b"\r\n", OWN)),
    ("leading-lf", sha(b"\n", BODY, OWN)),
    ("leading-bom", sha(b"\xef\xbb\xbf", BODY, OWN)),
    ("white-space-stripped", sha(COMPACT, OWN)),
    ("all-spaces-stripped", sha(BODY.replace(b" ", b""), OWN)),
    ("json-compact-sorted", sha(SORTED, OWN)),
    ("json-indented", sha(json.dumps(json.loads(BODY), indent=2).encode(), OWN)),
    ("previous-body", sha(PREVIOUS[1], OWN)),
    ("previous-body", sha(PREVIOUS[0], OWN)),
    ("empty-body", sha(OWN)),
    ("charset", sha(BODY.decode().encode("utf-16-le"), OWN)),
    ("head-and-body", sha(HEAD, BODY, OWN)),
    ("nul-padding", sha(BODY.ljust(256, b"\0"), OWN)),
    ("beginning-lost", sha(BODY[3:], OWN)),
    *[("truncated-body", sha(BODY[:length], OWN)) for length in (1, 20, len(BODY) - 1)],
]
FORMULA = [
    ("secret-first", sha(OWN, BODY)),
    ("hmac", hmac.new(OWN, BODY, "sha256").hexdigest()),
    ("hmac-swapped", hmac.new(BODY, OWN, "sha256").hexdigest()),
    ("other-device", sha(BODY, OTHER.encode())),
    ("secret-lf", sha(BODY, OWN, b"\n")),
    ("secret-crlf", sha(BODY, OWN, b"\r\n")),
    ("secret-nul", sha(BODY, OWN, b"\0")),
    ("secret-lower", sha(BODY, OWN.lower())),
    ("secret-upper", sha(BODY, OWN.upper())),
    ("secret-empty", sha(BODY)),
    ("secret-cut", sha(BODY, OWN[:16])),
    ("separator", sha(BODY, b":", OWN)),
    ("double-hash", sha(hashlib.sha256(BODY + OWN).digest())),
    ("double-hash", sha(sha(BODY, OWN).encode())),
    ("md5", hashlib.md5(BODY + OWN).hexdigest()),
    ("sha1", hashlib.sha1(BODY + OWN).hexdigest()),
    ("sha512", hashlib.sha512(BODY + OWN).hexdigest()),
    ("trailing-nul+secret-lf", sha(BODY, b"\0", OWN, b"\n")),
    ("secret-sent", SECRET),
]
RIGHT = sha(BODY, OWN)
HEADER = [
    ("upper-case", RIGHT.upper()),
    ("base64", base64.b64encode(bytes.fromhex(RIGHT)).decode()),
    ("base64", base64.urlsafe_b64encode(bytes.fromhex(RIGHT)).decode().rstrip("=")),
    ("hex-prefix", "0x" + RIGHT),
    ("hex-separated", ":".join(RIGHT[i : i + 2] for i in range(0, 64, 2))),
    ("file-name", f"{RIGHT}  -"),
    ("file-name", f"{RIGHT} *body.json"),
    ("token-space", f" {RIGHT}"),
    ("token-quoted", f'"{RIGHT}"'),
    ("token-cut", RIGHT[:63]),
    ("token-extended", RIGHT + "00"),
    ("empty", ""),
]


def check(code: str, token: str, requirement: str) -> None:
    found = explain(
        BODY, SECRET, token,
        other_secrets={"probe-1": OTHER}, previous_bodies=PREVIOUS, head=HEAD,
    )  # fmt: skip
    assert (found.verdict, found.code, found.requirement) == ("explained", code, requirement)
    text = repr(found)
    assert SECRET not in text
    assert OTHER not in text
    assert found.sentence
    assert found.hint


@pytest.mark.parametrize(("code", "token"), EXACT)
def test_other_bytes_than_the_body_break_token_exact(code: str, token: str) -> None:
    """Each way to hash something else than the body is named."""
    check(code, token, "TOKEN-EXACT")


@pytest.mark.parametrize(("code", "token"), FORMULA)
def test_another_construction_or_secret_breaks_token_formula(code: str, token: str) -> None:
    """Each wrong secret and each wrong way to combine is named."""
    check(code, token, "TOKEN-FORMULA")


@pytest.mark.parametrize(("code", "token"), HEADER)
def test_the_right_digest_badly_written_breaks_token_header(code: str, token: str) -> None:
    """Each way to write the right digest differently is named."""
    check(code, token, "TOKEN-HEADER")


@pytest.mark.parametrize(
    ("code", "ending"), [("nul", b"\0"), ("lf", b"\n"), ("crlf", b"\r\n"), ("space", b" ")]
)
def test_bytes_sent_but_not_hashed_are_named(code: str, ending: bytes) -> None:
    """The NUL trap: the terminator went out, the hash is without it."""
    found = explain(BODY + ending, SECRET, compute(BODY, SECRET))
    assert (found.code, found.requirement) == (f"sent-trailing-{code}", "TOKEN-EXACT")


def test_a_byte_order_mark_that_was_not_hashed_is_named() -> None:
    """Not the JSON written anew, which has none either."""
    body = COMPACT.replace(b"tempe rature", b"x")
    found = explain(b"\xef\xbb\xbf" + body, SECRET, compute(body, SECRET))
    assert (found.code, found.requirement) == ("sent-leading-bom", "TOKEN-EXACT")


def test_the_right_token_is_verified() -> None:
    """Nothing to explain, nothing to blame."""
    found = explain(BODY, SECRET, RIGHT)
    assert (found.verified, found.code, found.requirement) == (True, "ok", "")


def test_the_other_device_is_named() -> None:
    """The sentence says whose secret it is, not what it is."""
    token = compute(BODY, OTHER)
    assert "probe-1" in explain(BODY, SECRET, token, other_secrets={"probe-1": OTHER}).sentence


def test_the_two_hashed_strings_stand_side_by_side() -> None:
    """The first differing byte is where the additional NUL is, and the secret is masked."""
    found = explain(BODY, SECRET, sha(BODY, b"\0", OWN))
    assert found.first_difference == len(BODY)
    assert found.expected_shown.endswith("› + ‹secret, 30 bytes›")
    assert r"\0› + ‹secret, 30 bytes›" in found.candidate_shown
    assert marked(found) == ("‹secret, 30 bytes›", r"\0")


def marked(found: Explanation) -> tuple[str, str]:
    """What is marked in either of the two texts."""
    expected, candidate = found.expected_mark, found.candidate_mark
    return (
        found.expected_shown[slice(*expected)] if expected else "",
        found.candidate_shown[slice(*candidate)] if candidate else "",
    )


def test_the_first_differing_byte_is_marked_in_both_strings() -> None:
    """In the middle of a long body, and nothing where the shorter string has ended."""
    body = b'["' + b"x" * 300 + b" y" + b"z" * 300 + b'"]'
    sent = body.replace(b"y", b"\n")
    found = explain(sent, SECRET, sha(body, OWN), previous_bodies=[body])
    assert (found.code, marked(found)) == ("previous-body", (r"\n", "y"))
    cut = explain(BODY, SECRET, sha(BODY, OWN[:-3]))
    assert (cut.code, marked(cut)) == ("secret-cut", ("‹secret, 30 bytes›", ""))


@given(st.binary(max_size=400), st.integers(0, 500), st.binary(min_size=1, max_size=3))
def test_marks_are_on_what_is_different(body: bytes, at: int, put: bytes) -> None:
    """Wherever a body was changed, both marks are on the byte of the first difference."""
    at = min(at, len(body))
    before = body[:at] + put + body[at + len(put) :]
    found = explain(body, SECRET, sha(before, OWN), previous_bodies=[before])
    first = found.first_difference
    if first is None or first >= min(len(body), len(before)):
        return
    assert found.expected_mark is not None
    assert found.candidate_mark is not None
    one, other = marked(found)
    assert one != other
    start = found.expected_mark[0]
    assert found.expected_shown[:start] == found.candidate_shown[: found.candidate_mark[0]]


def test_a_secret_inside_the_body_is_masked() -> None:
    """Also a body that gives the secret away is shown without it."""
    body = b'[{"n":"key","vs":"' + OWN + b'"}]'
    found = explain(body, SECRET, sha(body, b"\0", OWN))
    assert SECRET not in repr(found)
    assert "•" * 30 in found.candidate_shown


def test_an_unknown_digest_stays_unexplained() -> None:
    """No guess is made without a match."""
    found = explain(BODY, SECRET, "ab" * 32)
    assert (found.verdict, found.code) == ("unexplained", "unknown")


@pytest.mark.parametrize("size", [4_000, 64_000])
def test_truncations_of_large_bodies_are_found(size: int) -> None:
    """Also 64 KB bodies are searched for a cut near either end and at round lengths."""
    body = bytes(32 + i % 90 for i in range(size))
    for length in (100, size - 5, size // 2 // 64 * 64):
        found = explain(body, SECRET, sha(body[:length], OWN))
        assert found.code == "truncated-body"
        assert f"first {length} " in found.sentence


@given(st.binary(max_size=200), st.text(max_size=80))
def test_any_body_and_token_give_an_explanation_without_the_secret(body: bytes, token: str) -> None:
    """No input makes the search fail."""
    found = explain(body, SECRET, token)
    assert found.sentence
    assert SECRET not in repr(found)


@given(st.binary(max_size=120), st.sampled_from([compute, lambda b, s: sha(s.encode(), b)]))
def test_a_mistake_is_found_for_any_body(body: bytes, how: Callable[[bytes, str], str]) -> None:
    """Right and swapped tokens are recognised whatever the body is."""
    assert explain(body, SECRET, how(body, SECRET)).verdict in ("verified", "explained")
