"""nordic-slm on the wire, as the application's documents and source print it (NCS up to 3.1)."""

from __future__ import annotations

import socket

import pytest

from harness.virtual_modem import ModemSettings, Subscription
from tests.virtual_modem.conftest import NOON, Bench, Make, booted, registered
from tests.virtual_modem.families.dialogue import OK, after, give, info, talk

Server = tuple[tuple[str, int], list[bytes]]
HEAD = b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\n"
REPLY = HEAD + b"OK\r\n"
ERROR = b"\r\nERROR\r\n"


def slm(bench: Make, target: tuple[str, int] | None = None, http_s: float = 180.0) -> Bench:
    one = bench(
        family="nordic-slm", target=target, subscription=Subscription.of("plus"),
        settings=ModemSettings(http_s=http_s),
    )  # fmt: skip
    booted(one.modem)
    one.host.line_end = b"\r\n"
    after(one, b"Ready\r\n")
    return one


def attached(bench: Make, target: tuple[str, int] | None = None, http_s: float = 180.0) -> Bench:
    one = slm(bench, target, http_s)
    talk(one, ('AT+CGDCONT=0,"IP","kpnthings2.m2m"', OK), ("AT+CFUN=1", OK))
    registered(one.modem)
    return one


def connected(bench: Make, server: Server) -> Bench:
    one = attached(bench, server[0])
    talk(
        one,
        ("AT#XSOCKET=1,1,0", info("#XSOCKET: 0,1,6")),
        ('AT#XCONNECT="10.151.236.157",80', info("#XCONNECT: 1")),
    )
    return one


def test_identity_without_echo(bench: Make) -> None:
    """No echo and no ATE; the ICCID is filled with F, the IMEI quoted with =1."""
    one = slm(bench)
    talk(
        one,
        ("ATE0", ERROR),
        ("AT+CGMI", info("Nordic Semiconductor ASA")),
        ("AT+CGMM", info("nRF9160-SICA")),
        ("AT+CGSN", info("356726104408422")),
        ("AT+CGSN=1", info('+CGSN: "356726104408422"')),
        ("AT+CFUN?", info("+CFUN: 0")),
        ("AT%XICCID", ERROR),
        ("AT+CFUN=1", OK),
        ("AT%XICCID", info("%XICCID: 8931041010654378930F")),
        ("AT#XSLMVER", info('#XSLMVER: "2.6.0","2.6.0"')),
    )


def test_a_line_ends_with_cr_lf(bench: Make) -> None:
    """A CR alone is no end of a line: the command goes on."""
    one = slm(bench)
    one.host.write(b"AT+CG\rMM\r\n")
    after(one, info("nRF9160-SICA"))


def test_default_bearer(bench: Make) -> None:
    """Context 0 comes up with the registration, if the network takes its APN."""
    one = attached(bench)
    talk(one, ("AT+CGPADDR=0", info('+CGPADDR: 0,"10.64.0.2"')), ("AT+CFUN=4", OK))
    talk(one, ('AT+CGDCONT=0,"IP","kpnthings.iot"', OK), ("AT+CFUN=1", OK))
    registered(one.modem)
    assert one.modem.state.pdp is None


def test_socket(bench: Make, server: Server) -> None:
    """Data mode ends with +++; #XRECV waits, reads in pieces, and is OK alone at the end."""
    one = connected(bench, server)
    talk(one, ("AT#XSEND", OK))
    give(one, b'{"a": ","}\r\n+++', b"\r\n#XDATAMODE: 0\r\n")
    first = info(f"#XRECV: {len(REPLY)}", REPLY.decode())
    talk(one, ("AT#XRECV=10", first), ("AT#XRECV=10", OK), ("AT#XRECV=10,64", OK))
    assert server[1] == [b'{"a": ","}\r\n']
    talk(one, ("AT#XSOCKET=0", info('#XSOCKET: 0,"closed"')), ("AT#XSEND", ERROR))


def test_data_in_the_command_and_polling(bench: Make, server: Server) -> None:
    """#XSEND with a string; #XPOLL names what can be read and what is closed."""
    one = connected(bench, server)
    talk(one, ("AT#XRECV=5,64", ERROR), ('AT#XSEND="Test TCP"', info("#XSEND: 8")))
    whole = info(f"#XRECV: {len(REPLY)}", REPLY.decode())
    talk(one, ("AT#XRECV=10,2", whole), ("AT#XRECV=10", whole), ("AT#XRECV=10", OK))
    talk(one, ("AT#XPOLL=0", info('#XPOLL: 0,"0x0010"')))


def test_nobody_listens(bench: Make) -> None:
    """An error, and the socket can be closed."""
    one = attached(bench)
    talk(
        one,
        ("AT#XSOCKET=1,1,0", info("#XSOCKET: 0,1,6")),
        ('AT#XCONNECT="10.0.0.1",81', ERROR),
        ("AT#XSOCKET=0", info('#XSOCKET: 0,"closed"')),
        ('AT#XHTTPCCON=1,"10.0.0.1",81', b"\r\n#XHTTPCCON: 0\r\n" + ERROR),
    )


