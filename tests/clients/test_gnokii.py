"""gnokii: another SMS client in C; it resets the modem at every start."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.virtual_modem import FAMILIES
from tests.clients.conftest import Make
from tests.clients.modems import STORING
from tests.clients.running import at_once, needs, run

pytestmark = [pytest.mark.external, needs("gnokii-cli", "gnokii")]


def test_gnokii_identifies_reads_sends_and_deletes(modem: Make, tmp_path: Path) -> None:
    """ATZ at every start, PDU mode, the service centre, the clock, the registration."""
    modems = {family: modem(family) for family in STORING}

    def use(family: str) -> None:
        one = modems[family]
        config = tmp_path / family
        port = os.path.realpath(one.path)  # gnokii cuts a port name at 64 characters
        config.write_text(f"[global]\nport = {port}\nmodel = AT\nconnection = serial\n")

        def gnokii(*words: str, text: str = "") -> str:
            return run("gnokii", "--config", str(config), *words, text=text)

        place = (FAMILIES[family].memory, str(FAMILIES[family].first_index))
        one.deliver("Hello {5277}")
        who = gnokii("--identify")
        assert one.imei in who
        assert one.manufacturer in who
        message = gnokii("--getsms", *place)
        assert "Sender: 5277 Msg Center: +31653131313" in message
        assert "Hello {5277}" in message
        assert "+31653131313" in gnokii("--getsmsc", "1")
        assert "2026" in gnokii("--getdatetime")
        assert "204 08" in gnokii("--getnetworkinfo")
        gnokii("--sendsms", "+31612345678", "-r", text="hoi\n")
        gnokii("--deletesms", *place)
        assert one.sent() == [("+31612345678", "hoi")]
        assert one.virtual.deliver_sms("5277", "again", one.clock.now())
        assert "again" in gnokii("--getsms", *place)  # the place was free

    at_once(STORING, use)
