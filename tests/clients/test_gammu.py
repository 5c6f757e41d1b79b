"""gammu: an SMS client in C, in PDU mode, on every family that keeps messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.conftest import Make
from tests.clients.modems import STORING
from tests.clients.running import at_once, needs, run

pytestmark = [pytest.mark.external, needs("gammu", "gammu")]
WIDE = "Grüße – 東京 ☔ " * 6  # two parts in UCS-2
TO = "+31612345678"


def test_gammu_identifies_reads_sends_and_deletes(modem: Make, tmp_path: Path) -> None:
    """Names, registration, a message of two parts each way, UCS-2, a report asked for."""
    modems = {family: modem(family) for family in STORING}

    def use(family: str) -> None:
        one = modems[family]
        config = tmp_path / family
        config.write_text(f"[gammu]\ndevice = {one.path}\nconnection = at\n")
        orders = tmp_path / f"{family}.orders"
        orders.write_text(
            "identify\nnetworkinfo\ngeteachsms\ndeleteallsms 1\ndeleteallsms 3\ngetallsms\n"
        )
        one.deliver("Hello {5277}")
        one.deliver("x" * 170 + " end")
        said = run("gammu", "-c", str(config), "batch", str(orders))
        who, network, listed, *_, left = said.split("Executing batch ")[1:]
        assert one.manufacturer in who
        assert one.imei in who
        assert "204080000000001" in who
        assert "home network" in network
        assert "204 08 (KPN, Netherlands)" in network
        assert listed.count("Hello {5277}") == 1
        assert "x" * 170 + " end" in listed.replace("\n", "")
        assert "3 SMS parts in 2 SMS sequences" in listed
        assert "Hello" not in left
        run("gammu", "-c", str(config), "sendsms", "TEXT", TO, "-report", "-text", "hoi @ €")
        wide = ("-unicode", "-len", "400", "-text", WIDE)
        run("gammu", "-c", str(config), "sendsms", "TEXT", TO, *wide)
        sent = one.sent()
        assert sent[0] == (TO, "hoi @ €")
        assert (len(sent), "".join(text for _, text in sent[1:])) == (3, WIDE)

    at_once(STORING, use)
