"""SMS and clock of a virtual modem."""

from harness.at.sms_pdu import decode_deliver, decode_smsc, decode_status_report
from harness.virtual_modem import ModemSettings, Subscription
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


def test_a_pin_typed_by_hand_is_nowhere(bench: Make) -> None:
    """Character by character, as firmware or a person sends it, with echo: no digit is told."""
    one = bench(subscription=Subscription(pin="7391"))
    one.host.read_until(b"+CPIN: SIM PIN\r\n")
    for character in b'AT+CPIN="7391"\r':
        one.host.write(bytes([character]))
        one.host.read_until(bytes([character]))  # its echo
    one.host.read_until(b"OK\r\n")
    for way in ("tx", "rx"):
        events = [event for event in one.timeline.events("serial") if event.data["dir"] == way]
        assert "AT+CPIN=‹pin›\r" in "".join(event.data["bytes"] for event in events)


def test_text_and_ctrl_z_in_one_piece_with_echo(bench: Make) -> None:
    """The text is echoed and sent, whether its end comes along or later."""
    one = bench()
    registered(one.modem)
    one.host.ask("AT+CMGF=1")
    one.host.ask('AT+CMGS="5277"', b"> ")
    assert one.host.ask("hoi\x1a", b"+CMGS: 1").startswith(b"hoi")


def test_a_status_report_comes_when_it_was_asked_for(bench: Make) -> None:
    """+CNMI ds=1 shows it, ds=2 stores it, ds=0 and no request give none."""
    one = bench()
    registered(one.modem)
    one.host.ask("ATE0;+CMGF=1;+CSMP=49,167,0,0;+CNMI=2,1,0,1")
    one.host.ask('AT+CMGS="+31612345678"', b"> ")
    shown = one.host.ask("hoi\x1a", b'",0\r\n')
    assert shown.startswith(b'\r\n+CMGS: 1\r\n\r\nOK\r\n\r\n+CDS: 6,1,"+31612345678",145,')
    one.host.ask("AT+CNMI=2,1,0,2")
    one.host.ask('AT+CMGS="+31612345678"', b"> ")
    one.host.ask("hoi\x1a", b'+CDSI: "ME",0\r\n')
    assert b'+CMGR: "REC UNREAD",6,2,"+31612345678",145,' in one.host.ask("AT+CMGR=0")
    one.host.ask("AT+CMGF=0")
    octets = bytes.fromhex(one.host.ask("AT+CMGR=0").split(b"\r\n")[2].decode())
    report = decode_status_report(octets[decode_smsc(octets)[1] :])
    assert (report.reference, report.status) == (2, 0)
    one.host.ask("AT+CMGF=1;+CSMP=17,167,0,0")
    one.host.ask('AT+CMGS="+31612345678"', b"> ")
    assert one.host.ask("hoi\x1a", b"OK\r\n") == b"\r\n+CMGS: 3\r\n\r\nOK\r\n"


def test_with_phase_2_plus_each_routed_message_is_acknowledged(bench: Make) -> None:
    """CSMS=1: the second +CMT comes after +CNMA; one too many is error 340."""
    one = bench()
    registered(one.modem)
    one.host.ask("ATE0;+CMGF=1;+CSMS=1;+CNMI=2,2")
    assert one.modem.deliver_sms("5277", "x" * 161, NOON)
    one.host.read_until(b"x" * 153 + b"\r\n")
    assert one.modem.deliver_sms("5277", "later", NOON) is False
    one.host.ask("AT+CNMA", b"\r\n" + b"x" * 8 + b"\r\n")
    assert one.host.ask("AT+CNMA") == b"\r\nOK\r\n"
    assert one.host.ask("AT+CNMA", b"ERROR: 340\r\n")
    assert one.modem.deliver_sms("5277", "later", NOON) is True
    one.host.read_until(b"later\r\n")


def test_without_an_acknowledgement_routing_ends_and_nothing_is_lost(bench: Make) -> None:
    """+CNMI falls back to storing, and the message is in the store (27.005 §3.4.4)."""
    one = bench(settings=ModemSettings(acknowledge_s=0.01))
    registered(one.modem)
    one.host.ask("ATE0;+CMGF=1;+CSMS=1;+CNMI=2,2")
    assert one.modem.deliver_sms("5277", "kept", NOON)
    one.host.read_until(b"kept\r\n")
    while b"+CNMI: 2,0" not in one.host.ask("AT+CNMI?"):
        pass
    assert b"kept" in one.host.ask('AT+CMGL="ALL"')


def test_a_full_store_takes_no_draft_either(bench: Make) -> None:
    """+CMGW: CMS error 322; deleting makes room."""
    one = bench()
    registered(one.modem)
    one.host.ask('ATE0;+CMGF=1;+CPMS="SM","SM","SM"')
    for n in range(50):
        assert one.modem.deliver_sms("5277", str(n), NOON)
    one.host.ask('AT+CMGW="5277"', b"> ")
    one.host.ask("x\x1a", b"+CMS ERROR: 322\r\n")
    one.host.ask("AT+CMGD=1,4")
    one.host.ask('AT+CMGW="5277"', b"> ")
    one.host.ask("x\x1a", b"+CMGW: 0\r\n")


def test_listing_marks_as_read_and_long_messages_come_in_parts(bench: Make) -> None:
    """Two parts with one reference; unread the first time only."""
    one = bench()
    registered(one.modem)
    one.host.ask("ATE0")
    assert one.modem.deliver_sms("5277", "a" * 153 + "b", NOON) is True
    one.modem.deliver_sms("5277", "c" * 170, NOON)
    listing = one.host.ask("AT+CMGL=0").split(b"\r\n")
    bodies = [bytes.fromhex(line.decode()) for line in listing if line.startswith(b"07")]
    parts = [decode_deliver(body[decode_smsc(body)[1] :]) for body in bodies]
    assert [p.part and (p.part.reference, p.part.total, p.part.part) for p in parts] == [
        None, (1, 2, 1), (1, 2, 2),
    ]  # fmt: skip
    assert "".join(p.text for p in parts[1:]) == "c" * 170
    assert one.host.ask("AT+CMGL=0") == b"\r\nOK\r\n"
    assert one.host.ask("AT+CMGL=1").count(b"+CMGL: ") == 3
