"""Public Python libraries for modems, each in a process of its own."""

from __future__ import annotations

import pytest

from tests.clients.conftest import Make
from tests.clients.modems import APN, PLATFORM, STORING
from tests.clients.running import at_once, need_library, run_script
from tests.modem.conftest import Server

pytestmark = pytest.mark.external
TO = "+31612345678"


def test_atlib_reads_and_sends_in_text_mode(modem: Make) -> None:
    """Its lines end with CR LF; it says "@" in the GSM alphabet as it is in ASCII, and gets "¡"."""
    need_library("atlib", "atlib")
    modems = {family: modem(family) for family in STORING}

    def use(family: str) -> None:
        one = modems[family]
        one.deliver("Hello 5277")
        assert run_script("atlib", "with_atlib", one.path, TO, "hoi @ 1") == {
            "manufacturer": one.manufacturer,
            "imei": one.imei,
            "imsi": "204080000000001",
            "sim": "OK",
            "rssi": 20,
            "operator": "KPN NL",
            "read": [["5277", "26/03/01", "13:00:00", "Hello 5277"]],
            "sent": "OK",
            "deleted": "OK",
            "left": [],
        }
        assert one.sent() == [(TO, "hoi ¡ 1")]

    at_once(STORING, use)


def test_gsmmodem_reads_sends_and_gets_a_report(modem: Make) -> None:
    """PDU mode, both stores, the delivery report of what it sent."""
    need_library("python-gsmmodem-new", "gsmmodem")
    modems = {family: modem(family) for family in STORING}

    def use(family: str) -> None:
        one = modems[family]
        one.deliver("Hello {5277}")
        assert run_script("gsmmodem", "with_gsmmodem", one.path, TO, "hoi @ €") == {
            "manufacturer": one.manufacturer,
            "imei": one.imei,
            "imsi": "204080000000001",
            "operator": "KPN NL",
            "smsc": "+31653131313",
            "signal": 20,
            "read": [["5277", "Hello {5277}"]],
            "left": [0, 0],
            "status": 1,
        }
        assert one.sent() == [(TO, "hoi @ €")]

    at_once(STORING, use)


def test_sim_modem_uses_simcom_modules(modem: Make) -> None:
    """Made for SIM7600; it counts lines of echo and answer, and waits for no prompt.

    What it sends behind 0x1A is echoed after OK, which it takes for a failure.
    """
    need_library("sim-modem", "sim_modem")
    families = ["simcom-7000", "simcom-7080", "simcom-7600", "simcom-a76"]
    modems = {family: modem(family) for family in families}

    def use(family: str) -> None:
        one = modems[family]
        facts = run_script("sim_modem", "with_sim_modem", one.path, TO, "hoi")
        model = facts.pop("model")
        assert model.endswith(one.model)
        prefixed = family in ("simcom-7600", "simcom-a76")
        assert (facts.pop("firmware") == one.revision) is prefixed
        assert facts == {
            "manufacturer": one.manufacturer,
            "imei": one.imei,
            "registration": "0,1",
            "operator": "KPN NL",
            "mode": "AUTOMATIC",
            "sim": "READY",
            "sending": "Command failed",
        }
        assert one.sent() == [(TO, "hoi\r")]

    at_once(families, use)


@pytest.mark.parametrize(
    ("family", "model", "kind"),
    [
        ("quectel-bg", "BG96", "BG96"),
        ("quectel-ec", "EC25", "EC25"),
        ("ublox-sara-r4", "SARA-R410M-02B", "NovaM"),
        ("ublox-sara-u2", "SARA-U201", "Nova_U201"),
    ],
)
def test_hologram_talks_over_a_socket_of_the_modem(
    modem: Make, family: str, model: str, kind: str
) -> None:
    """A context with an APN, TCP with binary data both ways, an SMS both ways."""
    need_library("hologram-python", "Hologram.Network.Modem.BG96")
    server = Server()
    server.replies.append(b"[0,0]")
    try:
        one = modem(family, model=model, target=server.address)
        one.deliver("Hello {5277}")
        host, port = PLATFORM
        words = (kind, one.path, APN, host, str(port), TO)
        assert run_script("Hologram.Network.Modem.BG96", "with_hologram", *words) == {
            "model": model,
            "imei": one.imei,
            "imsi": "204080000000001",
            "iccid": "8931041010654378930",
            "registered": True,
            "read": ["5277", "Hello {5277}"],
            "sms sent": True,
            "answer": "[0,0]",
        }
        assert server.requests == [f"hello \0\xff over {kind}\r\n\r\n".encode("latin-1")]
        assert one.sent() == [(TO, "hoi\r")]
    finally:
        server.close()


@pytest.mark.parametrize("family", ["simcom-800", "simcom-7000"])
def test_usim800_asks_by_http(modem: Make, family: str) -> None:
    """A bearer and a request of the modem's HTTP client; it has spaces in its commands."""
    need_library("usim800", "usim800")
    server = Server()
    server.replies.append(b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\nOK\r\n")
    try:
        one = modem(family, target=server.address)
        words = (one.path, APN, f"http://{PLATFORM[0]}/things", TO)
        assert run_script("usim800", "with_usim800", *words) == {"address": "10.64.0.2"}
        [request] = server.requests
        assert request.startswith(b"GET /things HTTP/1.1\r\nHost: 10.151.236.157\r\n")
        assert one.sent() == [(TO, "hoi\r\n")]
    finally:
        server.close()
