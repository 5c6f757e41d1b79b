"""Accepted packs reach a real HTTPS server, in the documented form (DEST-REQUEST, DEST-RETRY)."""

from __future__ import annotations

import hashlib
import json

import pytest

from harness.clock import Deadline
from harness.errors import UsageError
from harness.network.certificates import CertificateKind
from harness.platform.destination.endpoint import Behaviour
from tests.destination.bench import HOST, PLUG, QUICK, SECRET, destination, forwarding
from tests.platform.bench import request

M2M = b'[{"bn":"urn:dev:IMEI:356726104408422:","bt":1585650750},{"n":"t","u":"Cel","v":21.5}]'


def test_the_request_is_the_documented_one() -> None:
    """Method, path with query, headers in order and spelling, and the token over the body sent."""
    with forwarding(headers=(("X-Things-Secret", "extra"),)) as to:
        to.rig.post(request(M2M))
        assert to.delivery(1).status == "delivered"
        (got,) = to.endpoint.received
    token = hashlib.sha256(got.body + SECRET.encode()).hexdigest()
    assert got.head.decode() == (
        f"POST /in?x=1 HTTP/1.1\r\nHost: {HOST}\r\nThings-Plug-UUID: {PLUG}\r\n"
        f"Things-Message-Token: {token}\r\nContent-type: application/json\r\n"
        f"X-Things-Secret: extra\r\nContent-Length: {len(got.body)}\r\nConnection: close\r\n\r\n"
    )
    assert got.verified
    assert json.loads(got.body) == json.loads(M2M)


def test_a_get_carries_the_pack_too() -> None:
    """Contradiction 15: the method may be GET, and only a body is described."""
    with forwarding(method="GET") as to:
        to.rig.post(request(M2M))
        assert to.delivery(1).status == "delivered"
        (got,) = to.endpoint.received
    assert got.head.startswith(b"GET /in?x=1 HTTP/1.1\r\n")
    assert got.verified
    assert to.delivery(1).attempts[0].sent.findings == ()


@pytest.mark.parametrize(
    ("shape", "numbers", "body"),
    [
        ("separate", "plain", M2M),
        ("merged", "plain", M2M.replace(b"},{", b",")),
        ("separate", "exponent", M2M.replace(b"1585650750", b"1.58565075E9")),
        ("merged", "exponent", M2M.replace(b"},{", b",").replace(b"1585650750", b"1.58565075E9")),
    ],
)
def test_both_shapes_and_number_forms(shape: str, numbers: str, body: bytes) -> None:
    """The two forms of output that are in use; the token is over exactly those bytes."""
    with forwarding(shape=shape, numbers=numbers) as to:
        to.rig.post(request(M2M))
        to.delivery(1)
        assert [(got.body, got.verified) for got in to.endpoint.received] == [(body, True)]


def test_what_is_not_accepted_is_not_forwarded() -> None:
    """Malformed and unverified uplinks go nowhere."""
    with forwarding() as to:
        to.rig.post(request(b"[]"))
        to.rig.post(request(M2M, token="0" * 64))
        to.rig.post(request(M2M))
        to.delivery(1)
        assert len(to.endpoint.received) == 1


def test_a_destination_may_name_its_devices() -> None:
    """Packs of others do not go there."""
    with forwarding(devices=frozenset({"plain-1"})) as to:
        to.rig.post(request(M2M))
        body = b'[{"bn":"urn:dev:IMEI:490154203237518:","n":"x","v":1}]'
        to.rig.post(request(body, drop="Things-Message-Token"))
        assert to.delivery(1).device == "plain-1"
        assert len(to.rig.platform.deliveries) == 1


def test_three_attempts_at_their_moments_then_discarded() -> None:
    """DEST-RETRY: the time-out rises, and after the third attempt the pack is dropped."""
    with forwarding([500, 404, 302]) as to:
        to.rig.post(request(M2M))
        to.delivery(1)
        to.rig.clock.advance(120)
        delivery = to.delivery(3)
        assert delivery.status == "discarded"
        assert [(a.at_s, a.sent.outcome, a.sent.status) for a in delivery.attempts] == [
            (0, "refused", 500), (10, "refused", 404), (30, "refused", 302),
        ]  # fmt: skip
        to.rig.clock.advance(600)
        assert len(to.endpoint.received) == 3


@pytest.mark.parametrize(("answers", "status"), [([200], "delivered"), ([500] * 3, "discarded")])
def test_an_attempt_is_seen_with_what_it_led_to(answers: list[Behaviour], status: str) -> None:
    """Nobody finds the last attempt made and the pack pending still; both are told before."""
    with forwarding(answers) as to:
        seen: list[tuple[int, str]] = []
        to.rig.timeline.listen(
            lambda _: seen.extend(
                (len(one.attempts), one.status) for one in to.rig.platform.deliveries
            )
        )
        to.rig.post(request(M2M))
        to.delivery(1)
        to.rig.clock.advance(120)
        assert to.delivery(len(answers)).status == status
        assert (len(answers), "pending") not in seen
        assert to.rig.timeline.events("destination.status")


def test_a_later_attempt_delivers_the_same_bytes() -> None:
    """Any 2xx ends it; the request is the same each time."""
    with forwarding([503, 204]) as to:
        to.rig.post(request(M2M))
        to.delivery(1)
        to.rig.clock.advance(10)
        assert to.delivery(2).status == "delivered"
        first, second = to.endpoint.received
        assert first == second
        to.rig.clock.advance(600)
        assert len(to.endpoint.received) == 2


