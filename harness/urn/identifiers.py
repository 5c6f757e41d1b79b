"""What is wrong with an IMEI, ICCID, MSISDN or UUID: one sentence, or None when nothing is."""

from __future__ import annotations

import re

from harness.urn.luhn import luhn_digit, luhn_valid

_DIGITS = re.compile(r"[0-9]+")
_UUID = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-([0-9a-fA-F])[0-9a-fA-F]{3}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
)


def imei_problem(imei: str) -> str | None:
    """An IMEI is 15 digits, the last one a Luhn check digit (3GPP TS 23.003 §6.2.1, Annex B)."""
    if _DIGITS.fullmatch(imei) is None:
        return f"an IMEI consists of digits only, not {imei[:40]!r}"
    if len(imei) == 16:
        return (
            "an IMEI has 15 digits; 16 is an IMEISV (it ends in a software version instead of the "
            "check digit, 3GPP TS 23.003 §6.2.2): ask the modem with AT+CGSN or AT+CGSN=1"
        )
    if len(imei) == 14:
        return f"an IMEI has 15 digits; these are 14, the check digit {luhn_digit(imei)} is missing"
    if len(imei) != 15:
        return f"an IMEI has 15 digits; this one has {len(imei)}"
    if not luhn_valid(imei):
        return (
            f"the IMEI's last digit should be {luhn_digit(imei[:14])}, not {imei[14]} "
            "(check digit, 3GPP TS 23.003 Annex B): is a digit mistyped?"
        )
    return None


def iccid_problem(iccid: str) -> str | None:
    """An ICCID is 89 and up to 17 digits more (ITU-T E.118 §4.1); 18 to 20 digits are in use."""
    if _DIGITS.fullmatch(iccid) is None:
        if iccid[-1:] in ("F", "f") and _DIGITS.fullmatch(iccid[:-1]):
            return "the ICCID ends in F, which is filler of the card's file: leave it out"
        return f"an ICCID consists of digits only, not {iccid[:40]!r}"
    if not iccid.startswith("89"):
        return f"an ICCID starts with 89 (telecommunications, ITU-T E.118), not {iccid[:2]}"
    if len(iccid) not in (18, 19, 20):
        return f"an ICCID has 19 digits (18 to 20 are in use); this one has {len(iccid)}"
    return None


def iccid_advice(iccid: str) -> str | None:
    """What looks mistyped about a well-formed ICCID: its Luhn digit (ITU-T E.118 §4.1).

    Advice only: cards exist, and are quoted, whose last digit is no check digit.
    """
    if iccid_problem(iccid) is not None or luhn_valid(iccid):
        return None
    return (
        f"the ICCID's last digit should be {luhn_digit(iccid[:-1])}, not {iccid[-1]} "
        "(check digit, ITU-T E.118): is a digit mistyped?"
    )


def msisdn_problem(msisdn: str) -> str | None:
    """An MSISDN is 7 to 15 digits, in international form with + (ITU-T E.164 §6)."""
    digits = msisdn.removeprefix("+")
    if _DIGITS.fullmatch(digits) is None:
        bare = re.sub(r"[\s().-]", "", digits)
        hint = f": write {'+' * msisdn.startswith('+')}{bare}" if _DIGITS.fullmatch(bare) else ""
        return f"an MSISDN is digits, after a + if it is international, not {msisdn[:40]!r}{hint}"
    if not 7 <= len(digits) <= 15:
        return f"an MSISDN has 7 to 15 digits (ITU-T E.164); this one has {len(digits)}"
    if msisdn.startswith("+0"):
        return "after the + of an MSISDN comes a country code, which does not start with 0"
    return None


def msisdn_advice(msisdn: str) -> str | None:
    """What could be better about a well-formed MSISDN: its international form is unambiguous."""
    if msisdn.startswith("+") or msisdn_problem(msisdn) is not None:
        return None
    return (
        "the MSISDN is not in international form (+, country code, number): an SMS centre would "
        "have to guess the country"
    )


def uuid_problem(uuid: str) -> str | None:
    """A UUID is 8-4-4-4-12 hex digits (RFC 9562 §4)."""
    if _UUID.fullmatch(uuid) is None:
        return f"a UUID has the form 8-4-4-4-12 hex digits, not {uuid[:60]!r}"
    return None


def uuid_advice(uuid: str) -> str | None:
    """What could be better about a well-formed UUID: version 4 is advised (SENML-BN-IP)."""
    found = _UUID.fullmatch(uuid)
    if found is None or found[1] == "4":
        return None
    return f"this UUID is version {found[1]}; version 4 (random) is advised"
