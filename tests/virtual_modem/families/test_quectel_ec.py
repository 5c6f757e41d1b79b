"""quectel-ec on the wire: where EC2x and EG9x differ from BG9x (EC2x&EG9x AT manuals)."""

from __future__ import annotations

import pytest

from harness.virtual_modem import ModemIdentity
from tests.virtual_modem.conftest import Bench, Make, registered
from tests.virtual_modem.families.dialogue import OK, info, talk


def ec(bench: Make, model: str | None = None) -> Bench:
    one = bench(family="quectel-ec", identity=ModemIdentity(model=model))
    registered(one.modem)
    one.host.boot()
    one.host.ask("ATE0")
    return one


def test_boot_codes(bench: Make) -> None:
    """RDY and the codes of the SIM and the stores; APP RDY is BG9x's."""
    one = bench(family="quectel-ec")
    said = one.host.read_until(b"PB DONE\r\n").replace(b"\r\n", b"|")
    assert said == b"|RDY||+CFUN: 1||+CPIN: READY||+QUSIM: 1||+QIND: SMS DONE||+QIND: PB DONE|"


@pytest.mark.parametrize(
    ("model", "revision"), [("EC25", "EC25EFAR06A06M4G"), ("EG91", "EG91EFBR05A04M2G")]
)
def test_identity(bench: Make, model: str, revision: str) -> None:
    """Three lines of ATI; +CGSN bare, prefixed without quotes with =1."""
    one = ec(bench, model)
    talk(
        one,
        ("ATI", info("Quectel", model, f"Revision: {revision}")),
        ("AT+CGSN", info("356726104408422")),
        ("AT+CGSN=1", info("+CGSN: 356726104408422")),
        ("AT+GSN=1", info("+GSN: 356726104408422")),
        ("AT+QCCID", info("+QCCID: 8931041010654378930")),
        ("AT+ICCID", info("+ICCID: 8931041010654378930")),
    )


def test_time_update(bench: Make) -> None:
    """+CTZU=? offers 3, with which the clock shows local time instead of UTC."""
    one = ec(bench)
    talk(one, ("AT+CTZU=?", info("+CTZU: (0,1,3)")), ("AT+CTZU=1", OK))
    assert b'+CCLK: "26/03/01,12:00:' in one.host.ask("AT+CCLK?")
    talk(one, ("AT+CTZU=3", OK), ("AT+CTZU?", info("+CTZU: 3")))
    assert b'+CCLK: "26/03/01,13:00:' in one.host.ask("AT+CCLK?")


def test_context_and_limits(bench: Make) -> None:
    """A second activation is an error; +QHTTPPOST takes a megabyte; LTE Cat 1 has no CAT-M1."""
    one = ec(bench)
    talk(
        one,
        ('AT+QICSGP=1,1,"kpnthings2.m2m","","",0', OK),
        ("AT+QIACT=1", OK),
        ("AT+QIACT?", info('+QIACT: 1,1,1,"10.64.0.2"')),
        ("AT+QIACT=1", b"\r\nERROR\r\n"),
        ("AT+QHTTPPOST=?", info("+QHTTPPOST: (1-1024000),(1-65535),(1-65535)")),
        ("AT+QNWINFO", info('+QNWINFO: "FDD LTE","20408","LTE BAND 20",6300')),
        ("AT+CPSMS?", b"\r\nERROR\r\n"),
    )
