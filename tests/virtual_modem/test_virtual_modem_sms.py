"""SMS and clock of a virtual modem."""

from harness.at.sms_pdu import decode_deliver, decode_smsc
from harness.virtual_modem import Subscription
from tests.virtual_modem.conftest import NOON, Make, registered


def test_an_sms_is_stored_told_read_and_deleted(bench: Make) -> None:
    """+CMTI, +CMGR in PDU mode, sender 5277, time with its zone (SMS-SENDER)."""
    one = bench()
    registered(one.modem)
    one.host.ask("ATE0")
    assert one.modem.deliver_sms("5277", "OK\r\n[go]", NOON)
    one.host.read_until(b'+CMTI: "ME",0\r\n')
    answer = one.host.ask("AT+CMGR=0").split(b"\r\n")
    assert answer[1].startswith(b"+CMGR: 0,,")
    octets = bytes.fromhex(answer[2].decode())
    message = decode_deliver(octets[decode_smsc(octets)[1] :])
    assert (message.sender.text, message.text, message.sent) == ("5277", "OK\r\n[go]", NOON)
    assert one.host.ask("AT+CMGL=0") == b"\r\nOK\r\n"
    one.host.ask("AT+CMGD=0")
    assert one.host.ask("AT+CMEE=1;+CMGR=0").endswith(b"+CMS ERROR: ")


def test_text_mode_and_forwarding(bench: Make) -> None:
    """CMGL "ALL" shows it; CNMI 2,2 forwards without storing."""
    one = bench()
    registered(one.modem)
    one.host.ask("ATE0;+CMGF=1")
    one.modem.deliver_sms("KPN", "hi", NOON)
    one.host.read_until(b"+CMTI")
    assert b'0,"REC UNREAD","KPN",,"26/03/01,13:00:00+04"\r\nhi\r\n' in one.host.ask(
        'AT+CMGL="ALL"'
    )
    one.host.ask("AT+CNMI=2,2")
    one.modem.deliver_sms("5277", "now", NOON)
    one.host.read_until(b'+CMT: "5277",,"26/03/01,13:00:00+04"\r\nnow\r\n')
    assert b'"ME",1,255' in one.host.ask("AT+CPMS?")


def test_stores_are_not_aliases(bench: Make) -> None:
    """What is in ME is not in SM."""
    one = bench()
    registered(one.modem)
    one.modem.deliver_sms("5277", "x", NOON)
    assert b"+CPMS: 0,50,1,255,1,255" in one.host.ask('AT+CPMS="SM"')


def test_unreachable_is_told(bench: Make) -> None:
    """Off, without network, or without SMS: False."""
    one = bench()
    registered(one.modem)
    one.host.ask("AT+CFUN=4")
    assert not one.modem.deliver_sms("5277", "x", NOON)
    one.modem.cut_power()
    assert not one.modem.deliver_sms("5277", "x", NOON)
    other = bench(subscription=Subscription(sms=False))
    registered(other.modem)
    assert not other.modem.deliver_sms("5277", "x", NOON)


def test_a_full_store_refuses(bench: Make) -> None:
    """The network keeps what the modem cannot take."""
    one = bench()
    registered(one.modem)
    one.host.ask('AT+CPMS="SM","SM","SM"')
    taken = [one.modem.deliver_sms("5277", str(n), NOON) for n in range(51)]
    assert taken == [True] * 50 + [False]
    one.host.read_until(b'+QIND: "smsfull","SM"\r\n')


def test_sending_in_both_modes(bench: Make) -> None:
    """The prompt has no line end; Ctrl-Z sends, ESC does not."""
    one = bench()
    registered(one.modem)
    one.host.ask("ATE0;+CMGF=1")
    assert one.host.ask('AT+CMGS="+31612345678"', b"> ") == b"\r\n> "
    assert b"+CMGS: 1" in one.host.ask("hoi\x1a", b"OK\r\n")
    one.host.ask("AT+CMGF=0")
    one.host.ask("AT+CMGS=14", b"> ")
    assert b"OK" in one.host.ask("\x1b", b"OK\r\n")
    assert [(s.recipient, s.text) for s in one.modem.sent_sms] == [("+31612345678", "hoi")]


def test_the_clock_is_the_scenarios(bench: Make) -> None:
    """Network time stands and jumps with the scenario clock; before it, it is 1980."""
    one = bench(virtual=True)
    registered(one.modem)
    assert b'+CCLK: "26/03/01,12:00:00+04"' in one.host.ask("AT+CCLK?")
    one.clock.advance(86_400.0)
    assert b'+CCLK: "26/03/02,12:00:00+04"' in one.host.ask("AT+CCLK?")
    assert b'+QLTS: "2026/03/02,13:00:00+04,0"' in one.host.ask("AT+QLTS=2")
    one.host.ask('AT+CCLK="30/01/01,00:00:00+00"')
    assert b'+CCLK: "30/01/01,00:00:00+00"' in one.host.ask("AT+CCLK?")


def test_a_pin_keeps_the_modem_off_the_network(bench: Make) -> None:
    """SIM PIN, then READY, then registered."""
    one = bench(subscription=Subscription(pin="1234"))
    one.host.read_until(b"+CPIN: SIM PIN\r\n")
    assert one.host.ask("AT+CMEE=1;+CIMI").endswith(b"+CME ERROR: ")
    assert b"+CME ERROR: " in one.host.ask('AT+CPIN="0000"')
    assert b"OK" in one.host.ask('AT+CPIN="1234"', b"OK\r\n")
    registered(one.modem)


def test_text_and_ctrl_z_in_one_piece_with_echo(bench: Make) -> None:
    """The text is echoed and sent, whether its end comes along or later."""
    one = bench()
    registered(one.modem)
    one.host.ask("AT+CMGF=1")
    one.host.ask('AT+CMGS="5277"', b"> ")
    assert one.host.ask("hoi\x1a", b"+CMGS: 1").startswith(b"hoi")
