"""telit-me910 on the wire, as the AT Commands Reference Guides print it."""

from __future__ import annotations

import pytest

from harness.virtual_modem import Subscription
from tests.virtual_modem.conftest import Bench, Make, booted, rebooting, registered
from tests.virtual_modem.families.dialogue import OK, after, give, info, talk

Server = tuple[tuple[str, int], list[bytes]]
APN = 'AT+CGDCONT=1,"IP","kpnthings2.m2m"'
DIAL = 'AT#SD=1,0,80,"10.151.236.157",0,0,1'
REPLY = b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\nOK\r\n"


def telit(bench: Make, target: tuple[str, int] | None = None) -> Bench:
    one = bench(family="telit-me910", target=target, subscription=Subscription.of("plus"))
    registered(one.modem)
    one.host.ask("ATE0")
    return one


def attached(bench: Make, target: tuple[str, int] | None = None) -> Bench:
    one = telit(bench, target)
    talk(one, (APN, OK), ("AT#SGACT=1,1", info("#SGACT: 10.64.0.2")))
    return one


def test_identity(bench: Make) -> None:
    """Bare answers to the 27.007 commands, prefixed ones to Telit's own."""
    one = telit(bench)
    talk(
        one,
        ("ATI", info("ME910C1-WW")),
        ("AT+CGMI", info("Telit")),
        ("AT+CGSN", info("356726104408422")),
        ("AT#CGSN", info("#CGSN: 356726104408422")),
        ("AT#CIMI", info("#CIMI: 204080000000001")),
        ("AT#CCID", info("#CCID: 8931041010654378930")),
        ("AT+CCID", info("+CCID: 8931041010654378930")),
    )


def test_context(bench: Make) -> None:
    """The address comes with the activation; a second one is CME 553, a wrong APN CME 555."""
    one = attached(bench)
    talk(
        one,
        ("AT+CMEE=1", OK),
        ("AT#SGACT=1,1", b"\r\n+CME ERROR: 553\r\n"),
        ("AT#SGACT?", info("#SGACT: 1,1")),
        ("AT+CGPADDR=1", info('+CGPADDR: 1,"10.64.0.2"')),
        ("AT#SGACT=1,0", OK),
        ("AT#SGACT?", info("#SGACT: 1,0")),
        ('AT+CGDCONT=1,"IP","kpnthings.iot"', OK),
        ("AT#SGACT=1,1", b"\r\n+CME ERROR: 555\r\n"),
        (DIAL, b"\r\n+CME ERROR: 556\r\n"),
    )


def test_socket(bench: Make, server: Server) -> None:
    """SRING once, #SI counts, #SRECV in pieces, NO CARRIER when the peer closes."""
    one = attached(bench, server[0])
    talk(one, (DIAL, OK), ("AT#SSENDEXT=1,4", b"\r\n> "))
    give(one, b"\x00\x1aO\r", OK)
    after(one, b"\r\nSRING: 1\r\n\r\nNO CARRIER\r\n")
    assert server[1] == [b"\x00\x1aO\r"]
    size = len(REPLY)
    talk(
        one,
        ("AT#SI=1", info(f"#SI: 1,4,0,{size},0")),
        ("AT#SS=1", info("#SS: 1,3")),
        ("AT#SRECV=1,10", b"\r\n#SRECV: 1,10\r\n" + REPLY[:10] + b"\r\n" + OK),
        ("AT#SRECV=1,1500", b"\r\n#SRECV: 1,%d\r\n" % (size - 10) + REPLY[10:] + b"\r\n" + OK),
        ("AT#SRECV=1,1500", b"\r\nERROR\r\n"),
        ("AT#SH=1", OK),
        ("AT#SS=1", info("#SS: 1,0")),
    )


def test_hexadecimal_and_pushed(bench: Make, server: Server) -> None:
    """#SCFGEXT: data come with SRING, and in hexadecimal digits both ways."""
    one = attached(bench, server[0])
    talk(
        one,
        ("AT#SCFGEXT=1,2,1,0,0,1", OK),
        ("AT#SCFGEXT2=1,0,0,0,0,1", OK),
        (DIAL, OK),
        ("AT#SSENDEXT=1,2", b"\r\n> "),
    )
    give(one, b"4F4B", OK)
    wanted = f"\r\nSRING: 1,{len(REPLY)},{REPLY.hex().upper()}\r\n\r\nNO CARRIER: 1\r\n".encode()
    after(one, wanted)
    assert server[1] == [b"OK"]


@pytest.mark.parametrize("extra", ["", ',"Things-Message-Token: abc"'])
def test_http_post(bench: Make, server: Server, extra: str) -> None:
    """>>> asks for the body, #HTTPRING tells the result, <<< stands right before the answer."""
    one = attached(bench, server[0])
    talk(
        one,
        ('AT#HTTPCFG=0,"10.151.236.157",80,0,"","",0,120,1', OK),
        (f'AT#HTTPSND=0,0,"/a",2,"application/json"{extra}', b">>>"),
    )
    give(one, b"[]", OK)
    after(one, b'\r\n#HTTPRING: 0,202,"",4\r\n')
    talk(one, ("AT#HTTPRCV=0", b"\r\n<<<OK\r\n\r\n" + OK), ("AT#HTTPRCV=0", b"\r\nERROR\r\n"))
    [request] = server[1]
    assert request.startswith(b"POST /a HTTP/1.1\r\nHost: 10.151.236.157\r\nConnection: close\r\n")
    assert (b"\r\nThings-Message-Token: abc\r\n" in request) is bool(extra)
    assert request.endswith(b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")


def test_http_without_a_server(bench: Make) -> None:
    """Status 0 when nothing answered."""
    one = attached(bench)
    talk(
        one,
        ('AT#HTTPCFG=0,"10.151.236.157",80,0,"","",0,120,1', OK),
        ('AT#HTTPQRY=0,0,"/"', OK),
    )
    after(one, b'\r\n#HTTPRING: 0,0,"",0\r\n')


def test_power(bench: Make) -> None:
    """#REBOOT boots again, #SHDN switches off; neither says more than OK."""
    one = telit(bench)
    with rebooting(one.modem):
        talk(one, ("AT#REBOOT", OK))
    one.host.ask("ATE0")
    talk(one, ("AT#SHDN", OK))
    booted(one.modem, "off")
