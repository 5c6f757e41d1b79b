"""Verdicts of the ingestion, through real sockets."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from dataclasses import replace

import pytest

from harness.clock import Deadline
from harness.evidence import Event
from harness.platform.settings import PlatformSettings, ResponseCodes, TimeLimits
from harness.token import compute
from tests.platform.bench import BODY, SECRET, UUID, Rig, read_answer, request, running

M2M = b'{"bn":"urn:dev:IMEI:356726104408422:"'


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1][:3])


def seen(rig: Rig, raw: bytes) -> tuple[int, str, set[tuple[str, str]]]:
    """Status, outcome and (requirement, severity) of the findings for one request."""
    before = len(rig.platform.uplinks)
    code = status(rig.post(raw))
    rig.wait(before + 1)
    uplink = rig.platform.uplinks[before]
    return code, uplink.outcome.value, {(f.requirement, f.severity) for f in uplink.findings}


def test_the_documented_request_is_accepted_without_a_finding(rig: Rig) -> None:
    """Accepted, clean, and kept byte for byte."""
    raw = request()
    assert seen(rig, raw) == (202, "accepted", set())
    (uplink,) = rig.platform.uplinks
    assert uplink.head + uplink.body == raw
    assert (uplink.device, uplink.token.verdict) == ("tracker-1", "verified")
    kinds = [event.kind for event in rig.timeline.events()]
    assert kinds == ["http.request", "uplink", "http.response"]


@pytest.mark.parametrize(
    ("raw", "code", "outcome", "finding"),
    [
        (request(drop="Host"), 400, "malformed", ("HTTP-HOST", "error")),
        (request(drop="Content-Length"), 400, "malformed", ("HTTP-LENGTH", "error")),
        (request(BODY + b"\r\n", length=95), 401, "unverified", ("HTTP-LENGTH", "warning")),
        (request(drop="Things-Message-Token"), 400, "malformed", ("TOKEN-HEADER", "error")),
        (request(token="ab"), 401, "unverified", ("TOKEN-HEADER", "error")),
        (request(line=b"POST /ingestion/m2m HTTP/1.1"), 400, "malformed", ("HTTP-M2M", "error")),
        (request(line=b"PUT /ingestion/m2m/senml/v1 HTTP/1.1"), 400, "malformed",
         ("HTTP-M2M", "error")),
        (request(line=b"POST http://m.m/ingestion/m2m/senml/v1 HTTP/1.1"), 202, "accepted",
         ("HTTP-M2M", "info")),
        (request(line=b"POST /ingestion/m2m/senml/v1 HTTP/1.0"), 202, "accepted",
         ("HTTP-M2M", "warning")),
        (request(b"{}"), 400, "malformed", ("SENML-PACK", "error")),
        (request(b"[" + M2M + b',"n":"x"}]'), 400, "malformed", ("SENML-VALUE", "error")),
        (request(BODY.replace(b"356726104408422", b"356938035643809")), 404, "unknown-device",
         ("SENML-BN-M2M", "error")),
        (request(BODY.replace(b"1700000000", b"86400")), 202, "accepted",
         ("BT-CLOCKLESS", "warning")),
        (b"\x16\x03\x01\x00\x20", 400, "malformed", ("NET-PLAIN", "warning")),
    ],
)  # fmt: skip
def test_each_deviation_is_answered_and_named(
    rig: Rig, raw: bytes, code: int, outcome: str, finding: tuple[str, str]
) -> None:
    """The answer, the outcome, and the requirement that the deviation belongs to.

    What public clients are known to send is in tests/public_clients."""
    got = seen(rig, raw)
    assert got[:2] == (code, outcome)
    assert finding in got[2]


def test_a_device_without_secret_needs_no_token(rig: Rig) -> None:
    """TOKEN-OPTIONAL: accepted, and nothing is said about the missing header."""
    body = b'[{"bn":"urn:dev:IMEI:490154203237518:","n":"x","v":1}]'
    assert seen(rig, request(body, drop="Things-Message-Token")) == (202, "accepted", set())


def test_the_internet_path_takes_a_request_without_host_and_type(rig: Rig) -> None:
    """HTTP-IP: only token and length are documented; in plain, NET-TLS is all that is wrong."""
    body = f'[{{"bn":"urn:dev:DVNUUID:{UUID}:","n":"x","v":1}}]'.encode()
    raw = request(body, line=b"POST /ingestion/ip/senml/v1 HTTP/1.1", drop="Content-Type")
    raw = raw.replace(b"Host: m.m\r\n", b"")
    expected = {("HTTP-IP", "info"), ("NET-TLS", "error")}
    assert seen(rig, raw) == (202, "accepted", expected)


def test_base_time_is_filled_in_or_kept(rig: Rig) -> None:
    """BT-DEFAULT takes the scenario clock's now, BT-KEPT the device's own."""
    rig.clock.advance(1.5)
    rig.post(request(b"[" + M2M + b',"n":"x","v":1}]'))
    rig.post(request())
    packs = [uplink.pack or [] for uplink in rig.platform.uplinks]
    assert [pack[0]["bt"] for pack in packs] == [1700000001.5, 1700000000]


def test_a_body_that_stops_short_is_a_finding(rig: Rig) -> None:
    """Content-Length too large: after the stall limit the request is judged, and says so."""
    with running(PlatformSettings(times=TimeLimits(stall_s=0.1))) as quick:
        got = seen(quick, request(length=97))
        assert got == (400, "malformed", {("HTTP-LENGTH", "error")})
        assert quick.clock.work.wait_idle(5)
    del rig


def test_a_body_counted_too_short_is_blamed_on_its_length_alone(rig: Rig) -> None:
    """Wherever the count ends, also where the rest begins like a method: said once."""
    for count in range(1, len(BODY)):
        answer = rig.post(request(length=count))
        assert status(answer) == 400
        uplink = rig.platform.uplinks[-1]
        assert [finding.requirement for finding in uplink.findings] == ["HTTP-LENGTH"]
        assert f"after {count} bytes of body follow" in uplink.findings[0].message
        assert uplink.token.verdict == "verified"
    assert len(rig.platform.uplinks) == len(BODY) - 1
    assert rig.platform.aborted == []


@pytest.mark.parametrize(
    ("stray", "words"), [(b"\x1a", "Ctrl-Z"), (b"\0", "terminator"), (b"]", "']'")]
)
def test_what_follows_a_whole_pack_does_not_spoil_it(rig: Rig, stray: bytes, words: str) -> None:
    """A byte of the modem's send command after the body: the pack is taken, the byte is named."""
    raw = request(BODY + stray, token=compute(BODY, SECRET), length=len(BODY))
    assert seen(rig, raw) == (202, "accepted", {("HTTP-LENGTH", "error")})
    message = rig.platform.uplinks[-1].findings[0].message
    assert "whole pack" in message
    assert words in message


