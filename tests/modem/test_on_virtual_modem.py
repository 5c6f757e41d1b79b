"""The quectel-bg driver on the virtual modem, over its PTY and real TCP connections."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from harness.errors import UsageError
from harness.line import EventTimeout
from harness.modem import HttpOrder, open_modem
from harness.modem.errors import (
    CmeError,
    CmsError,
    CommandRefused,
    NotRegistered,
    PdpRefused,
    SimProblem,
    SocketError,
)
from harness.virtual_modem import ModemSettings, Subscription
from tests.modem.conftest import ACCEPTED, NOON, PLATFORM, Make

HEAD = b"POST /ingestion/m2m/senml/v1 HTTP/1.1\r\nHost: m.m\r\nContent-Length: 2\r\n\r\n"
REQUEST = HEAD + b"[]"
PATH = "/ingestion/m2m/senml/v1"
ORDER = HttpOrder(*PLATFORM, PATH, (("Host", "m.m"),), b"[]")


def test_identity(bench: Make) -> None:
    """Manufacturer, model, revision, IMEI, ICCID and IMSI are read without prefixes and filler."""
    one = bench()
    one.modem.wait_ready(timeout_s=10)
    identity = one.modem.identify()
    assert (identity.manufacturer, identity.imei) == ("Quectel", "356726104408422")
    assert (identity.iccid, identity.imsi) == ("8931041010654378930", "204080000000001")
    assert identity.model
    assert identity.revision
    assert one.virtual.unknown_commands == ()


def test_signal_sim_and_registration(bench: Make) -> None:
    """A registered modem with a SIM says READY, home network, and a plausible signal."""
    one = bench()
    address = one.attach()
    signal = one.modem.signal()
    assert one.modem.sim_state() == "READY"
    assert one.modem.registration() == 1
    assert signal.rssi_dbm is not None
    assert -113 <= signal.rssi_dbm <= -51
    assert address == "10.64.0.2"


def test_booting_modem_is_waited_for(bench: Make) -> None:
    """A modem that is still silent is ready once it has booted."""
    one = bench(settings=ModemSettings(boot_s=1.8))
    one.modem.wait_ready(timeout_s=10)
    assert one.modem.sim_state() == "READY"


def test_registration_code_ends_the_wait(bench: Make) -> None:
    """Registering is noticed by its code, long before the next question would be asked."""
    one = bench(settings=ModemSettings(register_s=1.5))
    one.modem.wait_ready(timeout_s=10)
    assert one.modem.wait_registered(timeout_s=300, poll_s=300) == 1


def test_no_network(bench: Make) -> None:
    """Without coverage the wait ends with the last state."""
    one = bench()
    one.virtual.coverage(False)
    one.modem.wait_ready(timeout_s=10)
    with pytest.raises(NotRegistered, match="state 2"):
        one.modem.wait_registered(timeout_s=0.2, poll_s=0.05)


def test_no_sim(bench: Make) -> None:
    """A missing SIM is the bench's fault."""
    one = bench(subscription=Subscription(present=False))
    one.modem.wait_ready(timeout_s=10)
    with pytest.raises(SimProblem, match="SIM not inserted"):
        one.modem.sim_state()


def test_wrong_apn(bench: Make) -> None:
    """An APN that the SIM type may not use gets no context, and the error names it."""
    with pytest.raises(PdpRefused, match=r"kpnthings\.iot"):
        bench().attach("kpnthings.iot")


def test_context_again_and_off(bench: Make) -> None:
    """Activating an active context returns its address; after deactivation sockets fail."""
    one = bench()
    assert one.attach() == one.modem.activate("kpnthings2.m2m")
    one.modem.deactivate()
    with pytest.raises((SocketError, CommandRefused)):
        one.modem.open_socket(*PLATFORM)


def test_raw_post(bench: Make) -> None:
    """The bytes given are the bytes sent, and the response comes back as it was."""
    one = bench()
    one.attach()
    one.server.replies.append(ACCEPTED)
    assert one.modem.post_raw(*PLATFORM, REQUEST) == ACCEPTED
    assert one.server.requests == [REQUEST]


def test_large_request_and_response(bench: Make) -> None:
    """More than one AT+QISEND and AT+QIRD can carry goes through in pieces, whatever it holds."""
    one = bench()
    one.attach()
    body = bytes(range(256)) * 40 + b'\r\nOK\r\n+QIURC: "closed",0\r\n> \r\nSEND OK\r\n'
    request = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    one.server.replies.append(reply)
    assert one.modem.post_raw(*PLATFORM, request) == reply
    assert one.server.requests == [request]


def test_several_exchanges_on_one_connection(bench: Make) -> None:
    """A connection that stays open carries one exchange after another."""
    one = bench()
    one.attach()
    connection = one.modem.open_socket(*PLATFORM)
    for number in range(3):
        reply = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number
        one.server.replies.append(reply)
        assert one.modem.exchange(connection, REQUEST) == reply
    one.modem.close_socket(connection)
    assert one.server.connections == 1


@pytest.mark.parametrize("reply", [b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"HTTP/1.1 2", b"\r\n"])
def test_response_that_ends_by_closing(bench: Make, reply: bytes) -> None:
    """Without a length the response is what came until the peer closed; the id is free again."""
    one = bench()
    one.attach()
    one.server.replies.extend([reply, ACCEPTED])
    assert one.modem.post_raw(*PLATFORM, REQUEST) == reply
    assert one.modem.post_raw(*PLATFORM, REQUEST) == ACCEPTED


def test_no_content_needs_no_length(bench: Make) -> None:
    """A 204 is complete with its head, also while the connection stays open."""
    one = bench()
    one.attach()
    reply = b"HTTP/1.1 204 No Content\r\nX-Content-Length: 9\r\n\r\n"
    one.server.replies.append(reply)
    assert one.modem.post_raw(*PLATFORM, REQUEST) == reply


