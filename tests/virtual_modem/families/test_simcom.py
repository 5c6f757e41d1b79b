"""The SIMCom families on the wire, as their manuals and application notes print them."""

from __future__ import annotations

import pytest

from harness.virtual_modem import ModemIdentity, Subscription
from tests.virtual_modem.conftest import Bench, Make, booted, rebooting, registered
from tests.virtual_modem.families.dialogue import OK, after, give, info, talk

Server = tuple[tuple[str, int], list[bytes]]
ERROR = b"\r\nERROR\r\n"
BODY = b"OK\r\n"
REPLY = b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\n" + BODY
CIP, NET = ["simcom-800", "simcom-7000"], ["simcom-7600", "simcom-a76"]
APN = 'AT+CGDCONT=1,"IP","kpnthings2.m2m"'


def simcom(
    bench: Make, family: str, target: tuple[str, int] | None = None, model: str | None = None
) -> Bench:
    one = bench(
        family=family, target=target, subscription=Subscription.of("plus"),
        identity=ModemIdentity(model=model),
    )  # fmt: skip
    registered(one.modem)
    one.host.ask("ATE0")
    one.host.write(b"AT+CSCA=?\r")  # what was said at power-up is read over
    one.host.read_until(OK, timeout_s=5)
    return one


def net(bench: Make, family: str, target: tuple[str, int] | None = None) -> Bench:
    one = simcom(bench, family, target)
    talk(one, (APN, OK), ("AT+NETOPEN", OK))
    after(one, b"\r\n+NETOPEN: 0\r\n")
    return one


def cip(bench: Make, family: str, target: tuple[str, int] | None = None) -> Bench:
    one = simcom(bench, family, target)
    talk(
        one,
        ("AT+CIPMUX=1", OK),
        ('AT+CSTT="kpnthings2.m2m"', OK),
        ("AT+CIICR", OK),
        ("AT+CIFSR", b"\r\n10.64.0.2\r\n"),
    )
    return one


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("simcom-800", "RDY|+CFUN: 1|+CPIN: READY|Call Ready|SMS Ready"),
        ("simcom-7080", "RDY|+CFUN: 1|+CPIN: READY|SMS Ready"),
        ("simcom-7600", "RDY|+CPIN: READY|SMS DONE|PB DONE"),
        ("simcom-a76", "*ATREADY: 1|+CPIN: READY|SMS DONE|PB DONE"),
    ],
)
def test_boot(bench: Make, family: str, said: str) -> None:
    """What is said at power-up, in its order."""
    one = bench(family=family)
    wanted = "".join(f"\r\n{line}\r\n" for line in said.split("|"))
    after(one, wanted.encode())


@pytest.mark.parametrize(
    ("family", "model", "turns"),
    [
        ("simcom-800", "SIM800L", [("AT+CGMM", "SIMCOM_SIM800L"),
                                   ("AT+CGMR", "Revision:1418B05SIM800L24")]),
        ("simcom-7600", "SIM7600E-H", [("AT+CGMM", "SIMCOM_SIM7600E-H"),
                                       ("AT+CGMR", "+CGMR: LE20B03SIM7600M22")]),
        ("simcom-a76", "A7672E-LASE", [("AT+CGMM", "A7672E-LASE")]),
    ],
)  # fmt: skip
def test_identity(bench: Make, family: str, model: str, turns: list[tuple[str, str]]) -> None:
    """Model and revision as the family writes them; the IMEI is bare."""
    one = simcom(bench, family, model=model)
    talk(one, ("AT+CGSN", info("356726104408422")), *((sent, info(text)) for sent, text in turns))


def test_iccid(bench: Make) -> None:
    """Bare with +CCID, under another prefix with +CICCID."""
    talk(simcom(bench, "simcom-7080"), ("AT+CCID", info("8931041010654378930")))
    talk(simcom(bench, "simcom-7600"), ("AT+CICCID", info("+ICCID: 8931041010654378930")))


