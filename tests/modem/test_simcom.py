"""What all SIMCom drivers have in common: identity, boot and SMS."""

from __future__ import annotations

import pytest

from harness.modem import open_modem, recognise
from tests.line.peer import Peer
from tests.modem.simcom import OK, WIRES, line

DELIVER = b"07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"
FAMILIES = [wire.family for wire in WIRES]
#: +CGMI, +CGMM, +CGMR, and how the ICCID is asked and told.
IDENTITY = {
    "simcom-7600": (b"SIMCOM INCORPORATED", b"SIMCOM_SIM7600E-H", b"+CGMR: LE20B03SIM7600M22",
                    b"AT+CICCID", b"+ICCID: 89310410106543789301"),
    "simcom-a76": (b"SIMCOM INCORPORATED", b"A7672E-FASE", b"+CGMR: A011B07A7672M7_F",
                   b"AT+CICCID", b"+ICCID: 89310410106543789301"),
    "simcom-7080": (b"SIMCOM_Ltd", b"SIMCOM_SIM7080", b"Revision:1951B08SIM7080",
                    b"AT+CCID", b"89310410106543789301"),
    "simcom-800": (b"SIMCOM_Ltd", b"SIMCOM_SIM800L", b"Revision:1418B05SIM800L24",
                   b"AT+CCID", b"8931041010654378930f"),
    "simcom-7000": (b"SIMCOM_Ltd", b"SIMCOM_SIM7000G", b"Revision:1529B05SIM7000G",
                    b"AT+CCID", b"89310410106543789301"),
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_identity(family: str) -> None:
    """Prefixes and the word Revision are no part of what a modem says of itself."""
    maker, model, revision, ask, iccid = IDENTITY[family]
    with Peer({
        b"AT+CGMI": line(maker) + OK, b"AT+CGMM": line(model) + OK, b"AT+CGMR": line(revision) + OK,
        b"AT+CGSN": line(b"861234567890123") + OK, ask: line(iccid) + OK,
        b"AT+CIMI": line(b"204080123456789") + OK,
    }) as peer, open_modem(family, peer.path) as modem:  # fmt: skip
        found = modem.identify()
    assert recognise(found.manufacturer, found.model) == family
    assert found.revision == revision.decode().partition(":")[2].strip()
    assert found.iccid == iccid.decode().rpartition(" ")[2].rstrip("f")
    assert (found.imei, found.imsi) == ("861234567890123", "204080123456789")


@pytest.mark.parametrize("family", FAMILIES)
def test_boot(family: str) -> None:
    """Boot codes between probes and answers disturb nothing; echo and errors are set."""
    boot = line(b"RDY", b"+CFUN: 1", b"+CPIN: READY", b"SMS DONE", b"Call Ready", b"SMS Ready")
    answers = iter([boot + line(b"+CMEE: 0") + OK])
    usual = line(b"+CMEE: 0") + OK
    with Peer({
        b"AT+CMEE?": lambda _: next(answers, usual), b"ATE0": OK, b"AT+CMEE=1": OK,
    }) as peer, open_modem(family, peer.path) as modem:  # fmt: skip
        modem.wait_booted(timeout_s=10)
        assert peer.heard[-2:] == [b"ATE0", b"AT+CMEE=1"]


@pytest.mark.parametrize("family", FAMILIES)
def test_sms_arrival(family: str) -> None:
    """An announced message is read from the memory that was named, and deleted."""
    with Peer({
        b"AT+CMGF=0": OK, b"AT+CNMI=2,1,0,0,0": OK, b"AT": line(b'+CMTI: "SM",3') + OK,
        b'AT+CPMS="SM"': line(b"+CPMS: 1,10,1,10,1,10") + OK,
        b"AT+CMGR=3": line(b"+CMGR: 0,,23\r\n" + DELIVER) + OK, b"AT+CMGD=3": OK,
    }) as peer, open_modem(family, peer.path) as modem:  # fmt: skip
        modem.notify_sms()
        modem.command("AT")
        assert [sms.text for sms in modem.new_sms()] == ["How are you?"]
        assert peer.heard[-1] == b"AT+CMGD=3"
