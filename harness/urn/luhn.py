"""The check digit of IMEI and ICCID (ISO/IEC 7812-1 Annex B, "Luhn")."""

from __future__ import annotations

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn_digit(digits: str) -> int:
    """The check digit to append to ``digits`` (ASCII digits only)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = ord(digit) - 48
        total += _DOUBLED[value] if position % 2 == 0 else value
    return -total % 10


def luhn_valid(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    return len(digits) > 1 and luhn_digit(digits[:-1]) == ord(digits[-1]) - 48