@pytest.mark.parametrize("family", NET)
def test_network_service(bench: Make, family: str) -> None:
    """Opened once, closed once, and lost with the network."""
    one = net(bench, family)
    talk(
        one,
        ("AT+NETOPEN", b"\r\n+IP ERROR: Network is already opened\r\n" + ERROR),
        ("AT+NETOPEN?", info("+NETOPEN: 1")),
        ("AT+IPADDR", info("+IPADDR: 10.64.0.2")),
        (APN, OK),  # as before, so the network stays open
        ("AT+IPADDR", info("+IPADDR: 10.64.0.2")),
        ("AT+NETCLOSE", OK),
    )
    after(one, b"\r\n+NETCLOSE: 0\r\n")
    talk(
        one,
        ('AT+CIPOPEN=0,"TCP","10.0.0.1",80', b"\r\n+CIPOPEN: 0,2\r\n" + ERROR),
        ("AT+NETOPEN", OK),
    )
    after(one, b"\r\n+NETOPEN: 0\r\n")
    one.modem.coverage(False)
    after(one, b"\r\n+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY\r\n")


@pytest.mark.parametrize("family", NET)
def test_socket_that_is_read(bench: Make, family: str, server: Server) -> None:
    """+CIPRXGET once until drained, reads with what is left, an error when nothing is."""
    one = net(bench, family, server[0])
    talk(one, ("AT+CIPRXGET=1", OK), ('AT+CIPOPEN=0,"TCP","10.151.236.157",80', OK))
    after(one, b"\r\n+CIPOPEN: 0,0\r\n")
    talk(one, ("AT+CIPSEND=0,4", b"\r\n>"))
    give(one, b"\x00\x1aO\r", OK)
    said = one.host.read_until(b"+IPCLOSE: 0,1\r\n")
    assert said.count(b"\r\n+CIPRXGET: 1,0\r\n") == said.count(b"\r\n+CIPSEND: 0,4,4\r\n") == 1
    assert server[1] == [b"\x00\x1aO\r"]
    left = len(REPLY) - 9
    talk(
        one,
        ("AT+CIPRXGET=4,0", info(f"+CIPRXGET: 4,0,{len(REPLY)}")),
        ("AT+CIPRXGET=2,0,9", info(f"+CIPRXGET: 2,0,9,{left}", "HTTP/1.1 ")),
        ("AT+CIPRXGET=3,0,3", info(f"+CIPRXGET: 3,0,3,{left - 3}", "323032")),
        ("AT+CIPRXGET=2,0,1500", info(f"+CIPRXGET: 2,0,{left - 3},0", REPLY[12:].decode())),
        ("AT+CIPRXGET=2,0,1500", b"\r\n+IP ERROR: No data\r\n" + ERROR),
        ("AT+CIPCLOSE=0", OK),
    )
    after(one, b"\r\n+CIPCLOSE: 0,0\r\n")


def test_socket_that_pushes(bench: Make, server: Server) -> None:
    """The factory setting: data come with their origin and count."""
    one = net(bench, "simcom-7600", server[0])
    talk(one, ('AT+CIPOPEN=1,"TCP","10.151.236.157",80', OK))
    after(one, b"\r\n+CIPOPEN: 1,0\r\n")
    talk(one, ("AT+CIPSEND=1,2", b"\r\n>"))
    one.host.write(b"hi")
    said = one.host.read_until(b"+IPCLOSE: 1,1\r\n")
    origin = b"\r\nRECV FROM:10.151.236.157:80\r\n+IPD%d\r\n" % len(REPLY)
    assert origin + REPLY + b"\r\n" in said


