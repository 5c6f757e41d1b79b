"""comgt: a script interpreter that types its commands letter by letter."""

from __future__ import annotations

import pytest

from tests.clients.conftest import Make
from tests.clients.modems import STORING
from tests.clients.running import at_once, needs, run

pytestmark = [pytest.mark.external, needs("comgt", "comgt")]


def test_comgt_reads_signal_and_registration(modem: Make) -> None:
    """Each byte is a write of its own, and comes back as echo."""
    modems = {family: modem(family) for family in STORING}

    def use(family: str) -> None:
        assert "Signal Quality: 20,99" in run("comgt", "-d", modems[family].path, "sig")
        assert 'Home network: "KPN NL"' in run("comgt", "-d", modems[family].path, "reg")

    at_once(modems, use)
