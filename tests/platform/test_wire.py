"""The request reader: strict, and the same however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.platform.canonical import CANONICAL_BODY
from harness.platform.head import Refusal, WireNote
from harness.platform.wire import Limits, Refused, Request, RequestReader
from harness.senml import parse
from tests.platform.bench import BODY, request

CHUNKED = (
    b"POST /ingestion/m2m/senml/v1 HTTP/1.1\r\nHost: m.m\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n"
)


def read(raw: bytes, cuts: list[int] | None = None, limits: Limits | None = None) -> list[Any]:
    reader = RequestReader(limits or Limits())
    edges = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts or [])})
    found: list[Any] = []
    for start, end in pairwise(edges):
        for event in reader.feed(raw[start:end]):
            if isinstance(event, Request):
                found.append((event.head, event.body))
            elif isinstance(event, Refused):
                found.append(event.refusal)
    return found


PIECES = st.sampled_from(
    [request(), request(eol=b"\n"), CHUNKED, request(b""), b"\r\n", b"\x16\x03\x01", b"]", b"GET",
     request(length=94), request(drop="Content-Length"), b"\x00", request(extra=b"Bad header")]
)  # fmt: skip


@given(st.lists(PIECES, max_size=5), st.lists(st.integers(0, 5000), max_size=30))
def test_any_cut_gives_the_same_requests(pieces: list[bytes], cuts: list[int]) -> None:
    """Segments do not matter: the requests and the refusal are those of the whole."""
    raw = b"".join(pieces)
    assert read(raw, cuts) == read(raw)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=5))
def test_no_bytes_crash_the_reader(raw: bytes, cuts: list[int]) -> None:
    """Whatever comes, the reader answers with events, and the cut does not matter."""
    assert read(raw, cuts) == read(raw)


@given(st.integers(0, len(BODY) - 1), st.binary(max_size=3))
def test_what_is_canonical_is_a_clean_pack(place: int, replacement: bytes) -> None:
    """The short way never accepts a body in which the SenML reader finds anything to say."""
    body = BODY[:place] + replacement + BODY[place + 1 :]
    if CANONICAL_BODY.fullmatch(body):
        assert parse(body).issues == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"21.5", b"21."), (b"21.5", b"-"), (b"21.5", b"021"), (b'"u":"Cel"', b'"u":"Cel'),
        (b'"u":"Cel",', b'"u":,'), (b"1700000000", b"1700000000."), (b"}]", b',"t":5.}]'),
        (b"}]", b"},{]"), (b"}]", b',"t":}]'),
    ],
)  # fmt: skip
def test_half_a_group_is_not_canonical(old: bytes, new: bytes) -> None:
    """A part that breaks off half-way is refused, by every version of Python's re."""
    body = BODY.replace(old, new)
    assert body != BODY
    assert CANONICAL_BODY.fullmatch(BODY)
    assert not CANONICAL_BODY.fullmatch(body)


def test_chunks_are_joined() -> None:
    """A chunked body is decoded; extensions and trailers are dropped."""
    assert [found[1] for found in read(CHUNKED)] == [b"abcde"]


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (request(extra=b"Content-Length: 95"), Refusal.LENGTH),
        (request(extra=b"Content-Length: 7"), Refusal.LENGTH),
        (request().replace(b"Content-Length: 95", b"Content-Length: +95"), Refusal.LENGTH),
        (request(extra=b"Transfer-Encoding: chunked"), Refusal.TRANSFER_CODING),
        (request(extra=b" folded"), Refusal.HEAD_SYNTAX),
        (request(extra=b"Name : value"), Refusal.HEAD_SYNTAX),
        (request(extra=b"Name: a\x00b"), Refusal.HEAD_SYNTAX),
        (request(extra=b"Name: a\rb"), Refusal.HEAD_SYNTAX),
        (request(line=b"POST  /x HTTP/1.1"), Refusal.HEAD_SYNTAX),
        (request(line=b"POST /x"), Refusal.HEAD_SYNTAX),
        (request(line=b"PRI * HTTP/2.0"), Refusal.VERSION),
        (request(length=2_000_000), Refusal.BODY_TOO_LARGE),
        (b"POST / HTTP/1.1\r\nX: " + b"a" * 20_000, Refusal.HEAD_TOO_LARGE),
        (b"\x16\x03\x01\x02\x00", Refusal.TLS),
        (b"\x00\x01", Refusal.NOT_HTTP),
        (CHUNKED.replace(b"3\r\nabc", b"zz\r\nabc"), Refusal.CHUNK_SYNTAX),
        (CHUNKED.replace(b"3\r\nabc", b"2\r\nabc"), Refusal.CHUNK_SYNTAX),
    ],
)
def test_ambiguous_or_broken_requests_are_refused(raw: bytes, refusal: Refusal) -> None:
    """Where framing or syntax is not certain, nothing is guessed."""
    assert read(raw) == [refusal]


def test_bare_lf_is_taken_and_noted() -> None:
    """The vendor's SDK sends LF only: the request is read, and the fact is kept."""
    (event,) = RequestReader(Limits()).feed(request(eol=b"\n"))
    assert isinstance(event, Request)
    assert event.body == BODY
    assert WireNote.BARE_LF in event.lines().notes


def test_a_documented_head_is_proved_in_one_pass_and_reads_the_same() -> None:
    """The short way and the long way agree on a documented request."""
    (short,) = RequestReader(Limits()).feed(request())
    reader = RequestReader(Limits())
    long = [event for byte in request() for event in reader.feed(bytes([byte]))][-1]
    assert isinstance(short, Request)
    assert isinstance(long, Request)
    assert short.token is not None
    assert short.lines() == long.lines()


@pytest.mark.parametrize("name", ["Host", "Content-Type", "Things-Message-Token"])
def test_a_doubled_header_is_not_documented(name: str) -> None:
    """Four lines with one twice and one missing do not pass for the documented head."""
    raw = request(drop="Content-Type" if name != "Content-Type" else "Host", extra=b"")
    line = next(part for part in request().split(b"\r\n") if part.startswith(name.encode()))
    (event,) = RequestReader(Limits()).feed(raw.replace(b"\r\n", b"\r\n" + line + b"\r\n", 1))
    assert isinstance(event, Request)
    assert event.token is None