@pytest.mark.parametrize("family", CIP)
def test_cip_socket(bench: Make, family: str, server: Server) -> None:
    """Results with the connection's number, buffered reads, CLOSE OK and SHUT OK without OK."""
    one = cip(bench, family, server[0])
    talk(one, ("AT+CIPRXGET=1", OK), ('AT+CIPSTART=0,"TCP","10.151.236.157","80"', OK))
    after(one, b"\r\n0, CONNECT OK\r\n")
    talk(one, ("AT+CIPSEND=0,2", b"\r\n> "))
    give(one, b"\x1a>", b"\r\n0, SEND OK\r\n")
    after(one, b"\r\n+CIPRXGET: 1,0\r\n\r\n0, CLOSED\r\n")
    assert server[1] == [b"\x1a>"]
    talk(
        one,
        ("AT+CIPRXGET=2,0,1460", info(f"+CIPRXGET: 2,0,{len(REPLY)},0", REPLY.decode())),
        ("AT+CIPRXGET=2,0,1460", info("+CIPRXGET: 2,0,0,0")),
        ("AT+CIPCLOSE=0", b"\r\n0, CLOSE OK\r\n"),
        ("AT+CIPSHUT", b"\r\nSHUT OK\r\n"),
        ("AT+CIFSR", ERROR),
    )


@pytest.mark.parametrize("family", CIP)
def test_cip_failures(bench: Make, family: str) -> None:
    """A refused connection, a second start of the task, and an address with E0 behind it."""
    one = cip(bench, family)
    talk(one, ('AT+CIPSTART=0,"TCP","10.0.0.1","81"', OK))
    after(one, b"\r\n0, CONNECT FAIL\r\n")
    talk(
        one,
        ('AT+CSTT="x"', ERROR),
        ("AT+CIFSR;E0", b"\r\n10.64.0.2\r\n" + OK),
        ("AT+CIPSHUT", b"\r\nSHUT OK\r\n"),
        ('AT+CSTT="kpnthings.iot"', OK),
        ("AT+CIICR", ERROR),
    )


def test_ca_socket(bench: Make, server: Server) -> None:
    """The result before OK, data on the line of their count, +CASTATE at the end."""
    one = simcom(bench, "simcom-7080", server[0])
    talk(one, ('AT+CNCFG=0,1,"kpnthings2.m2m"', OK), ("AT+CNACT=0,1", OK))
    after(one, b"\r\n+APP PDP: 0,ACTIVE\r\n")
    assert b'+CNACT: 0,1,"10.64.0.2"\r\n+CNACT: 1,0,"0.0.0.0"' in one.host.ask("AT+CNACT?")
    talk(
        one,
        ('AT+CAOPEN=0,0,"TCP","10.0.0.1",81', info("+CAOPEN: 0,23")),
        ('AT+CAOPEN=0,0,"TCP","10.151.236.157",80', info("+CAOPEN: 0,0")),
        ("AT+CASEND=0,3", b"\r\n>"),
    )
    give(one, b"\x1aOK", OK)
    after(one, b"\r\n+CADATAIND: 0\r\n\r\n+CASTATE: 0,0\r\n")
    assert server[1] == [b"\x1aOK"]
    talk(
        one,
        ("AT+CARECV?", info(f"+CARECV: 0,{len(REPLY)}")),
        ("AT+CARECV=0,9", info("+CARECV: 9,HTTP/1.1 ")),
        ("AT+CARECV=0,1460", info(f"+CARECV: {len(REPLY) - 9},{REPLY[9:].decode()}")),
        ("AT+CARECV=0,1460", info("+CARECV: 0")),
        ("AT+CACLOSE=0", OK),
        ("AT+CNACT=0,0", OK),
    )
    after(one, b"\r\n+APP PDP: 0,DEACTIVE\r\n")


def http_session(one: Bench, userdata: str) -> None:
    talk(
        one,
        ('AT+HTTPPARA="URL","http://10.151.236.157/a"', OK),
        ('AT+HTTPPARA="CONTENT","application/json"', OK),
        (f'AT+HTTPPARA="USERDATA","{userdata}"', OK),
        ("AT+HTTPDATA=2,5000", b"\r\nDOWNLOAD\r\n"),
    )
    give(one, b"[]", OK)
    talk(one, ("AT+HTTPACTION=1", OK))
    after(one, b"\r\n+HTTPACTION: 1,202,4\r\n")


