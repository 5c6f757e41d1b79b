"""Contexts, sockets and HTTP of a virtual modem, with a real server behind."""

import pytest

from harness.virtual_modem import Subscription
from tests.virtual_modem.conftest import Bench, Make, registered

Server = tuple[tuple[str, int], list[bytes]]
OPEN = 'AT+QIOPEN=1,0,"TCP","10.151.236.157",80,0,{}'


def test_a_wrong_apn_gets_no_context(bench: Make) -> None:
    """NET-APN: the SIM type decides."""
    one = bench(subscription=Subscription.of("regular"))
    registered(one.modem)
    one.host.ask('AT+QICSGP=1,1,"kpnthings2.m2m"')
    assert one.host.ask("AT+QIACT=1").endswith(b"ERROR\r\n")
    assert b"561" in one.host.ask("AT+QIGETERROR")
    assert one.modem.state.pdp is None
    one.host.ask('AT+QICSGP=1,1,"kpnthings.iot"')
    assert one.host.ask("AT+QIACT=1").endswith(b"\r\nOK\r\n")
    assert (one.modem.state.apn, one.modem.state.pdp) == ("kpnthings.iot", "10.64.0.2")


def test_a_socket_in_buffer_mode(bench: Make, server: Server) -> None:
    """recv is told once; what is read is exact, also when it looks like a result."""
    target, seen = server
    one = bench(target=target)
    one.attach()
    one.host.ask(OPEN.format(0), b"+QIOPEN: 0,0\r\n")
    assert one.host.ask("AT+QISEND=0,4", b"> ") == b"\r\n> "
    assert b"SEND OK" in one.host.ask("\x00\x1aOK"[:4], b"SEND OK\r\n")
    one.host.read_until(b'"closed",0\r\n')
    assert seen == [b"\x00\x1aOK"]
    text = one.host.ask("AT+QIRD=0,1500", b"\r\n\r\nOK\r\n\r\n\r\nOK\r\n")
    assert text.startswith(b"\r\n+QIRD: 48\r\nHTTP/1.1 202")
    assert one.host.ask("AT+QIRD=0") == b"\r\n+QIRD: 0\r\n\r\nOK\r\n"
    assert one.host.ask("AT+QICLOSE=0") == b"\r\nOK\r\n"


def test_push_mode_brings_the_data_with_its_length(bench: Make, server: Server) -> None:
    """+QIURC: "recv",id,length and the bytes."""
    one = bench(target=server[0])
    one.attach()
    one.host.ask(OPEN.format(1), b"+QIOPEN: 0,0\r\n")
    one.host.ask("AT+QISEND=0,2", b"> ")
    one.host.ask("hi", b'"recv",0,48\r\nHTTP/1.1 202')


@pytest.mark.parametrize("family", ["quectel-bg", "quectel-ec"])
def test_data_as_hexadecimal_digits(bench: Make, server: Server, family: str) -> None:
    """AT+QISENDEX needs no prompt; odd, foreign, too many or no digits are refused."""
    target, seen = server
    one = bench(family=family, target=target)
    one.attach()
    one.host.ask(OPEN.format(1), b"+QIOPEN: 0,0\r\n")
    for wrong in ('"0"', '"0g"', f'"{"00" * 257}"', '""'):
        assert one.host.ask(f"AT+QISENDEX=0,{wrong}").endswith(b"\r\nERROR\r\n")
    assert one.host.ask('AT+QISENDEX=1,"00"').endswith(b"\r\nERROR\r\n")
    text = one.host.ask('AT+QISENDEX=0,"00ff1A0d"', b'"recv",0,48\r\nHTTP/1.1 202')
    assert b"\r\nSEND OK\r\n" in text
    assert seen == [b"\x00\xff\x1a\r"]


def test_only_routed_destinations_are_reachable(bench: Make, server: Server) -> None:
    """A virtual modem never opens a connection to the outside world."""
    one = bench(target=server[0])
    one.attach()
    text = one.host.ask('AT+QIOPEN=1,0,"TCP","192.0.2.1",80', b"+QIOPEN: 0,566\r\n")
    assert text.startswith(b"\r\nOK\r\n")
    assert b"566" in one.host.ask("AT+QIGETERROR")


def test_a_name_lookup_fails_and_is_really_made(bench: Make) -> None:
    """NET-NODNS."""
    one = bench()
    one.attach()
    one.host.ask('AT+QIDNSGIP=1,"m.m"', b'"dnsgip",565\r\n')
    assert one.lookups == ["m.m"]


def http(one: Bench, url: bytes) -> None:
    one.host.ask(f"AT+QHTTPURL={len(url)},10", b"CONNECT\r\n")
    one.host.ask(url.decode()[:-1] + url.decode()[-1:], b"OK\r\n")


def test_http_post_with_a_head_of_ones_own(bench: Make, server: Server) -> None:
    """requestheader=1: the server gets exactly the bytes of the host."""
    target, seen = server
    one = bench(target=target)
    one.attach()
    one.host.ask('AT+QHTTPCFG="requestheader",1')
    http(one, b"http://10.151.236.157/x")
    request = "POST /x HTTP/1.1\r\nHost: m.m\r\nContent-Length: 1\r\n\r\n1"
    one.host.ask(f"AT+QHTTPPOST={len(request)},10,10", b"CONNECT\r\n")
    one.host.ask(request, b"+QHTTPPOST: 0,202,4\r\n")
    assert seen == [request.encode()]
    text = one.host.ask("AT+QHTTPREAD=10", b"+QHTTPREAD: 0\r\n")
    assert text == b"\r\nCONNECT\r\nOK\r\n\r\nOK\r\n\r\n+QHTTPREAD: 0\r\n"


def test_http_with_custom_headers(bench: Make, server: Server) -> None:
    """The modem writes the head; Host comes from the URL."""
    target, seen = server
    one = bench(target=target)
    one.attach()
    one.host.ask('AT+QHTTPCFG="contenttype",4')
    one.host.ask('AT+QHTTPCFG="customheader","Things-Message-Token: ab"')
    http(one, b"http://10.151.236.157:80/x?y")
    one.host.ask("AT+QHTTPPOST=2,10,10", b"CONNECT\r\n")
    one.host.ask("[]", b"+QHTTPPOST: 0,202,4\r\n")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /x?y HTTP/1.1\r\nHost: 10.151.236.157:80\r\n")
    assert b"Things-Message-Token: ab" in head
    assert b"Content-Type: application/json" in head
    assert body == b"[]"


@pytest.mark.parametrize(
    ("url", "code"), [("http://192.0.2.1/", b"716"), ("http://prod.example/", b"714")]
)
def test_http_errors_have_their_numbers(bench: Make, url: str, code: bytes) -> None:
    """No route is a connect error, a name a DNS error."""
    one = bench()
    one.attach()
    http(one, url.encode())
    one.host.ask("AT+QHTTPGET=10", b"+QHTTPGET: " + code)


def test_losing_the_network_ends_the_context(bench: Make) -> None:
    """+QIURC: "pdpdeact", and AT+CEREG says so."""
    one = bench()
    one.attach()
    one.host.ask("AT+CEREG=1")
    one.modem.coverage(False)
    text = one.host.read_until(b"+CEREG: 2\r\n")
    assert b'+QIURC: "pdpdeact",1' in text
    one.modem.coverage(True)
    one.host.read_until(b"+CEREG: 1\r\n")
