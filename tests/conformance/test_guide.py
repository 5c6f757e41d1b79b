"""docs/adding-a-modem-family.md: what it shows can be typed as it stands."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness.modem import SocketModem
from harness.virtual_modem.family import Family

GUIDE = Path(__file__).parents[2] / "docs" / "adding-a-modem-family.md"


def test_both_sides_of_the_guide_are_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block runs with the imports that stand in it, and makes a family of the same name."""
    acme, sockets = ModuleType("harness.virtual_modem.acme"), ModuleType("sockets")
    acme.sockets = sockets  # type: ignore[attr-defined]  # a module made for this test
    sockets.COMMANDS = {}  # type: ignore[attr-defined]  # as above: the reader writes these
    monkeypatch.setitem(sys.modules, acme.__name__, acme)
    driver, virtual = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text("utf-8"), re.S | re.M)
    made: dict[str, Any] = {"__name__": "guide"}
    for block in (driver, virtual):
        exec(block, made)
    assert issubclass(made["Acme"], SocketModem)
    assert issubclass(made["AcmeX1"], Family)
    assert made["Acme"].family == made["AcmeX1"].name
    assert made["Acme"].abilities.power_off == f"AT{made['AcmeX1'].power_command}"
    assert made["AcmeX1"].power_command in made["AcmeX1"].commands
