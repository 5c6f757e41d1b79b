"""Settings, profiles and models of a virtual modem."""

import pytest

from harness.errors import UsageError
from harness.virtual_modem import FaultKind, LineFault, ModemIdentity, ModemSettings
from tests.virtual_modem.conftest import Bench, Make, registered


def _ready(bench: Make, **wanted: object) -> Bench:
    one = bench(**wanted)
    registered(one.modem)
    one.host.boot()
    one.host.ask("ATE0")
    return one


def test_a_documented_key_is_checked_kept_and_read(bench: Make) -> None:
    """+QCFG: the default, a new value, a refused one, and the test form."""
    one = _ready(bench)
    assert b'+QCFG: "nwscanmode",0\r\n' in one.host.ask('AT+QCFG="nwscanmode"')
    assert one.host.ask('AT+QCFG="nwscanmode",3,1') == b"\r\nOK\r\n"
    assert one.host.ask('AT+QCFG="nwscanmode",2') == b"\r\nERROR\r\n"
    assert b'+QCFG: "nwscanmode",3\r\n' in one.host.ask('AT+QCFG="NWSCANMODE"')
    assert b'+QCFG: "nwscanmode",(0,1,3),(0,1)\r\n' in one.host.ask("AT+QCFG=?")
    assert one.modem.unknown_commands == ()


@pytest.mark.parametrize(
    "command",
    [
        '+QCFG="nwscanseq",020103,1', '+QCFG="nwscanseq",00', '+QCFG="band",0,80000,80000',
        '+QCFG="iotopmode",0,1', '+QCFG="urc/ri/ring","pulse",120', '+QCFG="apready",1,1,500',
        '+QCFG="psm/urc",1', '+QURCCFG="urcport","uart1"', "+CTZU=3", "+IFC=2,2", "+CEDRXS=1,4",
        '+CPSMS=1,,,"10100101","00000001"', "&C1&D2X4", "S0=2", "+CSMP=49,167,0,8", "H", "&F0",
    ],
)  # fmt: skip
def test_what_firmware_sends_is_taken(bench: Make, command: str) -> None:
    """Documented settings with documented values."""
    assert _ready(bench).host.ask(f"AT{command}") == b"\r\nOK\r\n"


@pytest.mark.parametrize(
    "command",
    [
        '+QCFG="nwscanseq",04', '+QCFG="band",80000', '+QCFG="iotopmode",3', '+QCFG="psm/urc",on',
        '+QURCCFG="urcport","com1"', "&C2", "&D3", "X5", "Q2", "&W1", "&F3", "S3=128", "S0=256",
        "+CTZU=2", "+IFC=1,1", '+CPSMS=1,,,"1010"', "+CEDRXS=4", "+CSMP=256", "+CNMI=2,1,1",
    ],
)  # fmt: skip
def test_what_the_manual_lacks_is_refused(bench: Make, command: str) -> None:
    """A value out of range is an error, not silence."""
    assert _ready(bench).host.ask(f"AT{command}") == b"\r\nERROR\r\n"


def test_an_unknown_key_is_listed_with_its_name(bench: Make) -> None:
    """The key is what a developer has to look up."""
    one = _ready(bench)
    assert one.host.ask('AT+QCFG="nwscanmod",3') == b"\r\nERROR\r\n"
    assert one.host.ask('AT+QURCCFG="port"') == b"\r\nERROR\r\n"
    assert one.modem.unknown_commands == ('AT+QCFG="nwscanmod",3', 'AT+QURCCFG="port"')


def test_keys_outlive_a_restart_and_plain_settings_do_not(bench: Make) -> None:
    """+QCFG is saved by the module; +CMGF is not."""
    one = _ready(bench)
    one.host.ask('AT+QCFG="psm/urc",1;+CMGF=1')
    one.host.ask("AT+CFUN=1,1", b"PB DONE\r\n")
    assert b'"psm/urc",1\r\n' in one.host.ask('AT+QCFG="psm/urc"')
    assert b"+CMGF: 0\r\n" in one.host.ask("AT+CMGF?")


