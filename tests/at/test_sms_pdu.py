"""SMS PDUs, both ways."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.at.sms_address import decode_address
from harness.at.sms_pdu import (
    Address,
    Concatenation,
    Deliver,
    PduError,
    StatusReport,
    Submit,
    decode_deliver,
    decode_smsc,
    decode_status_report,
    decode_submit,
    encode_deliver,
    encode_smsc,
    encode_status_report,
    encode_submit,
    split_text,
)

moments = st.builds(
    lambda s, q: datetime.fromtimestamp(s, timezone(timedelta(minutes=15 * q))),
    st.integers(946_900_000, 4_102_000_000), st.integers(-48, 56),
)  # fmt: skip
senders = st.sampled_from(["5277", "+31612345678", "KPN Things", "*100#", "+1"])
parts = st.none() | st.builds(Concatenation, st.integers(0, 255), st.just(3), st.integers(1, 3))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def test_a_published_deliver_is_read() -> None:
    """The `hellohello` PDU of the public descriptions."""
    octets = bytes.fromhex(
        "07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37"
    )
    smsc, skip = decode_smsc(octets)
    message = decode_deliver(octets[skip:])
    assert (smsc, message.text) == ("+27381000015", "hellohello")
    assert message.sender.text == "27838890001"


@given(senders, moments, texts, parts)
def test_deliver_round_trip(
    sender: str, moment: datetime, text: str, part: Concatenation | None
) -> None:
    """What was encoded is decoded to the same, zone included."""
    again = decode_deliver(encode_deliver(Deliver(Address.of(sender), moment, text, part)))
    assert (again.sender.text, again.sent, again.text, again.part) == (sender, moment, text, part)
    assert again.sent.utcoffset() == moment.utcoffset()


@given(senders, texts, parts, st.none() | st.integers(0, 255), st.booleans())
def test_submit_round_trip(
    number: str, text: str, part: Concatenation | None, validity: int | None, report: bool
) -> None:
    """The same for SMS-SUBMIT."""
    submit = Submit(Address.of(number), text, part, validity=validity, report=report)
    again = decode_submit(encode_submit(submit))
    assert (again.recipient, again.text, again.part) == (submit.recipient, text, part)
    assert (again.validity, again.report) == (validity, report)


def test_status_report_round_trip() -> None:
    """The same for SMS-STATUS-REPORT."""
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    report = StatusReport(7, Address.of("+31612345678"), at, at + timedelta(seconds=3), 0)
    assert decode_status_report(encode_status_report(report)) == report


@given(st.text(max_size=400))
def test_a_split_text_is_whole_and_every_part_fits(text: str) -> None:
    """One SMS, or several parts that each fit with their header."""
    pieces = split_text(text.encode("utf-8", "replace").decode())
    assert "".join(pieces) == text.encode("utf-8", "replace").decode()
    for place, piece in enumerate(pieces, 1):
        part = Concatenation(1, len(pieces), place) if len(pieces) > 1 else None
        dcs = 0 if all(len(p) == 0 or p for p in pieces) and _gsm(text) else 8
        encode_submit(Submit(Address.of("5277"), piece, part, dcs=dcs))


def _gsm(text: str) -> bool:
    from harness.at import gsm7

    return gsm7.encodable(text.encode("utf-8", "replace").decode())


@given(st.binary(max_size=60))
def test_no_bytes_break_the_decoders(data: bytes) -> None:
    """A message or a PduError, whatever comes."""
    for decode in (decode_deliver, decode_submit, decode_status_report, decode_smsc,
                   decode_address):  # fmt: skip
        try:
            decode(data)
        except PduError:
            continue


@pytest.mark.parametrize("text", ["", "a name too long", "ж", "+" + "1" * 21])
def test_what_is_no_address_is_refused(text: str) -> None:
    """Neither number nor name."""
    with pytest.raises(PduError):
        Address.of(text)


def test_smsc_round_trip() -> None:
    """`00` means the stored service centre."""
    assert decode_smsc(encode_smsc("+31653131313")) == ("+31653131313", 8)
    assert decode_smsc(encode_smsc("")) == ("", 1)