def test_a_body_without_content_length_is_told_once(rig: Rig) -> None:
    """No count cannot be too small; pack and token are judged as meant, however long they are."""
    body = BODY[:-1] + b',{"n":"note","vs":"' + b"x" * 2_000 + b'"}]'
    got = seen(rig, request(body, drop="Content-Length"))
    assert got == (400, "malformed", {("HTTP-LENGTH", "error")})
    assert [f.message for f in rig.platform.uplinks[-1].findings] == [
        "no Content-Length header: the request ends with its head"
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (gzip.compress(BODY), "compressed"),
        (zlib.compress(BODY), "compressed"),
        (BODY.decode().encode("utf-16"), "UTF-16"),
        (BODY.decode().encode("utf-16-le"), "UTF-16"),
        (BODY.decode().encode("utf-16-be"), "UTF-16"),
        (b"\x81\xa2\x21\x61x\x00\x00\x00", "CBOR"),
        (b"", "the body is empty"),
        (BODY.replace(b"21.5", b".5"), "a value has to stand at character"),
    ],
)
def test_a_body_that_is_no_json_is_called_what_it_is(rig: Rig, body: bytes, words: str) -> None:
    """One finding says what came; its last bytes are taken for no C string."""
    assert seen(rig, request(body))[:2] == (400, "malformed")
    (finding,) = rig.platform.uplinks[-1].findings
    assert finding.requirement == "SENML-PACK"
    assert words in finding.message


def test_a_content_encoding_is_named(rig: Rig) -> None:
    """None is documented, so whether the platform undoes one is not known."""
    raw = request(extra=b"Content-Encoding: gzip")
    assert seen(rig, raw) == (202, "accepted", {("HTTP-TYPE", "warning")})


def test_slow_loris_is_cut_off_while_others_are_served() -> None:
    """A client that trickles is dropped by the request limit and disturbs nobody."""
    with (
        running(PlatformSettings(times=TimeLimits(stall_s=5, request_s=0.15))) as rig,
        rig.connect() as slow,
    ):
        slow.sendall(b"POST /ingestion")
        assert status(rig.post(request())) == 202
        assert read_answer(slow).startswith(b"HTTP/1.1 400 ")
        assert slow.recv(100) == b""


def test_a_lost_connection_is_recorded_not_judged(rig: Rig) -> None:
    """The peer goes away in mid-body: aborted, with how far it came, and nothing stays open."""
    with rig.connect() as sock:
        sock.sendall(request()[:-10])
    assert rig.platform.wait(lambda: bool(rig.platform.aborted), Deadline.after(60))
    assert "85 of 95 body bytes" in rig.platform.aborted[0].why
    assert rig.platform.uplinks == []
    assert rig.clock.work.wait_idle(5)


