"""The rules of registering a device, and what is advised beyond them."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.platform.registration import advice, device_secret_problem, problems, refuse_wrong
from harness.platform.registry import DeviceTaken, Registration, Registry

IMEI = "356726104408422"
UUID = "0b0e1f6e-7c44-4d0c-9f0e-0a5f2f3d9f11"
SECRET = "0123456789ABCDEFGHIJabcdefghij"


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"imei": "356726104408423"}, "imei", "should be 2, not 3"),
        ({}, "imei", "exactly one of imei"),
        ({"imei": IMEI, "dvnuuid": UUID}, "imei", "exactly one of imei"),
        ({"dvnuuid": "4"}, "dvnuuid", "8-4-4-4-12"),
        ({"imei": IMEI, "iccid": "12"}, "iccid", "starts with 89"),
        ({"imei": IMEI, "msisdn": "+31 97"}, "msisdn", "an MSISDN"),
        ({"imei": IMEI, "sim": "esim"}, "sim", "regular, comarch"),
        ({"imei": IMEI, "rate_plan": " "}, "rate_plan", "1 to 100"),
        ({"imei": IMEI, "secret": "short"}, "secret", "30 to 100"),
    ],
)
def test_what_is_wrong_is_named_with_its_field(
    fields: dict[str, str], field: str, words: str
) -> None:
    """One remark, at the field where it can be put right."""
    (remark,) = problems(Registration("one", **fields))  # type: ignore[arg-type]  # one is wrong on purpose
    assert remark.field == field
    assert words in remark.message


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """Nobody has to try again for the next objection; the secret is not shown."""
    wrong = Registration("one", imei="1", iccid="2", secret="three!")
    with pytest.raises(UsageError) as refused:
        refuse_wrong(wrong)
    for field, words in (("imei", "15 digits"), ("iccid", "starts with"), ("secret", "30 to 100")):
        assert f"{field}: " in str(refused.value)
        assert words in str(refused.value)
    assert "three!" not in str(refused.value)


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        (SECRET[:-1] + "é", "outside ASCII"),
        (SECRET + "-", "contradicts itself"),
        (SECRET + "#", "one secret never serves both"),
        (SECRET + "\n", "white space around it"),
        ("a#", "one secret never serves both"),
        ("x" * 101, "this one has 101"),
    ],
)
def test_a_wrong_secret_is_explained_with_the_contradictions(secret: str, words: str) -> None:
    """Text against rule, and device secret against destination secret; never the secret itself."""
    problem = device_secret_problem(secret) or ""
    assert words in problem
    assert secret not in problem
    assert device_secret_problem(SECRET) is None


@pytest.mark.parametrize(
    ("device", "field", "words"),
    [
        (Registration("a", dvnuuid="0b0e1f6e-7c44-1d0c-9f0e-0a5f2f3d9f11", secret=SECRET),
         "dvnuuid", "version 4"),
        (Registration("a", dvnuuid=UUID), "secret", "REG-IP"),
        (Registration("a", imei=IMEI, iccid="8931041010654378930"), "iccid", "should be 2, not 0"),
        (Registration("a", imei=IMEI, msisdn="0612345678"), "msisdn", "international"),
        (Registration("a", imei=IMEI, sim="plus", iccid="8931041010654378932"),
         "sim", "not without its MSISDN"),
    ],
)  # fmt: skip
def test_advice_does_not_refuse(device: Registration, field: str, words: str) -> None:
    """What the documents advise, and what looks mistyped, is told and taken."""
    assert refuse_wrong(device) is device
    (remark,) = advice(device)
    assert remark.field == field
    assert words in remark.message


def test_a_perfect_registration_has_no_remarks() -> None:
    """Nothing to say about the documents' own example."""
    device = Registration(
        "a", imei=IMEI, secret=SECRET, iccid="8931041010654378932", msisdn="+3197012345678",
        sim="plus", rate_plan="M2M 5 MB",
    )  # fmt: skip
    assert (problems(device), advice(device)) == ([], [])


def test_the_registry_changes_while_it_is_in_use() -> None:
    """Added, given another secret, removed, added again: every way to find it agrees."""
    registry = Registry()
    device = Registration("a", imei=IMEI, secret=SECRET, iccid="8931", msisdn="+31970")
    seen = [registry.generation]
    registry.add(device)
    seen.append(registry.generation)
    changed = registry.change_secret("a", "other")
    seen.append(registry.generation)
    assert changed is not None
    assert registry.by_name("a") is registry.by_imei(IMEI) is registry.by_msisdn("+31970")
    assert registry.secrets() == {"a": "other"}
    assert registry.former_secret("a") == SECRET
    assert registry.remove("a") is changed
    seen.append(registry.generation)
    assert (registry.by_name("a"), registry.by_imei(IMEI), len(registry)) == (None, None, 0)
    assert (registry.remove("a"), registry.change_secret("a", None)) == (None, None)
    registry.add(device)
    assert registry.former_secret("a") is None
    assert sorted(set(seen)) == seen


@pytest.mark.parametrize(
    "other",
    [
        Registration("a", imei="490154203237518"),
        Registration("b", imei=IMEI),
        Registration("b", imei="490154203237518", iccid="8931"),
        Registration("b", imei="490154203237518", msisdn="+31970"),
    ],
)
def test_a_twin_is_refused_and_leaves_nothing_behind(other: Registration) -> None:
    """Name, IMEI, ICCID and MSISDN belong to one device each."""
    registry = Registry([Registration("a", imei=IMEI, iccid="8931", msisdn="+31970")])
    with pytest.raises(DeviceTaken, match="same"):
        registry.add(other)
    assert [device.name for device in registry] == ["a"]
    assert registry.by_imei("490154203237518") is None
