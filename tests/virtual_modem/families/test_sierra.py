"""sierra-hl78 on the wire, as the AirPrime HL interface guides print it."""

from __future__ import annotations

from harness.virtual_modem import Subscription
from tests.virtual_modem.conftest import Bench, Make, booted, registered
from tests.virtual_modem.families.dialogue import OK, after, give, info, talk

Server = tuple[tuple[str, int], list[bytes]]
EOF = b"--EOF--Pattern--"
REPLY = b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\nOK\r\n"


def hl78(bench: Make, target: tuple[str, int] | None = None, apn: str = "kpnthings2.m2m") -> Bench:
    one = bench(family="sierra-hl78", target=target, subscription=Subscription.of("plus"))
    registered(one.modem)
    one.host.ask("ATE0")
    talk(one, (f'AT+KCNXCFG=1,"GPRS","{apn}"', OK))
    return one


def test_identity_and_boot(bench: Make) -> None:
    """The ICCID has a prefix, +CGSN=1 quotes; +KSUP comes at power-up once it is asked for."""
    one = hl78(bench)
    talk(
        one,
        ("AT+CGMM", info("HL7800")),
        ("AT+CGSN=1", info('+CGSN: "356726104408422"')),
        ("AT+CCID", info("+CCID: 8931041010654378930")),
        ("AT+KGSN=0", info("+KGSN: 356726104408422")),
        ("AT+KSREP=1", OK),
        ("AT+CPWROFF", OK),
    )
    booted(one.modem, "off")
    one.modem.power(True)
    after(one, b"\r\n+KSUP: 0\r\n")


def test_connection(bench: Make) -> None:
    """Up and down with their indications, and the address in between."""
    one = hl78(bench)
    talk(one, ("AT+KCNXUP=1", OK))
    after(one, b"\r\n+KCNX_IND: 1,1,0\r\n")
    talk(
        one,
        ("AT+KCGPADDR=1", info('+KCGPADDR: 1,"10.64.0.2"')),
        ("AT+KCNXDOWN=1,1", OK),
    )
    after(one, b"\r\n+KCNX_IND: 1,3\r\n")
    talk(one, ('AT+KCNXCFG=1,"GPRS","kpnthings.iot"', OK), ("AT+KCNXUP=1", OK))
    after(one, b"\r\n+KCNX_IND: 1,2\r\n")


def test_tcp_session(bench: Make, server: Server) -> None:
    """Data both ways end with the pattern; +KTCP_NOTIF 4 is the peer's close."""
    one = hl78(bench, server[0])
    talk(
        one,
        ('AT+KTCPCFG=1,0,"10.151.236.157",80', info("+KTCPCFG: 1")),
        ("AT+KTCPCNX=1", OK),
    )
    after(one, b"\r\n+KCNX_IND: 1,1,0\r\n\r\n+KTCP_IND: 1,1\r\n")
    talk(one, ("AT+KTCPSND=1,5", b"\r\nCONNECT\r\n"))
    give(one, b"\x00\x1a--E" + EOF, OK)
    after(one, b"\r\n+KTCP_DATA: 1,%d\r\n\r\n+KTCP_NOTIF: 1,4\r\n" % len(REPLY))
    assert server[1] == [b"\x00\x1a--E"]
    talk(
        one,
        ("AT+KTCPSTAT=1", info(f"+KTCPSTAT: 5,4,0,{len(REPLY)}")),
        ("AT+KTCPRCV=1,10", b"\r\nCONNECT\r\n" + REPLY[:10] + EOF + b"\r\n" + OK),
        ("AT+KTCPRCV=1,9999", b"\r\nCONNECT\r\n" + REPLY[10:] + EOF + b"\r\n" + OK),
        ("AT+KTCPRCV=1,10", b"\r\nCONNECT\r\n" + EOF + b"\r\n" + OK),
        ("AT+CMEE=1", OK),
        ("AT+KTCPDEL=1", b"\r\n+CME ERROR: 911\r\n"),
        ("AT+KTCPCLOSE=1,1", OK),
        ("AT+KTCPDEL=1", OK),
        ("AT+KTCPCNX=1", b"\r\n+CME ERROR: 910\r\n"),
    )


def test_other_number_of_bytes_than_stated(bench: Make, server: Server) -> None:
    """The stated number is sent, and +KTCP_NOTIF 8 says that it was not what came."""
    one = hl78(bench, server[0])
    talk(one, ('AT+KTCPCFG=1,0,"10.151.236.157",80', info("+KTCPCFG: 1")), ("AT+KTCPCNX=1", OK))
    one.host.read_until(b"+KTCP_IND: 1,1\r\n")
    talk(one, ("AT+KTCPSND=1,2", b"\r\nCONNECT\r\n"))
    give(one, b"abc" + EOF, OK + b"\r\n+KTCP_NOTIF: 1,8\r\n")
    one.host.read_until(b"+KTCP_NOTIF: 1,4\r\n")
    assert server[1] == [b"ab"]


def test_nobody_listens(bench: Make) -> None:
    """+KTCP_NOTIF 5, and the session can be deleted."""
    one = hl78(bench)
    talk(one, ('AT+KTCPCFG=1,0,"10.0.0.1",81', info("+KTCPCFG: 1")), ("AT+KTCPCNX=1", OK))
    after(one, b"\r\n+KCNX_IND: 1,1,0\r\n\r\n+KTCP_NOTIF: 1,5\r\n")
    talk(one, ("AT+KTCPDEL=1", OK))


def test_http_post(bench: Make, server: Server) -> None:
    """Header block, body by its Content-Length, head and body of the answer, and its summary."""
    one = hl78(bench, server[0])
    talk(one, ('AT+KHTTPCFG=1,"10.151.236.157",80', info("+KHTTPCFG: 1")))
    after(one, b"\r\n+KCNX_IND: 1,1,0\r\n\r\n+KHTTP_IND: 1,1\r\n")
    talk(one, ("AT+KHTTPHEADER=1", b"\r\nCONNECT\r\n"))
    head = b"Content-Length: 2\r\nContent-Type: application/json\r\nThings-Message-Token: abc\r\n"
    give(one, head + EOF, OK)
    talk(one, ('AT+KHTTPPOST=1,,"/a"', b"\r\nCONNECT\r\n"))
    give(one, b"[]", b"\r\nCONNECT\r\n" + REPLY + EOF + b"\r\n" + OK)
    after(one, b'\r\n+KHTTP_IND: 1,3,4,202,"Accepted"\r\n')
    request = b"POST /a HTTP/1.1\r\nHost: 10.151.236.157\r\n" + head + b"\r\n[]"
    assert server[1] == [request]
    talk(one, ("AT+KHTTPCLOSE=1,1", OK), ("AT+KHTTPDEL=1", OK), ("AT+KHTTPDEL=1", b"\r\nERROR\r\n"))


def test_silent_boot(bench: Make) -> None:
    """Without AT+KSREP=1 nothing is said at power-up."""
    one = bench(family="sierra-hl78")
    booted(one.modem)
    talk(one, ("AT", b"AT\r" + OK))