def test_a_silent_endpoint_times_out_on_the_scenario_clock() -> None:
    """No answer: the attempt ends when scenario time says so, without waiting for real."""
    with forwarding(["silent", "silent", 200], settings=QUICK) as to:
        to.rig.post(request(M2M))
        to.rig.clock.advance(35)
        delivery = to.delivery(3)
        assert [a.sent.outcome for a in delivery.attempts] == [
            "timed-out",
            "timed-out",
            "delivered",
        ]
        assert [a.at_s for a in delivery.attempts] == [0, 10, 30]
        assert "20 s" in delivery.attempts[1].sent.why


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [("close", "without an answer"), ("garbage", "no HTTP response")],
)
def test_what_is_no_answer_is_said(behaviour: str, why: str) -> None:
    """An end without an answer, and bytes that are no HTTP, are failures with their reason."""
    with forwarding([behaviour]) as to:  # type: ignore[list-item]  # one of its words
        to.rig.post(request(M2M))
        sent = to.delivery(1).attempts[0].sent
        assert sent.outcome == "no-answer"
        assert why in sent.why


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("expired", "has expired"),
        ("wrong-name", f"is not for {HOST}"),
        ("unknown-ca", "no known authority"),
        ("self-signed", "self-signed"),
    ],
)
def test_a_wrong_certificate_gets_no_pack(kind: CertificateKind, why: str) -> None:
    """DEST-TLS: nothing is sent, and the verdict says what to do."""
    with forwarding(kind=kind) as to:
        to.rig.post(request(M2M))
        sent = to.delivery(1).attempts[0].sent
        assert sent.outcome == "tls"
        assert [(f.requirement, f.severity) for f in sent.findings] == [("DEST-TLS", "error")]
        assert why in sent.why
        assert to.endpoint.received == []


@pytest.mark.parametrize("host", [".bad.example", "a" * 70 + ".example"])
def test_an_impossible_name_is_an_attempt_that_failed(host: str) -> None:
    """Whatever a name does to DNS or TLS, the delivery goes on to its end."""
    with forwarding(url=f"https://{host}/") as to:
        to.rig.post(request(M2M))
        assert to.delivery(1).attempts[0].sent.outcome == "tls"
        to.rig.clock.advance(100)
        assert to.delivery(3).status == "discarded"


def test_nobody_there_is_unreachable() -> None:
    """A refused connection is an attempt too."""
    with forwarding() as to:
        to.endpoint.close()
        to.rig.post(request(M2M))
        assert to.delivery(1).attempts[0].sent.outcome == "unreachable"


def test_an_unexpected_2xx_is_delivered_with_a_warning() -> None:
    """Contradiction 14: only what is no 2xx certainly fails."""
    with forwarding([204], expected=200) as to:
        to.rig.post(request(M2M))
        delivery = to.delivery(1)
        assert delivery.status == "delivered"
        findings = delivery.attempts[0].sent.findings
        assert ("DEST-CONFIG", "warning") in {(f.requirement, f.severity) for f in findings}


def test_it_is_on_the_timeline() -> None:
    """Each attempt with its request and outcome, and how it ended."""
    with forwarding([500, 200]) as to:
        to.rig.post(request(M2M))
        to.delivery(1)
        to.rig.clock.advance(10)
        to.delivery(2)
        events = [e for e in to.rig.timeline.events() if e.kind.startswith("destination.")]
    assert [event.kind for event in events] == [
        "destination.attempt", "destination.attempt", "destination.status",
    ]  # fmt: skip
    assert [event.data.get("outcome") for event in events[:2]] == ["refused", "delivered"]
    assert events[2].data["status"] == "delivered"


def test_a_wrong_destination_is_refused_with_everything_at_once() -> None:
    """All objections in one error, and never the secret."""
    with forwarding() as to:
        bad = destination(
            name="other", url="http://hook.example:8443/", secret="short", method="PUT"
        )
        with pytest.raises(UsageError) as caught:
            to.rig.platform.add_destination(bad)
        text = str(caught.value)
        for part in ("https://", "443", "PUT", "at least 32"):
            assert part in text
        assert "brief" not in text
        with pytest.raises(UsageError, match="that name already"):
            to.rig.platform.add_destination(destination())
        with pytest.raises(UsageError, match="no PEM"):
            to.rig.platform.add_destination(destination(name="x", anchors=b"nonsense"))


def test_removed_destinations_get_nothing_more() -> None:
    """What comes after the removal stays here; removing twice is an error."""
    with forwarding() as to:
        to.rig.platform.remove_destination("webhook")
        to.rig.post(request(M2M))
        to.rig.wait(1)
        assert to.rig.platform.deliveries == ()
        with pytest.raises(UsageError, match="known: none"):
            to.rig.platform.remove_destination("webhook")


def test_stopping_ends_attempts_under_way() -> None:
    """A platform that stops leaves nobody hanging, and its clock is free."""
    with forwarding(["silent"]) as to:
        to.rig.post(request(M2M))
        waiting = to.rig.platform.wait(lambda: bool(to.endpoint.received), Deadline.after(0.5))
        del waiting  # nobody tells of a request at the endpoint: either way, it is under way
        to.rig.platform.stop()
        assert to.rig.clock.work.wait_idle(20)
