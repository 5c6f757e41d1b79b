"""u-blox SARA on the wire, as the AT command manuals print it."""

from __future__ import annotations

import pytest

from harness.virtual_modem import Subscription
from tests.virtual_modem.conftest import Bench, Make, booted, registered
from tests.virtual_modem.families.dialogue import OK, after, give, info, talk

Server = tuple[tuple[str, int], list[bytes]]
ALL = ["ublox-sara-r4", "ublox-sara-r5", "ublox-sara-u2"]
WITH_HEADERS = ALL[:2]
REPLY = b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\nOK\r\n"
APN = 'AT+CGDCONT=1,"IP","kpnthings2.m2m"'
CREATE = ("AT+USOCR=6", info("+USOCR: 0"))
CONNECT = 'AT+USOCO=0,"10.151.236.157",80'


def sara(bench: Make, family: str, target: tuple[str, int] | None = None) -> Bench:
    one = bench(family=family, target=target, subscription=Subscription.of("plus"))
    registered(one.modem)
    one.host.ask("ATE0")
    return one


def attached(bench: Make, family: str, target: tuple[str, int] | None = None) -> Bench:
    one = sara(bench, family, target)
    talk(one, (APN, OK), ("AT+CGACT=1,1", OK))
    return one


def test_radio_access_of_2g_and_3g(bench: Make) -> None:
    """+URAT has one choice and one preference; more fields are for LTE-M modules."""
    one = sara(bench, "ublox-sara-u2")
    talk(
        one,
        ("AT+URAT=?", info("+URAT: (0-2),(0,2)")),
        ("AT+URAT?", info("+URAT: 1,2")),
        ("AT+URAT=2", OK),
        ("AT+URAT=7", b"\r\nERROR\r\n"),
    )


@pytest.mark.parametrize("family", ALL)
def test_identity(bench: Make, family: str) -> None:
    """The ICCID has a prefix; ATI9 gives firmware and application version."""
    one = sara(bench, family)
    talk(
        one,
        ("AT+CGMI", info("u-blox")),
        ("AT+CGSN", info("356726104408422")),
        ("AT+CCID", info("+CCID: 8931041010654378930")),
    )
    assert one.host.ask("ATI9").endswith(b",A00.01\r\n" + OK)


def test_profile_that_reports(bench: Make) -> None:
    """SARA-R5: +UUPSDA after OK, then the address can be asked for."""
    one = sara(bench, "ublox-sara-r5")
    talk(one, (APN, OK), ("AT+UPSD=0,0,0", OK), ("AT+UPSD=0,100,1", OK), ("AT+UPSDA=0,3", OK))
    after(one, b'\r\n+UUPSDA: 0,"10.64.0.2"\r\n')
    talk(
        one,
        ("AT+UPSND=0,0", info('+UPSND: 0,0,"10.64.0.2"')),
        ("AT+UPSND=0,8", info("+UPSND: 0,8,1")),
    )
    one.modem.coverage(False)
    after(one, b"\r\n+UUPSDD: 0\r\n")


def test_profile_with_its_own_apn(bench: Make) -> None:
    """SARA-U2: the APN is the profile's, and there is no +CEREG."""
    one = sara(bench, "ublox-sara-u2")
    talk(
        one,
        ("AT+UPSND=0,8", info("+UPSND: 0,8,0")),
        ('AT+UPSD=0,1,"kpnthings2.m2m"', OK),
        ('AT+UPSD=0,7,"0.0.0.0"', OK),
        ("AT+UPSDA=0,3", OK),
        ("AT+UPSND=0,0", info('+UPSND: 0,0,"10.64.0.2"')),
        ("AT+UPSDA=0,4", OK),
        ("AT+UPSND=0,8", info("+UPSND: 0,8,0")),
        ("AT+CEREG?", b"\r\nERROR\r\n"),
    )


def test_profile_with_a_wrong_apn(bench: Make) -> None:
    """The activation fails; SARA-R4 has no profiles at all."""
    one = sara(bench, "ublox-sara-u2")
    talk(one, ('AT+UPSD=0,1,"kpnthings.iot"', OK), ("AT+CMEE=2", OK))
    talk(one, ("AT+UPSDA=0,3", b"\r\n+CME ERROR: unspecified GPRS error\r\n"))
    talk(sara(bench, "ublox-sara-r4"), ("AT+UPSDA=0,3", b"\r\nERROR\r\n"))


@pytest.mark.parametrize("family", ALL)
def test_socket(bench: Make, family: str, server: Server) -> None:
    """@ asks for the data, reads are quoted and counted, +UUSOCL waits for the last of them."""
    one = attached(bench, family, server[0])
    talk(one, CREATE, (CONNECT, OK), ("AT+USOWR=0,4", b"\r\n@"))
    give(one, b'\x00\x1a"\r', info("+USOWR: 0,4"))
    after(one, f"\r\n+UUSORD: 0,{len(REPLY)}\r\n".encode())
    assert server[1] == [b'\x00\x1a"\r']
    left = len(REPLY) - 10
    talk(
        one,
        ("AT+USORD=0,0", info(f"+USORD: 0,{len(REPLY)}")),
        ("AT+USORD=0,10", info(f'+USORD: 0,10,"{REPLY[:10].decode()}"')),
    )
    after(one, f"\r\n+UUSORD: 0,{left}\r\n".encode())
    talk(one, ("AT+USORD=0,1024", info(f'+USORD: 0,{left},"{REPLY[10:].decode()}"')))
    after(one, b"\r\n+UUSOCL: 0\r\n")
    talk(one, ("AT+CMEE=2", OK), ("AT+USORD=0,1", b"\r\n+CME ERROR: operation not allowed\r\n"))


