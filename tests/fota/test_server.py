"""The file server, through real sockets."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace

import pytest

from harness.clock import Deadline
from harness.errors import UsageError
from harness.evidence import Event
from harness.platform.facade import UnknownDevice
from harness.platform.faults import make_fault
from harness.platform.fota.image import made_up_image
from harness.platform.fota.server import UnknownFirmware
from harness.platform.fota.settings import FotaSettings, StatusForm
from harness.platform.settings import PlatformSettings
from tests.fota.bench import DEVICE, IMAGE, Client, found, offer, read_reply, uplink
from tests.platform.bench import Rig, running


def fetch_all(client: Client, size: int = 256) -> None:
    for first in range(0, len(IMAGE), size):
        assert client.get(f"{first}-{first + size - 1}").good


def test_the_offer_is_a_downlink_with_url_and_token(rig: Rig) -> None:
    """FOTA-OFFER: two records, the URL at the documented address with a path of its own."""
    made = rig.platform.offer_firmware(DEVICE, IMAGE, "1.1.0")
    other = rig.platform.offer_firmware(DEVICE, IMAGE, "1.1.0")
    base, url, token = json.loads(uplink(rig))
    assert (base["bn"], url["n"], token["n"]) == ("urn:dev:IMEI:356726104408422:", "url", "token")
    assert url["vs"] == made.url
    assert made.url.startswith("http://10.151.236.157:80/f/v1/")
    assert made.url != other.url
    assert json.loads(uplink(rig))[2]["vs"] != token["vs"]


@pytest.mark.parametrize(
    ("form", "first_line"),
    [("206", "HTTP/1.1 206 Partial Content"), ("200", "HTTP/1.1 200")],
)
def test_a_part_in_both_status_forms(rig: Rig, form: StatusForm, first_line: str) -> None:
    """FOTA-RANGE: the bytes asked for, Content-Range, and the CRC-32 of the part."""
    rig.platform.offer_firmware(DEVICE, IMAGE, "1.1.0", status_form=form)
    reply = Client.offered(rig).get("256-511")
    assert reply.first_line == first_line
    assert reply.body == IMAGE[256:512]
    assert reply.headers["Content-Range"] == "bytes 256-511/1024"
    assert reply.headers["Digest"] == f"crc32={zlib.crc32(IMAGE[256:512]):08x}"
    assert reply.headers["Content-Length"] == "256"
    assert found(rig, 1) == []


def test_the_digest_is_that_of_the_documented_part(rig: Rig) -> None:
    """Golden vector: the CRC-32 of `123456789` is cbf43926, in lower case."""
    rig.platform.offer_firmware(DEVICE, b"0123456789", "1.1.0")
    assert Client.offered(rig).get("1-9").headers["Digest"] == "crc32=cbf43926"


def test_the_last_part_is_cut_to_the_end(client: Client) -> None:
    """A range past the end is answered with what there is."""
    reply = client.get("1000-1255")
    assert (reply.headers["Content-Range"], len(reply.body)) == ("bytes 1000-1023/1024", 24)


def test_the_account_of_a_whole_download(rig: Rig, client: Client) -> None:
    """All bytes fetched, then the version reported: each is an event, nothing is found."""
    assert [str(span) for span in offer(rig).missing] == ["0-1023"]
    fetch_all(client)
    now = offer(rig, 4)
    assert (now.fetched, len(now.good_parts), now.requests) == (True, 4, 4)
    assert now.reported is None
    uplink(rig, '{"n":"firmware","vs":"1.1.0"}')
    assert (offer(rig).reported, offer(rig).findings) == ("1.1.0", ())
    kinds = [event.kind for event in rig.timeline.events() if event.kind.startswith("fota")]
    assert kinds == ["fota.offer", *["fota.part"] * 4, "fota.done", "fota.reported"]
    shown = offer(rig).as_dict()
    assert shown["crc"] == f"{zlib.crc32(IMAGE):08x}"
    assert json.loads(json.dumps(shown)) == shown


def test_another_version_is_a_finding(rig: Rig, client: Client) -> None:
    """FOTA-REPORT: what the device ran before is no finding, until it has fetched all of it."""
    uplink(rig, '{"n":"firmware","vs":"1.0.0"}')
    assert found(rig, 0) == []
    fetch_all(client)
    uplink(rig, '{"n":"firmware","vs":"1.0.0"}')
    assert found(rig, 4) == [("FOTA-REPORT", "error")]
    uplink(rig, '{"n":"firmware","vs":"1.1.0"}')
    assert offer(rig).reported == "1.1.0"


def test_a_version_without_its_bytes_is_a_finding(rig: Rig, client: Client) -> None:
    """FOTA-RANGE: the new version is reported, but parts of it were never fetched."""
    client.get("0-255")
    uplink(rig, '{"n":"firmware","vs":"1.1.0"}')
    assert found(rig, 1) == [("FOTA-RANGE", "error")]
    assert "256-1023" in offer(rig).findings[0].message


@pytest.mark.parametrize("fault", ["wrong-crc", "damaged-part", "short-part", "truncate-body"])
def test_a_spoilt_part_does_not_count_until_it_came_right(
    rig: Rig, client: Client, fault: str
) -> None:
    """A device that installs it all the same is found out; one that asks again is not."""
    rig.platform.firmware.faults.add(make_fault(fault), skip=1)
    for first in range(0, 1024, 256):
        reply = client.get(f"{first}-{first + 255}")
        assert (reply.good and len(reply.body) == 256) is (first != 256)
    assert [str(span) for span in offer(rig, 4).spoilt] == ["256-511"]
    assert not offer(rig).fetched
    uplink(rig, '{"n":"firmware","vs":"1.1.0"}')
    assert found(rig, 4) == [("FOTA-RANGE", "error")]
    assert client.get("256-511").good
    assert offer(rig, 5).fetched


def test_how_the_faults_look(rig: Rig, client: Client) -> None:
    """Each shows where it should: in the Digest, in the bytes, in their number."""
    for name in ("wrong-crc", "damaged-part", "short-part", "truncate-body"):
        rig.platform.firmware.faults.add(make_fault(name))
    wrong, damaged, short, cut = (client.get("0-255") for _ in range(4))
    right = f"crc32={zlib.crc32(IMAGE[:256]):08x}"
    assert (wrong.body, wrong.headers["Digest"] == right) == (IMAGE[:256], False)
    assert (damaged.body != IMAGE[:256], damaged.headers["Digest"]) == (True, right)
    assert (len(short.body), short.headers["Content-Length"]) == (255, "255")
    assert (len(cut.body), cut.headers["Content-Length"]) == (255, "256")


def test_an_expired_token_opens_nothing_until_it_is_renewed(rig: Rig, client: Client) -> None:
    """401 from then on, for no fault of the device; the new one opens the same URL."""
    rig.platform.firmware.faults.add(make_fault("expired-token"), skip=1)
    assert [client.get("0-255").status for _ in range(3)] == [206, 401, 401]
    assert {severity for _, severity in found(rig, 3)} == {"info"}
    rig.platform.firmware.renew("fw-1")
    renewed = Client.of(rig, uplink(rig))
    assert renewed.path == client.path
    assert renewed.get("0-255").good
    assert client.get("0-255").status == 401
    assert ("FOTA-OFFER", "error") in found(rig, 5)


def test_a_token_expires_on_the_scenario_clock(rig: Rig) -> None:
    """The life-time of a token is scenario time."""
    rig.platform.offer_firmware(DEVICE, IMAGE, "1.1.0", token_life_s=60)
    client = Client.offered(rig)
    rig.clock.advance(59)
    assert client.get("0-9").status == 206
    rig.clock.advance(1)
    assert client.get("0-9").status == 401


@pytest.mark.parametrize(
    ("headers", "status", "requirement"),
    [
        (["Range: bytes=0-9"], 401, "FOTA-OFFER"),
        (["Authorization: {token}", "Range: bytes=0-9"], 401, "FOTA-OFFER"),
        (["Authorization: Basic {token}", "Range: bytes=0-9"], 401, "FOTA-OFFER"),
        (["Authorization: Bearer", "Range: bytes=0-9"], 401, "FOTA-OFFER"),
        (["Authorization: Bearer \xff", "Range: bytes=0-9"], 401, "FOTA-OFFER"),
        (["Authorization: Bearer {token}x", "Range: bytes=0-9"], 401, "FOTA-OFFER"),
        (["Authorization: Bearer {token}"], 200, "FOTA-RANGE"),
        (["Authorization: Bearer {token}", "Range: bytes=9-0"], 400, "FOTA-RANGE"),
        (["Authorization: Bearer {token}", "Range: bytes=0-1,4-5"], 400, "FOTA-RANGE"),
        (["Authorization: Bearer {token}", "Range: bytes=1024-"], 416, "FOTA-RANGE"),
        (["Authorization: Bearer {token}", "Range: bytes=0-1", "Range: bytes=2-3"], 400,
         "FOTA-RANGE"),
    ],
)  # fmt: skip
def test_what_is_refused_and_why(
    rig: Rig, client: Client, headers: list[str], status: int, requirement: str
) -> None:
    """The code is the assumed one, the finding names what is broken."""
    lines = [line.format(token=client.token) for line in headers]
    raw = client.raw(*lines).decode().encode("latin-1")
    reply = client.fetch(raw)
    assert reply is not None
    assert reply.status == status
    assert found(rig, 1) == [(requirement, "error")]
    if status == 416:
        assert reply.headers["Content-Range"] == "bytes */1024"


def test_method_and_host(rig: Rig, client: Client) -> None:
    """Only GET; Host is m.m whatever the address is."""
    bearer, part = f"Authorization: Bearer {client.token}", "Range: bytes=0-9"
    refused = client.fetch(client.raw(bearer, part, method="POST"))
    assert refused is not None
    assert (refused.status, refused.headers["Allow"]) == (405, "GET")
    client.fetch(client.raw(bearer, part, host="10.151.236.157"))
    assert found(rig, 2) == [("FOTA-RANGE", "error"), ("HTTP-HOST", "error")]


def test_an_unknown_url_is_refused(rig: Rig, client: Client) -> None:
    """404, and an event that says so."""
    reply = Client(rig, "/f/v1/nothing", client.token).get("0-9")
    assert reply.status == 404
    assert rig.platform.wait(lambda: bool(_parts(rig)), Deadline.after(60))
    (event,) = _parts(rig)
    assert event.data["offer"] is None
    assert event.data["findings"][0]["requirement"] == "FOTA-OFFER"


def _parts(rig: Rig) -> list[Event]:
    return [event for event in rig.timeline.events() if event.kind == "fota.part"]


def test_a_token_of_another_device_does_not_open(rig: Rig, client: Client) -> None:
    """FOTA-OFFER: the finding says whose token it is."""
    rig.platform.offer_firmware("plain-1", IMAGE, "2.0.0")
    theirs = rig.platform.firmware.all()[-1]
    other = Client(rig, theirs.url.partition(":80")[2], client.token)
    assert other.get("0-9").status == 401
    (finding,) = offer(rig, 1).findings
    assert "fw-1, offered to tracker-1" in finding.message


def test_a_connection_carries_at_most_a_hundred_requests(rig: Rig, client: Client) -> None:
    """FOTA-REUSE: the 101st is a finding, gets no answer, and the connection is closed."""
    with rig.connect() as sock:
        for number in range(101):
            sock.sendall(client.part(f"{number}-{number}"))
            reply = read_reply(sock)
            assert (reply is None) is (number == 100)
    assert found(rig, 101) == [("FOTA-REUSE", "error")]
    assert client.get("100-100").good
    assert offer(rig, 102).parts[-1].nth == 1


def test_the_end_of_a_connection_can_be_announced() -> None:
    """With that setting, the last answer says Connection: close."""
    settings = PlatformSettings(
        fota=FotaSettings(requests_per_connection=2, last_request="announced")
    )
    with running(settings) as rig:
        rig.platform.offer_firmware(DEVICE, IMAGE, "1.1.0")
        client = Client.offered(rig)
        with rig.connect() as sock:
            replies = []
            for asked in ("0-0", "1-1"):
                sock.sendall(client.part(asked))
                replies.append(read_reply(sock))
            assert sock.recv(1) == b""
        assert [reply and reply.headers.get("Connection") for reply in replies] == [None, "close"]


def test_asking_for_a_bad_part_without_end_is_found(rig: Rig, client: Client) -> None:
    """FOTA-RANGE: three tries are documented; past twice as many it is a loop."""
    rig.platform.firmware.faults.add(make_fault("wrong-crc"), count=100)
    for _ in range(6):
        client.get("0-255")
    assert found(rig, 6) == []
    client.get("0-255")
    assert found(rig, 7) == [("FOTA-RANGE", "error")]


def test_no_token_reaches_the_evidence(rig: Rig, client: Client) -> None:
    """Neither whole nor in pieces, also when it is cut in two."""
    client.get("0-9")
    offer(rig, 1)
    rig.timeline.record("x", "note", text=client.token[:75])
    rig.timeline.record("x", "note", text=client.token[75:])
    text = "\n".join(event.to_line() for event in rig.timeline.events())
    pieces = [client.token[at : at + 20] for at in range(len(client.token) - 19)]
    assert [piece for piece in pieces if piece in text] == []


def test_wrong_orders_are_refused(rig: Rig) -> None:
    """One clear error each."""
    platform = rig.platform
    with pytest.raises(UnknownDevice):
        platform.offer_firmware("nobody", IMAGE, "1.0.0")
    with pytest.raises(UsageError, match="Internet device"):
        platform.offer_firmware("probe-1", IMAGE, "1.0.0")
    with pytest.raises(UsageError, match="1 to"):
        platform.offer_firmware(DEVICE, b"", "1.0.0")
    with pytest.raises(UsageError, match="no firmware version"):
        platform.offer_firmware(DEVICE, IMAGE, "1 0")
    with pytest.raises(UsageError, match="lives longer"):
        platform.offer_firmware(DEVICE, IMAGE, "1.0.0", token_life_s=0)
    with pytest.raises(UnknownFirmware):
        platform.firmware.renew("fw-9")
    with pytest.raises(UsageError, match="write http://"):
        FotaSettings(base_url="10.0.0.1")
    assert platform.firmware.all() == ()
    assert platform.downlinks() == []


def test_made_up_images() -> None:
    """Exactly as long as asked, the same for the same seed, their version in the head."""
    image = made_up_image("1.1.0", 1000, 7)
    assert len(image) == 1000
    assert image == made_up_image("1.1.0", 1000, 7)
    assert image != made_up_image("1.1.0", 1000, 8)
    assert image.startswith(b"things-hil firmware\nversion: 1.1.0\nsha256: ")
    with pytest.raises(UsageError, match="more than"):
        made_up_image("1.1.0", 20)


def test_assumptions_are_listed(rig: Rig) -> None:
    """What the documents leave open about the file server is among the platform's assumptions."""
    names = {item.name for item in rig.platform.assumptions()}
    assert {"firmware: status of a part", "firmware: refusals", "firmware: token"} <= names
    assert replace(FotaSettings(), last_request="announced").assumptions() != (
        FotaSettings().assumptions()
    )
