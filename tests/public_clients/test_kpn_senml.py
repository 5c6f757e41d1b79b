"""Packs made and read by kpn-senml, the vendor's own Python library (PyPI, 1.0.1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.platform.downlinks import Shape
from tests.platform.bench import UUID, Rig, request
from tests.tls.https import ip_request, serving

kpn_senml = pytest.importorskip(
    "kpn_senml", reason="kpn-senml is not installed (pip install 'things-hil[test]')"
)
M2M_NAME = "urn:dev:IMEI:356726104408422:"
IP_NAME = f"urn:dev:DVNUUID:{UUID}:"


def made(name: str = M2M_NAME, *records: Any, **base: float) -> Any:
    """A pack of the library, with one temperature unless records are given."""
    pack = kpn_senml.SenmlPack(name)
    for field, value in base.items():
        setattr(pack, field, value)
    for record in records or (kpn_senml.SenmlRecord("temperature", unit="Cel", value=21.5),):
        pack.add(record)
    return pack


def said(rig: Rig) -> tuple[str, set[tuple[str, str]]]:
    rig.wait(1)
    uplink = rig.platform.uplinks[0]
    return uplink.outcome.value, {(f.requirement, f.severity) for f in uplink.findings}


def resolved(rig: Rig) -> list[dict[str, Any]]:
    """The records of the newest pack as the platform would forward them."""
    return rig.platform.uplinks[-1].pack or []


def test_a_pack_is_taken_and_its_white_space_flagged(rig: Rig) -> None:
    """json.dumps puts blanks after , and : and the base name behind the value: both are read."""
    text = made(base_time=1_700_000_000).to_json()
    assert text.index('"v"') < text.index('"bn"')
    rig.post(request(text.encode()))
    assert said(rig) == ("accepted", {("TOKEN-SPACE", "warning")})
    assert resolved(rig) == [
        {"bn": M2M_NAME, "bt": 1_700_000_000},
        {"n": "temperature", "u": "Cel", "v": 21.5},
    ]


def test_an_internet_device_sends_one_over_tls() -> None:
    """HTTPS, the test authority, a DvnUUID: taken, and nothing but the white space is said."""
    with serving() as https:
        answer = https.post(ip_request(made(IP_NAME).to_json().encode(), host="x"))
        assert answer.startswith(b"HTTP/1.1 202 ")
        assert {f.requirement for f in https.last().findings} == {"TOKEN-SPACE"}


def test_written_without_blanks_it_is_clean(rig: Rig) -> None:
    """The advice followed: nothing is left to say."""
    text = json.dumps(json.loads(made().to_json()), separators=(",", ":"))
    rig.post(request(text.encode()))
    assert said(rig) == ("accepted", set())


def test_base_values_are_added_again(rig: Rig) -> None:
    """The library subtracts base time and value while it writes; the platform restores both."""
    record = kpn_senml.SenmlRecord("level", value=21.5, time=1_700_000_005)
    rig.post(
        request(made(M2M_NAME, record, base_time=1_700_000_000, base_value=20).to_json().encode())
    )
    assert said(rig)[0] == "accepted"
    assert resolved(rig)[1] == {"n": "level", "t": 5, "v": 21.5}


def test_an_absolute_time_without_base_time_is_kept(rig: Rig) -> None:
    """Without base time the library writes the whole Unix time into t: RFC 8428 reads it so."""
    record = kpn_senml.SenmlRecord("level", value=1, time=1_600_000_000)
    rig.post(request(made(M2M_NAME, record).to_json().encode()))
    assert said(rig)[0] == "accepted"
    seen = resolved(rig)
    assert seen[0]["bt"] + seen[1].get("t", 0) == 1_600_000_000


def test_a_base_value_of_zero_is_left_out_and_changes_nothing(rig: Rig) -> None:
    """A falsy base value is dropped by the library; the record's value is whole then."""
    text = made(base_value=0).to_json()
    assert '"bv"' not in text
    rig.post(request(text.encode()))
    assert resolved(rig)[1]["v"] == 21.5


@pytest.mark.parametrize(
    ("name", "outcome", "requirement"),
    [
        ("urn:dev:IMEI:356726104408422", "accepted", "SENML-BN-M2M"),
        ("urn:dev:imei:356726104408422:", "accepted", "SENML-BN-M2M"),
        ("356726104408422", "unknown-device", "SENML-BN-M2M"),
        ("urn:dev:IMEI:356938035643809:", "unknown-device", "SENML-BN-M2M"),
        ("device-name", "unknown-device", "SENML-BN-M2M"),
    ],
)
def test_other_base_names(rig: Rig, name: str, outcome: str, requirement: str) -> None:
    """The library writes any name; each form but the documented one is an error that is named."""
    rig.post(request(made(name).to_json().encode()))
    got = said(rig)
    assert got[0] == outcome
    assert (requirement, "error") in got[1]


def test_a_pack_without_records_is_flagged(rig: Rig) -> None:
    """Only a base name: what the vendor's own example sends."""
    pack = kpn_senml.SenmlPack(M2M_NAME)
    rig.post(request(pack.to_json().encode()))
    assert said(rig) == ("accepted", {("SENML-VALUE", "warning"), ("TOKEN-SPACE", "warning")})


def test_cbor_is_refused_as_malformed(rig: Rig) -> None:
    """SenML JSON is all that is documented; the token is right, the structure is not."""
    answer = rig.post(request(made().to_cbor()))
    outcome, findings = said(rig)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert outcome == "malformed"
    assert ("SENML-PACK", "error") in findings
    assert not [finding for finding in findings if finding[0].startswith("TOKEN")]


def downlink_body(rig: Rig, shape: Shape) -> str:
    """What the platform answers with, for a downlink of one number and one switch."""
    records = [{"n": "interval", "v": 60}, {"n": "led", "vb": True}]
    rig.platform.queue_downlink("tracker-1", records, shape=shape)
    return rig.post(request()).partition(b"\r\n\r\n")[2].decode()


def reading(heard: list[tuple[str, object]]) -> Any:
    return kpn_senml.SenmlPack(M2M_NAME, lambda rec, **_: heard.append((rec.name, rec.value)))


def test_a_merged_downlink_is_read(rig: Rig) -> None:
    """DL-SENML: the callback hears each record once."""
    heard: list[tuple[str, object]] = []
    reading(heard).from_json(downlink_body(rig, "merged"))
    assert heard == [("interval", 60), ("led", True)]


def test_a_separate_base_record_stops_the_library(rig: Rig) -> None:
    """The shape that the documents show makes it raise KeyError: a device that reads with it needs
    the merged shape. The platform sends either, so both kinds of device can be tried."""
    heard: list[tuple[str, object]] = []
    parse: Callable[[str], None] = reading(heard).from_json
    with pytest.raises(KeyError, match="n"):
        parse(downlink_body(rig, "separate"))
    assert heard == []


def test_text_is_beyond_the_library() -> None:
    """On Python 3 it knows no strings, neither to send nor to read: numbers and switches only."""
    with pytest.raises(NameError, match="basestring"):
        made(M2M_NAME, kpn_senml.SenmlRecord("state", value="on"))
    with pytest.raises(NameError, match="basestring"):
        reading([]).from_json(f'[{{"bn":"{M2M_NAME}","n":"url","vs":"http://x"}}]')