def test_string_and_hexadecimal_forms(bench: Make, server: Server) -> None:
    """The data may stand in the command, as they are or as digits."""
    one = attached(bench, "ublox-sara-r5", server[0])
    talk(one, CREATE, (CONNECT, OK), ("AT+UDCONF=1,1", OK))
    talk(one, ('AT+USOWR=0,2,"4F4B"', info("+USOWR: 0,2")))
    after(one, f"\r\n+UUSORD: 0,{len(REPLY)}\r\n".encode())
    talk(one, ("AT+USORD=0,4", info('+USORD: 0,4,"48545450"')))
    after(one, f"\r\n+UUSORD: 0,{len(REPLY) - 4}\r\n".encode())
    talk(one, ('AT+USOWR=0,3,"4F4B"', b"\r\nERROR\r\n"))
    assert server[1] == [b"OK"]


@pytest.mark.parametrize("family", ALL)
def test_nobody_listens(bench: Make, family: str) -> None:
    """An error at once, or with +UUSOCO when asked for; +USOER has the reason."""
    one = attached(bench, family)
    talk(
        one,
        CREATE,
        (CONNECT, b"\r\nERROR\r\n"),
        ("AT+USOER", info("+USOER: 111")),
        (CONNECT + ",1", OK),
    )
    after(one, b"\r\n+UUSOCO: 0,111\r\n")
    talk(one, ("AT+USOCL=0", OK), CREATE)


@pytest.mark.parametrize("family", WITH_HEADERS)
def test_http_post(bench: Make, family: str, server: Server) -> None:
    """The file goes up after >, the answer comes down as a file; R4 has bare LF before it."""
    one = attached(bench, family, server[0])
    token = "a" * 64
    talk(
        one,
        ("AT+UHTTP=0", OK),
        ('AT+UHTTP=0,0,"10.151.236.157"', OK),
        ("AT+UHTTP=0,5,80", OK),
        (f'AT+UHTTP=0,9,"0:Things-Message-Token:{token}"', OK),
        (f'AT+UHTTP=0,9,"1:X:{token}a"', b"\r\nERROR\r\n"),
        ('AT+UDWNFILE="up",2', b"\r\n>"),
    )
    give(one, b"[]", OK)
    talk(one, ('AT+UHTTPC=0,4,"/a","down","up",4', OK))
    after(one, b"\r\n+UUHTTPCR: 0,4,1\r\n")
    start = b"\n" if family == "ublox-sara-r4" else b"\r\n"
    talk(
        one,
        ('AT+ULSTFILE=2,"down"', info(f"+ULSTFILE: {len(REPLY)}")),
        ('AT+URDFILE="down"', start + b'+URDFILE: "down",%d,"%s"\r\n' % (len(REPLY), REPLY) + OK),
        ('AT+URDBLOCK="down",9,3', start + b'+URDBLOCK: "down",3,"202"\r\n' + OK),
        ('AT+UDELFILE="up"', OK),
        ("AT+UHTTPER=0", info("+UHTTPER: 0,0,0")),
    )
    [request] = server[1]
    assert request.startswith(b"POST /a HTTP/1.1\r\nHost: 10.151.236.157\r\n")
    assert b"\r\nThings-Message-Token: " + token.encode() + b"\r\n" in request
    assert request.endswith(b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")


def test_no_custom_header_in_2g_and_3g(bench: Make) -> None:
    """Operation code 9 is unknown there; a failed order gives class and code."""
    one = attached(bench, "ublox-sara-u2")
    talk(
        one,
        ('AT+UHTTP=0,9,"0:X:y"', b"\r\nERROR\r\n"),
        ('AT+UHTTP=0,0,"10.151.236.157"', OK),
        ('AT+UHTTPC=0,1,"/","down"', OK),
    )
    after(one, b"\r\n+UUHTTPCR: 0,1,0\r\n")
    talk(one, ("AT+UHTTPER=0", info("+UHTTPER: 0,3,11")))


@pytest.mark.parametrize("family", ALL)
def test_restart_and_power_off(bench: Make, family: str) -> None:
    """+CFUN=15 restarts and says the greeting, if there is one; +CPWROFF says nothing."""
    one = sara(bench, family)
    talk(one, ('AT+CSGT=1,"ready"', OK), ("AT+CFUN=15", OK))
    after(one, b"\r\nready\r\n")
    one.host.ask("ATE0")
    talk(one, ("AT+CPWROFF", OK))
    booted(one.modem, "off")