def test_the_stored_profile_comes_back(bench: Make) -> None:
    """AT&W is there after a restart and after ATZ; AT&F is the factory's."""
    one = _ready(bench)
    one.host.ask("AT+CMEE=2;+CREG=2;S0=3;&W")
    one.host.ask("AT+CMEE=1;+CREG=0;S0=0")
    assert b"003\r\n" in one.host.ask("ATZ;S0?")
    assert b'+CREG: 2,1,"0FA1"' in one.host.ask("AT+CREG?")
    one.host.ask("AT+CFUN=1,1", b"PB DONE\r\n")
    assert b"+CMEE: 2\r\n" in one.host.ask("AT+CMEE?", b"OK\r\n")
    one.host.ask("AT&F", b"OK\r\n")
    assert b"+CMEE: 0\r\n" in one.host.ask("AT+CMEE?", b"OK\r\n")


def test_quiet_mode_has_no_result_codes(bench: Make) -> None:
    """ATQ1: information only."""
    one = _ready(bench)
    assert one.host.ask("ATQ1;+CMEE?", b"+CMEE: 0\r\n") == b"\r\n+CMEE: 0\r\n"
    assert one.host.ask("ATQ0") == b"\r\nOK\r\n"


def test_registration_shows_cell_and_granted_timers(bench: Make) -> None:
    """+CEREG: n=2 the cell, n=4 with PSM the timers (27.007 §10.1.22)."""
    one = _ready(bench)
    for n, fields in ((0, b""), (2, b',"0FA1","01A2D003",8'), (4, b',"0FA1","01A2D003",8')):
        answer = one.host.ask(f"AT+CEREG={n};+CEREG?")
        assert answer == b"\r\n+CEREG: %d,1%s\r\n\r\nOK\r\n" % (n, fields)
    one.host.ask('AT+CPSMS=1,,,"00100100","00000001"')
    assert b'+CEREG: 4,1,"0FA1","01A2D003",8,,,"00000001","00100100"\r\n' in one.host.ask(
        "AT+CEREG?"
    )
    assert one.host.ask("AT+CEREG=6") == b"\r\nERROR\r\n"


@pytest.mark.parametrize(
    ("model", "access", "second"),
    [("BG95-M3", b'"eMTC"', b"\r\nOK\r\n"), ("BG96", b'"CAT-M1"', b"\r\nERROR\r\n")],
)
def test_models_differ_where_it_matters(
    bench: Make, model: str, access: bytes, second: bytes
) -> None:
    """Identity, access technology, and a second +QIACT."""
    one = _ready(bench, identity=ModemIdentity(model=model))
    revision = one.host.ask("AT+CGMR").split(b"\r\n")[1]
    assert one.host.ask("ATI").split(b"\r\n")[1:4] == [
        b"Quectel", model.encode(), b"Revision: " + revision,
    ]  # fmt: skip
    assert revision.startswith(model.replace("-", "").encode())
    assert access in one.host.ask("AT+QCSQ")
    assert access in one.host.ask("AT+QNWINFO")
    one.attach()
    assert one.host.ask("AT+QIACT=1") == second


def test_response_times_are_a_named_profile(bench: Make) -> None:
    """With "typical" a command is still being executed when the next one comes: both answer."""
    one = _ready(bench, settings=ModemSettings(response_times="typical", response_s={"E": 0.0}))
    assert one.host.ask("AT+CSQ\rAT+CPIN?", b"READY\r\n\r\nOK\r\n") == (
        b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\n+CPIN: READY\r\n\r\nOK\r\n"
    )
    with pytest.raises(UsageError):
        ModemSettings(response_times="slow")


def test_a_fault_with_words_for_numbers_is_refused() -> None:
    """What comes from a control API is checked as well."""
    with pytest.raises(UsageError):
        LineFault(FaultKind.DROP, skip="a")  # type: ignore[arg-type]  # wrong on purpose


def test_operator_selection_and_attachment_have_their_effect(bench: Make) -> None:
    """Another operator is not there; +COPS=2 and +CGATT=0 leave the network."""
    one = _ready(bench)
    assert one.host.ask('AT+COPS=1,2,"26201"') == b"\r\nERROR\r\n"
    assert one.host.ask('AT+COPS=1,2,"20408",8') == b"\r\nOK\r\n"
    assert one.host.ask("AT+COPS?") == b'\r\n+COPS: 1,0,"KPN NL",8\r\n\r\nOK\r\n'
    for leave, back in (("+COPS=2", "+COPS=0"), ("+CGATT=0", "+CGATT=1")):
        one.host.ask(f"AT{leave}")
        assert one.host.ask("AT+CEREG?") == b"\r\n+CEREG: 0,0\r\n\r\nOK\r\n"
        assert one.host.ask("AT+CGATT?") == b"\r\n+CGATT: 0\r\n\r\nOK\r\n"
        one.host.ask(f"AT{back}")
        registered(one.modem)