def test_peer_that_says_nothing(bench: Make) -> None:
    """A response that does not come is not blamed on the modem, and the socket can be closed."""
    one = bench()
    one.attach()
    one.server.replies.extend([None, ACCEPTED])
    with pytest.raises(EventTimeout, match=r"the request within 0\.2 s"):
        one.modem.post_raw(*PLATFORM, REQUEST, response_timeout_s=0.2)
    assert one.modem.post_raw(*PLATFORM, REQUEST) == ACCEPTED


def test_connection_refused(bench: Make) -> None:
    """A server that is not there gives the vendor's number, and the connection id is free."""
    one = bench()
    one.attach()
    for _ in range(2):
        with pytest.raises(SocketError) as caught:
            one.modem.open_socket("10.0.0.1", 81)
        assert caught.value.code == 566


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", b"\r\nOK\r\nx> \x00\x1a\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"a\r\nOK\r\nb\r\nERROR\r\n\r\nOK\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ],
)
def test_http_client(bench: Make, head: bytes, body: bytes) -> None:
    """The built-in client sends the request as written and returns the body, length or not."""
    one = bench()
    one.attach()
    one.server.replies.extend([head + body, ACCEPTED])
    answer = one.modem.http_post(ORDER, response_timeout_s=5)
    assert (answer.status, answer.body) == (200, body)
    assert one.server.requests == [REQUEST]
    assert one.modem.http_post(ORDER, response_timeout_s=5).body == b"OK\r\n"


def test_http_response_that_breaks_off(bench: Make) -> None:
    """A body that ends before its stated length is an error, and the line stays in step."""
    one = bench()
    one.attach()
    one.server.replies.append(b"HTTP/1.1 200 OK\r\nContent-length: 9\r\n\r\nab")
    with pytest.raises(SocketError, match="broken off"):
        one.modem.http_post(ORDER, response_timeout_s=5)
    assert one.modem.registration() == 1


def test_http_errors(bench: Make) -> None:
    """A peer that is not there or says nothing gives the HTTP error number."""
    one = bench()
    one.attach()
    for order, code in ((replace(ORDER, host="10.151.236.158"), 716), (ORDER, 702)):
        with pytest.raises(SocketError) as caught:
            one.modem.http_post(order, response_timeout_s=1)
        assert caught.value.code == code


def test_http_limits() -> None:
    """What the vendor's client cannot take is refused before anything is sent."""
    with open_modem("quectel-bg", "loop://") as modem:
        with pytest.raises(UsageError, match="post_raw"):
            modem.http_post(replace(ORDER, path="/" + "x" * 700))
        with pytest.raises(UsageError, match="post_raw"):
            modem.http_post(replace(ORDER, body=b"x" * 102_401))
        assert not modem.channel.transcript


def test_sms(bench: Make) -> None:
    """An SMS is announced, listed in both modes, read and deleted; no text disturbs the listing."""
    one = bench()
    one.attach()
    texts = ["OK", '+CMTI: "ME",9', "€ {} line\nline", ""]
    for text in texts:
        assert one.virtual.deliver_sms("5277", text, NOON)
        one.modem.channel.wait_for("+CMTI:", timeout_s=5)
    found = one.modem.list_sms()
    assert [(sms.sender, sms.text) for sms in found] == [("5277", text) for text in texts]
    assert one.modem.read_sms(found[2].index).text == texts[2]
    assert [sms.sender for sms in one.modem.list_sms_text()] == ["5277"] * 4
    one.modem.delete_sms(found[0].index)
    assert [sms.text for sms in one.modem.list_sms()] == texts[1:]
    with pytest.raises(CmsError) as caught:
        one.modem.read_sms(found[0].index)
    assert caught.value.code == 321


def test_clock(bench: Make) -> None:
    """The modem's clock can be set and read with its zone; DST zones are quarter hours."""
    one = bench()
    one.attach()  # so that the network's own time comes before
    for zone in (UTC, timezone(timedelta(hours=1)), timezone(timedelta(hours=-9, minutes=-30))):
        moment = datetime(2026, 3, 29, 1, 59, 30, tzinfo=zone)
        one.modem.set_clock(moment)
        assert timedelta() <= one.modem.clock() - moment < timedelta(seconds=30)
        assert one.modem.clock().utcoffset() == moment.utcoffset()


def test_radio_off_and_on(bench: Make) -> None:
    """Without radio there is no registration; with it there is again."""
    one = bench()
    one.attach()
    one.modem.set_radio(4)
    assert one.modem.registration() not in (1, 5)
    one.modem.set_radio(1)
    assert one.modem.wait_registered(timeout_s=10) == 1


def test_reboot_and_power_off(bench: Make) -> None:
    """A reboot ends in a modem that is ready; power off ends in silence."""
    one = bench()
    one.attach()
    one.modem.reboot()
    one.modem.channel.wait_for("APP RDY", timeout_s=10)
    one.modem.wait_ready(timeout_s=10)
    off = threading.Event()
    one.virtual.on_state(lambda state: off.set() if state.state == "off" else None)
    one.modem.power_off(timeout_s=10)
    assert off.wait(60)


def test_refusals_are_typed(bench: Make) -> None:
    """A refusal carries the command, the number and its meaning."""
    one = bench()
    one.modem.wait_ready(timeout_s=10)
    with pytest.raises(CmeError) as caught:
        one.modem.command("AT+CFUN=9")
    assert caught.value.command == "AT+CFUN=9"
    assert caught.value.code is not None


def test_unknown_family() -> None:
    """A family without a driver is refused by name."""
    with pytest.raises(UsageError, match="quectel-bg"):
        open_modem("acme", "loop://")
