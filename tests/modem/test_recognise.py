"""Which family a modem belongs to, by what +CGMI and +CGMM answer."""

from __future__ import annotations

import pytest

from harness.modem import recognise


@pytest.mark.parametrize(
    ("manufacturer", "model", "family"),
    [
        ("Quectel", "BG96", "quectel-bg"),
        ("Quectel", "BG95-M3", "quectel-bg"),
        ("SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom-800"),
        ("SIMCOM_Ltd", "SIMCOM_SIM868", "simcom-800"),
        ("SIMCOM_Ltd", "SIMCOM_SIM900", "simcom-800"),
        ("SIMCOM_Ltd", "SIMCOM_SIM7000G", "simcom-7000"),
        ("SIMCOM_Ltd", "SIMCOM_SIM7080", "simcom-7080"),
        ("SIMCOM_Ltd", "SIMCOM_SIM7070", "simcom-7080"),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "simcom-7600"),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM7500E", "simcom-7600"),
        ("SIMCOM INCORPORATED", "A7672E-FASE", "simcom-a76"),
        ("SIMCOM INCORPORATED", "SIM7672G", "simcom-a76"),
        ("SIMCOM INCORPORATED", "SIM8200EA-M2", "3gpp"),
        ("Somebody", "BG96", "3gpp"),
    ],
)
def test_recognise(manufacturer: str, model: str, family: str) -> None:
    """Each model leads to one family, and an unknown one to 3gpp."""
    assert recognise(manufacturer, model) == family