@pytest.mark.parametrize("family", NET)
def test_http_with_the_body_after_ok(bench: Make, family: str, server: Server) -> None:
    """OK, then the count, the data and an end mark; a second +HTTPINIT is an error."""
    one = net(bench, family, server[0])
    talk(one, ("AT+HTTPINIT", OK), ("AT+HTTPINIT", ERROR))
    http_session(one, "Things-Message-Token: abc")
    talk(one, ("AT+HTTPREAD?", info("+HTTPREAD: LEN,4")), ("AT+HTTPREAD=0,4", OK))
    after(one, b"\r\n+HTTPREAD: 4\r\n" + BODY + b"\r\n+HTTPREAD: 0\r\n")
    talk(one, ("AT+HTTPTERM", OK), ("AT+HTTPTERM", ERROR))
    [request] = server[1]
    assert b"\r\nThings-Message-Token: abc\r\nContent-Type: application/json\r\n" in request


def test_http_with_a_bearer(bench: Make, server: Server) -> None:
    """SIM800: the bearer of +SAPBR carries it, and +HTTPREAD answers within the command."""
    one = simcom(bench, "simcom-800", server[0])
    talk(
        one,
        ('AT+SAPBR=3,1,"Contype","GPRS"', OK),
        ('AT+SAPBR=3,1,"APN","kpnthings2.m2m"', OK),
        ("AT+SAPBR=1,1", OK),
        ("AT+SAPBR=2,1", info('+SAPBR: 1,1,"10.64.0.2"')),
        ("AT+HTTPINIT", OK),
        ('AT+HTTPPARA="CID",1', OK),
    )
    http_session(one, "Things-Message-Token: abc")
    talk(one, ("AT+HTTPREAD", info("+HTTPREAD: 4", BODY.decode())), ("AT+HTTPTERM", OK))
    talk(one, ("AT+SAPBR=0,1", OK), ("AT+SAPBR=2,1", info('+SAPBR: 1,3,"0.0.0.0"')))


@pytest.mark.parametrize(
    ("family", "length"), [("simcom-7600", 512), ("simcom-a76", 256), ("simcom-800", 256)]
)
def test_limit_of_userdata(bench: Make, family: str, length: int) -> None:
    """So many bytes, and not one more."""
    one = simcom(bench, family)
    talk(
        one,
        ("AT+HTTPINIT", OK),
        (f'AT+HTTPPARA="USERDATA","{"a" * length}"', OK),
        (f'AT+HTTPPARA="USERDATA","{"a" * (length + 1)}"', ERROR),
    )


@pytest.mark.parametrize("family", ["simcom-7000", "simcom-7080"])
def test_sh_client(bench: Make, family: str, server: Server) -> None:
    """Configured, connected, headers gathered, the body read after OK."""
    one = simcom(bench, family, server[0])
    if family == "simcom-7000":
        talk(one, ('AT+CNACT=1,"kpnthings2.m2m"', OK))
        after(one, b"\r\n+APP PDP: ACTIVE\r\n")
    else:
        talk(one, ('AT+CNCFG=0,1,"kpnthings2.m2m"', OK), ("AT+CNACT=0,1", OK))
        after(one, b"\r\n+APP PDP: 0,ACTIVE\r\n")
    ask = "AT+SHBODEXT=2,5000" if family == "simcom-7000" else "AT+SHBOD=2,5000"
    talk(
        one,
        ('AT+SHCONF="URL","http://10.151.236.157"', OK),
        ('AT+SHCONF="BODYLEN",1024', OK),
        ('AT+SHCONF="HEADERLEN",350', OK),
        ("AT+SHCONN", OK),
        ("AT+SHSTATE?", info("+SHSTATE: 1")),
        ("AT+SHCHEAD", OK),
        ('AT+SHAHEAD="Content-Type","application/json"', OK),
        ('AT+SHAHEAD="Things-Message-Token","abc"', OK),
        (f'AT+SHAHEAD="X","{"a" * 300}"', ERROR),
        (ask, b"\r\n>"),
    )
    give(one, b"[]", OK)
    talk(one, ('AT+SHREQ="/a",3', OK))
    after(one, b'\r\n+SHREQ: "POST",202,4\r\n')
    talk(one, ("AT+SHREAD=0,5", ERROR), ("AT+SHREAD=0,4", OK))
    after(one, b"\r\n+SHREAD: 4\r\n" + BODY + b"\r\n")
    talk(one, ("AT+SHDISC", OK), ("AT+SHDISC", ERROR))
    request = next(seen for seen in server[1] if seen)
    assert request.startswith(b"POST /a HTTP/1.1\r\nHost: 10.151.236.157\r\n")
    assert b"\r\nThings-Message-Token: abc\r\n" in request


