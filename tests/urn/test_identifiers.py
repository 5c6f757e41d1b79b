"""IMEI, ICCID and UUID: what is wrong with them."""

import pytest

from harness import urn


def test_a_valid_imei_has_no_problem() -> None:
    """The documents' example IMEI passes length and check digit."""
    assert urn.imei_problem("356726104408422") is None


@pytest.mark.parametrize(
    ("imei", "words"),
    [
        ("356726104408423", "should be 2, not 3"),
        ("35672610440842", "check digit 2 is missing"),
        ("3567261044084201", "IMEISV"),
        ("35672610440842x", "digits only"),
        ("", "digits only"),
        ("٣56726104408422", "digits only"),
        ("123", "this one has 3"),
    ],
)
def test_a_wrong_imei_is_explained(imei: str, words: str) -> None:
    """Each way to get an IMEI wrong has its own sentence."""
    assert words in (urn.imei_problem(imei) or "")


def test_every_single_digit_slip_of_an_imei_is_noticed() -> None:
    """Luhn's digit catches any one mistyped digit."""
    good = "356726104408422"
    for place in range(15):
        for digit in "0123456789".replace(good[place], ""):
            assert urn.imei_problem(good[:place] + digit + good[place + 1 :]) is not None


@pytest.mark.parametrize(
    ("iccid", "words"),
    [("7931041010654378930", "starts with 89"), ("8931041010654378930F", "filler"), ("89", "19")],
)
def test_a_malformed_iccid_is_explained(iccid: str, words: str) -> None:
    """Prefix, filler and length are told apart."""
    assert words in (urn.iccid_problem(iccid) or "")


def test_a_wrong_iccid_check_digit_is_advice_only() -> None:
    """An ICCID whose last digit is no check digit is no error, but is remarked on."""
    assert urn.iccid_problem("8931041010654378930") is None
    assert "should be 2, not 0" in (urn.iccid_advice("8931041010654378930") or "")
    assert urn.iccid_advice("8931041010654378932") is None


def test_a_uuid_of_another_version_is_advised_against() -> None:
    """Version 4 is advised (SENML-BN-IP), others are accepted."""
    assert urn.uuid_advice("0b0e1f6e-7c44-4d0c-9f0e-0a5f2f3d9f11") is None
    assert "version 1" in (urn.uuid_advice("0b0e1f6e-7c44-1d0c-9f0e-0a5f2f3d9f11") or "")
    assert urn.uuid_problem("0b0e1f6e7c444d0c9f0e0a5f2f3d9f11") is not None


@pytest.mark.parametrize(
    ("msisdn", "words"),
    [
        ("+31 97 012345678", "write +3197012345678"),
        ("097-012.345", "write 097012345"),
        ("call me", "is digits"),
        ("+", "is digits"),
        ("٣197012345678", "is digits"),
        ("+3197", "7 to 15 digits"),
        ("+3197012345678901", "this one has 16"),
        ("+097012345678", "country code"),
    ],
)
def test_a_wrong_msisdn_is_explained(msisdn: str, words: str) -> None:
    """Each way to get an MSISDN wrong has its sentence, with the right form where it is plain."""
    assert words in (urn.msisdn_problem(msisdn) or "")
    assert urn.msisdn_advice(msisdn) is None


def test_a_national_msisdn_is_taken_with_advice() -> None:
    """The documents show national numbers; the international form is advised."""
    assert urn.msisdn_problem("097012345678") is None
    assert "international form" in (urn.msisdn_advice("097012345678") or "")
    assert urn.msisdn_problem("+3197012345678") is None
    assert urn.msisdn_advice("+3197012345678") is None