def test_tcp_client_proxy(bench: Make, server: Server) -> None:
    """The proxy pushes what it gets."""
    one = attached(bench, server[0])
    talk(
        one,
        ('AT#XTCPCLI=1,"10.151.236.157",80', info('#XTCPCLI: 7,"connected"')),
        ('AT#XTCPSEND="hi"', info("#XTCPSEND: 2")),
    )
    after(one, b"\r\n#XTCPDATA: %d\r\n%s\r\n" % (len(REPLY), REPLY))
    after(one, b'\r\n#XTCPCLI: 0,"disconnected"\r\n')


@pytest.mark.parametrize("lines", [r"Things-Message-Token: abc\r\n", ""])
def test_http_post(bench: Make, server: Server, lines: str) -> None:
    """Head and body of the response come before the codes that count them."""
    one = attached(bench, server[0])
    talk(
        one,
        ('AT#XHTTPCCON=1,"10.151.236.157",80', info("#XHTTPCCON: 1")),
        (f'AT#XHTTPCREQ="POST","/a","{lines}","application/json",2', OK),
    )
    after(one, b"\r\n#XHTTPCREQ: 1\r\n")
    give(one, b"[]+++", b"\r\n#XHTTPCREQ: 0\r\n\r\n#XDATAMODE: 0\r\n")
    after(one, HEAD + b"\r\n#XHTTPCRSP:%d,0\r\n" % len(HEAD))
    after(one, b"OK\r\n\r\n#XHTTPCRSP:4,1\r\n")
    request = next(seen for seen in server[1] if seen)
    assert request.startswith(b"POST /a HTTP/1.1\r\nHost: 10.151.236.157\r\n")
    assert (b"\r\nThings-Message-Token: abc\r\n" in request) is bool(lines)
    assert request.endswith(b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")


def test_limits_of_the_http_client(bench: Make, server: Server) -> None:
    """Method 20, resource 256, headers 512, content type 64 bytes; headers end with one CR LF."""
    one = attached(bench, server[0])
    talk(one, ('AT#XHTTPCCON=1,"10.151.236.157",80', info("#XHTTPCCON: 1")))
    for wrong in (
        f'"GET","/{"a" * 256}"',
        f'"GET","/","{"a" * 509}\\r\\n"',
        '"GET","/","X: y"',
        '"BREW","/"',
        f'"POST","/","","{"a" * 65}",2',
    ):
        talk(one, (f"AT#XHTTPCREQ={wrong}", ERROR))


def test_http_server_that_says_nothing(bench: Make) -> None:
    """ETIMEDOUT, sooner than the application's 10 s when the settings say so; it disconnects."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        one = attached(bench, silent.getsockname(), http_s=0.05)
        talk(
            one,
            ('AT#XHTTPCCON=1,"10.151.236.157",80', info("#XHTTPCCON: 1")),
            ('AT#XHTTPCREQ="GET","/"', OK),
        )
        after(one, b"\r\n#XHTTPCREQ: 0\r\n")
        after(one, b"\r\n#XHTTPCREQ: -116\r\n\r\n#XHTTPCCON: 0\r\n")


def test_sms_is_handed_over(bench: Make) -> None:
    """+CMT in PDU mode, one at a time until it is acknowledged; there is no store."""
    one = attached(bench)
    assert not one.modem.deliver_sms("5277", "nobody asked", NOON)
    talk(one, ("AT+CNMI=3,2,0,1", OK), ("AT+CMGL=4", ERROR), ("AT+CMGF=1", ERROR))
    assert one.modem.deliver_sms("5277", "one", NOON)
    assert not one.modem.deliver_sms("5277", "two", NOON)
    assert one.host.read_until(b"\r\n", b"x").startswith(b"\r\n")
    assert one.host.read_until(b"\r\n").startswith(b"+CMT: ,")
    one.host.read_until(b"\r\n")
    talk(one, ("AT+CNMA", OK))
    assert one.modem.deliver_sms("5277", "two", NOON)


def test_sms_of_the_application(bench: Make) -> None:
    """#XSMS gives time, sender and text, and sends."""
    one = attached(bench)
    talk(one, ("AT#XSMS=1", OK), ("AT#XSMS=1", ERROR))
    assert one.modem.deliver_sms("5277", "hello", NOON)
    after(one, b'\r\n#XSMS: "26-03-01 13:00:00","5277","hello"\r\n')
    talk(one, ('AT#XSMS=2,"+31612345678","hi"', OK))
    assert [message.text for message in one.modem.sent_sms] == ["hi"]


def test_power(bench: Make) -> None:
    """#XRESET says Ready again; #XSLEEP says nothing at all."""
    one = slm(bench)
    talk(one, ("AT#XRESET", OK))
    after(one, b"Ready\r\n")
    one.host.write(b"AT#XSLEEP=2\r\n")
    booted(one.modem, "off")
    one.modem.power(True)
    after(one, b"Ready\r\n")
    talk(one, ("AT#XSHUTDOWN", OK))
    booted(one.modem, "off")