def test_pipelined_and_split_requests_are_answered_in_order(rig: Rig) -> None:
    """Two requests in one segment, then one in two: three answers."""
    with rig.connect() as sock:
        sock.sendall(request() + request(token="0" * 64))
        assert status(read_answer(sock)) == 202
        rig.wait(2)
        raw = request(b"{}")
        sock.sendall(raw[:50])
        sock.sendall(raw[50:])
        rig.wait(3)
    assert [uplink.status for uplink in rig.platform.uplinks] == [202, 401, 400]


def test_expect_continue(rig: Rig) -> None:
    """The interim answer comes before the body is sent."""
    raw = request(extra=b"Expect: 100-continue")
    with rig.connect() as sock:
        sock.sendall(raw[: -len(BODY)])
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(BODY)
        assert status(read_answer(sock)) == 202


def test_resent_and_tight_retries_are_flagged(rig: Rig) -> None:
    """RESP-ACCEPTED and RESP-UNVERIFIED show over several requests; waiting makes it right."""
    assert seen(rig, request())[2] == set()
    assert ("RESP-ACCEPTED", "warning") in seen(rig, request())[2]
    wrong = request(b"[" + M2M + b',"n":"x","v":1}]', token="0" * 64)
    found = [("RESP-UNVERIFIED", "error") in seen(rig, wrong)[2] for _ in range(4)]
    assert found == [False, False, True, True]
    rig.clock.advance(3600)
    assert not [item for item in seen(rig, wrong)[2] if item[0] == "RESP-UNVERIFIED"]


def test_codes_are_configuration() -> None:
    """Other response codes, and an assumption list that names them."""
    settings = PlatformSettings(codes=ResponseCodes(accepted=200, unverified=403))
    with running(settings) as rig:
        assert status(rig.post(request())) == 200
        assert status(rig.post(request(token="0" * 64))) == 403
        assert "accepted 200" in rig.platform.assumptions()[0].value


def test_many_idle_connections_and_a_busy_one() -> None:
    """500 silent connections are held, a further one is served, idle ones are closed in time."""
    times = replace(TimeLimits(), idle_s=0.3)
    with running(PlatformSettings(times=times)) as rig:
        idle = [rig.connect() for _ in range(500)]
        assert status(rig.post(request())) == 202
        assert [sock.recv(1) for sock in idle] == [b""] * 500
        for sock in idle:
            sock.close()


def test_concurrent_clients_each_get_their_answer(rig: Rig) -> None:
    """Eight threads with bodies of their own: every uplink is there once, all accepted."""

    def work(number: int) -> None:
        with rig.connect() as sock:
            for index in range(20):
                body = b"[" + M2M + b',"n":"x","v":%d}]' % (number * 100 + index)
                sock.sendall(request(body))
                assert status(read_answer(sock)) == 202

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    uplinks = rig.platform.uplinks
    assert len({uplink.body for uplink in uplinks}) == len(uplinks) == 160
    assert {uplink.findings for uplink in uplinks} == {()}


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("a" * 65, "has to be 64 hex characters; it has 65"),
        ("zz", "has to be 64 hex characters; it has 2"),
        (compute(BODY, SECRET) + "0", "is right, but 1 character stands around it"),
        (compute(BODY, SECRET)[:63], "is right, but cut to 63 of its 64 characters"),
    ],
)
def test_a_malformed_token_is_told_once(rig: Rig, token: str, says: str) -> None:
    """One finding, the one that explains more."""
    rig.post(request(token=token))
    (finding,) = rig.platform.uplinks[-1].findings
    assert finding.requirement == "TOKEN-HEADER"
    assert says in finding.message


def test_whoever_hears_of_an_uplink_can_look_at_it(rig: Rig) -> None:
    """An event names an exchange that can be asked for."""
    found: list[bool] = []

    def hear(event: Event) -> None:
        if event.kind == "uplink":
            known = [uplink.exchange for uplink in rig.platform.uplinks]
            found.append(event.data["exchange"] in known)

    rig.timeline.listen(hear)
    rig.post(request())
    rig.post(request(token="0" * 64))
    rig.wait(2)
    assert found == [True, True]


def test_whoever_waits_for_an_aborted_request_finds_it_on_the_timeline(rig: Rig) -> None:
    """It is recorded before it is counted."""
    counted: list[int] = []

    def hear(event: Event) -> None:
        if event.kind == "http.aborted":
            counted.append(len(rig.platform.aborted))

    rig.timeline.listen(hear)
    with rig.connect() as sock:
        sock.sendall(request()[:40])
        sock.shutdown(socket.SHUT_WR)
        assert rig.platform.wait(lambda: bool(rig.platform.aborted), Deadline.after(60))
    assert counted == [0]
