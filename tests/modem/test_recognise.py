"""Which family a modem belongs to, by what +CGMI and +CGMM answer."""

from __future__ import annotations

import pytest

from harness.modem import FAMILIES, recognise

ROWS = [
    ("Quectel", "BG96", "quectel-bg"),
    ("Quectel", "BG95-M3", "quectel-bg"),
    ("Quectel", "BG77", "quectel-bg"),
    ("Quectel", "EC21", "quectel-ec"),
    ("Quectel", "EC25", "quectel-ec"),
    ("Quectel", "EG91", "quectel-ec"),
    ("Quectel", "EG95", "quectel-ec"),
    ("Quectel", "EG25", "quectel-ec"),
    ("Quectel", "M95", "3gpp"),
    ("Quectel", "RG500Q-EA", "3gpp"),
    ("Telit", "ME910C1-WW", "telit-me910"),
    ("Telit", "ME310G1-W1", "telit-me910"),
    ("Telit", "LE910-EU V2", "telit-me910"),
    ("Telit", "GE910-QUAD", "3gpp"),
    ("Sierra Wireless", "HL7800", "sierra-hl78"),
    ("Sierra Wireless", "HL7802", "sierra-hl78"),
    ("Sierra Wireless", "HL7812", "sierra-hl78"),
    ("Sierra Wireless", "HL7548", "3gpp"),
    ("u-blox", "SARA-R410M-02B", "ublox-sara-r4"),
    ("u-blox", "SARA-R510S", "ublox-sara-r5"),
    ("u-blox", "SARA-U201", "ublox-sara-u2"),
    ("u-blox", "TOBY-L210", "3gpp"),
    ("Nordic Semiconductor ASA", "nRF9160-SICA", "nordic-slm"),
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
]


@pytest.mark.parametrize(("manufacturer", "model", "family"), ROWS)
def test_recognise(manufacturer: str, model: str, family: str) -> None:
    """Each model leads to one family, and an unknown one to 3gpp."""
    assert recognise(manufacturer, model) == family


def test_every_family_is_recognised() -> None:
    """No family is without a row above."""
    assert {family for _, _, family in ROWS} == set(FAMILIES)