def test_body_as_a_quoted_string(bench: Make, server: Server) -> None:
    """SIM7000's +SHBOD has the body in the command, its length beside it."""
    one = simcom(bench, "simcom-7000", server[0])
    talk(one, ('AT+CNACT=1,"kpnthings2.m2m"', OK))
    after(one, b"\r\n+APP PDP: ACTIVE\r\n")
    talk(
        one,
        ('AT+SHCONF="URL","http://10.151.236.157"', OK),
        ('AT+SHCONF="BODYLEN",1024', OK),
        ("AT+SHCONN", OK),
        ('AT+SHBOD="[]",3', ERROR),
        ('AT+SHBOD="[]",2', OK),
    )


def test_power(bench: Make) -> None:
    """+CPOWD has its last words instead of OK, +CPOF its OK; +CRESET boots again."""
    one = simcom(bench, "simcom-7080")
    talk(one, ("AT+CPOWD=1", b"\r\nNORMAL POWER DOWN\r\n"))
    booted(one.modem, "off")
    one = simcom(bench, "simcom-7600")
    with rebooting(one.modem):
        talk(one, ("AT+CRESET", OK))
    one.host.ask("ATE0")
    talk(one, ("AT+CPOF", OK))
    booted(one.modem, "off")
    one = simcom(bench, "simcom-a76")
    talk(one, ("AT+CPOF", OK))
    after(one, b"\r\nPOWERD DOWN\r\n")


@pytest.mark.parametrize(
    ("family", "listed", "refused"),
    [
        ("simcom-7000", "(51-GSM And LTE Only))", 14),
        ("simcom-7080", "(51-GSM And LTE Only))", 48),
        ("simcom-7600", "59,60,63,67)", 3),
        ("simcom-a76", "(2,13,14,38,48)", 51),
    ],
)
def test_preferred_radio(bench: Make, family: str, listed: str, refused: int) -> None:
    """+CNMP is kept without power; numbers that the module does not list are refused."""
    one = simcom(bench, family)
    talk(one, ("AT+CNMP?", info("+CNMP: 2")), ("AT+CNMP=38", OK))
    assert one.host.ask("AT+CNMP=?").endswith(f"{listed}\r\n".encode() + OK)
    talk(one, (f"AT+CNMP={refused}", ERROR))
    with rebooting(one.modem):
        one.host.ask("AT+CFUN=1,1")
    one.host.ask("ATE0", OK)
    one.host.write(b"AT+CNMP?\r")
    assert one.host.read_until(b"+CNMP: 38\r\n" + OK)


@pytest.mark.parametrize("family", ["simcom-7000", "simcom-7080"])
def test_cat_m_or_nb_iot(bench: Make, family: str) -> None:
    """+CMNB, by default both."""
    one = simcom(bench, family)
    talk(
        one,
        ("AT+CMNB=?", info("+CMNB: ((1-Cat-M),(2-NB-IoT),(3-Cat-M And NB-IoT))")),
        ("AT+CMNB?", info("+CMNB: 3")),
        ("AT+CMNB=1", OK),
        ("AT+CMNB?", info("+CMNB: 1")),
        ("AT+CMNB=4", b"\r\nERROR\r\n"),
    )


def test_network_time(bench: Make) -> None:
    """+CLTS=1: *PSUTTZ with UTC and the zone, and DST, when the network is found again."""
    one = simcom(bench, "simcom-7080")
    talk(one, ("AT+CLTS=1", OK))
    one.modem.coverage(False)
    one.modem.coverage(True)
    said = one.host.read_until(b"DST: 0\r\n")
    assert said.startswith(b"\r\n*PSUTTZ: 2026,3,1,12,0,")
    assert b',"+4",0\r\n' in said
