"""The family 3gpp: 27.007, 27.005 and V.250, and nothing else."""

from __future__ import annotations

from harness.virtual_modem import FAMILIES, Subscription
from tests.virtual_modem.conftest import Make, booted, registered
from tests.virtual_modem.families.dialogue import OK, info, talk


def test_every_command_is_of_the_standards() -> None:
    """No vendor's prefix, and no name that the standards do not have."""
    names = set(FAMILIES["3gpp"].commands)
    assert {name for name in names if not name.startswith(("+C", "+G", "+I", "&"))} <= set(
        "EVQZHIX"
    ) | {"S0", "S3", "S4", "S5", "S7"}
    assert "+CCID" not in names


def test_iccid_from_the_sim_file(bench: Make) -> None:
    """EF_ICCID has the digits in swapped pairs, EF_IMSI its length and parity before them."""
    one = bench(family="3gpp")
    registered(one.modem)
    talk(
        one,
        ("ATE0", b"ATE0\r" + OK),
        ("AT+CRSM=176,12258,0,0,10", info(f'+CRSM: 144,0,"{swapped("8931041010654378930F")}"')),
        ("AT+CRSM=176,28423,0,0,0", info(f'+CRSM: 144,0,"08{swapped("9204080000000001")}"')),
        ("AT+CRSM=176,28542,0,0,10", info("+CRSM: 106,130")),
        ("AT+CRSM=214,12258,0,0,10", info("+CRSM: 109,0")),
    )


def swapped(digits: str) -> str:
    return "".join(digits[at + 1] + digits[at] for at in range(0, len(digits), 2))


def test_sim_file_without_a_sim(bench: Make) -> None:
    """CME 10."""
    one = bench(family="3gpp", subscription=Subscription(present=False))
    booted(one.modem)
    one.host.ask("ATE0")
    talk(one, ("AT+CMEE=1", OK), ("AT+CRSM=176,12258,0,0,10", b"\r\n+CME ERROR: 10\r\n"))


def test_context(bench: Make) -> None:
    """A context as 27.007 activates it; the address is quoted."""
    one = bench(family="3gpp")
    registered(one.modem)
    one.host.ask("ATE0")
    talk(
        one,
        ("AT+CMEE=1", OK),
        ('AT+CGDCONT=1,"IP","kpnthings2.m2m"', OK),
        ("AT+CGACT=1,1", OK),
        ("AT+CGPADDR=1", info('+CGPADDR: 1,"10.64.0.2"')),
        ('AT+CGDCONT=1,"IP","kpnthings2.m2m"', OK),  # nothing new: it stays up
        ("AT+CGACT?", info("+CGACT: 1,1")),
        ('AT+CGDCONT=1,"IP","kpnthings.iot"', OK),
        ("AT+CGACT?", info("+CGACT: 1,0")),
        ("AT+CGSN=1", info('+CGSN: "356726104408422"')),
        ("AT+QIOPEN=?", b"\r\n+CME ERROR: 100\r\n"),
    )
