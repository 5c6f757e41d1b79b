"""Devices that update themselves over a modem: the reference device, and one that is played."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest

from tests.fota.playing import played

RIGS = pytest.mark.parametrize("rig", ["firmware.yaml", "sim.yaml"])

UPDATE = """
  - power: on
  - firmware: {version: 1.1.0, size: 2000}
  - report: {}
  - expect: {firmware: {reported: 1.1.0, clean: true}, within: 15s}
"""


@RIGS
def test_an_update_in_parts(tmp_path: Path, rig: str) -> None:
    """Part after part, clipped at the end; then installed and reported."""
    done = played(tmp_path, UPDATE, rig=rig)
    assert done.verdict.outcome == "passed"
    assert done.ranges == [f"{at}-{min(at + 255, 1999)}" for at in range(0, 2000, 256)]
    assert [event["version"] for event in done.told("installed")] == ["1.1.0"]
    assert [event["kind"] for event in done.events if event["kind"].startswith("fota")] == [
        "fota.offer", *["fota.part"] * 8, "fota.done", "fota.reported",
    ]  # fmt: skip


@RIGS
def test_no_token_is_written_anywhere(tmp_path: Path, rig: str) -> None:
    """Neither in the answer that carries the offer, nor in requests, on the line or a console."""
    done = played(tmp_path, UPDATE, rig=rig)
    text = done.file.read_text(encoding="utf-8")
    assert "firmware-token-of-" in text
    tokens = [word for word in re.findall(r"[0-9A-Za-z]{20,}", text) if len(word) != 64]
    identities = {event.get("device", {}).get("iccid") for event in done.of("run.context")}
    assert set(tokens) <= identities


@RIGS
def test_what_was_fetched_is_kept_over_a_power_cut(tmp_path: Path, rig: str) -> None:
    """Only the part that was under way is asked for twice."""
    done = played(
        tmp_path,
        """
  - power: on
  - firmware: {version: 1.1.0, size: 2000}
  - firmware-fault: {kind: late, by: 30s, after: 3}
  - report: {}
  - expect: {firmware: {requests-at-least: 4}, within: 15s}
  - power: cut
  - power: on
  - expect: {firmware: {reported: 1.1.0, clean: true, parts: 8}, within: 15s}
""",
        rig=rig,
    )
    assert done.verdict.outcome == "passed", done.verdict
    twice = [asked for asked in set(done.ranges) if done.ranges.count(asked) > 1]
    assert twice == ["768-1023"]


def test_a_power_cut_before_the_report_costs_no_report(tmp_path: Path) -> None:
    """Installed, but the answer to the report is lost with the power: it is reported again."""
    done = played(
        tmp_path,
        """
  - power: on
  - firmware: {version: 1.1.0, size: 600}
  - firmware-fault: {kind: late, by: 500ms}
  - report: {}
  - expect: {firmware: {requests-at-least: 1}, within: 15s}
  - response-fault: {kind: late, by: 30s}
  - expect: {firmware: {reported: 1.1.0}, within: 15s}
  - power: cut
  - power: on
  - expect: {uplinks: 2, uplink: {records: [{n: firmware, vs: 1.1.0}]}, within: 15s}
""",
    )
    assert done.verdict.outcome == "passed", done.verdict


@RIGS
def test_a_bad_part_is_given_up_and_gone_on_with_after_a_renewal(tmp_path: Path, rig: str) -> None:
    """Three tries, then nothing until there is another token; nothing is fetched twice."""
    done = played(
        tmp_path,
        """
  - power: on
  - firmware: {version: 1.1.0, size: 1000}
  - firmware-fault: {kind: damaged-part, after: 2, times: 3}
  - report: {}
  - expect: {firmware: {requests: 5}, within: 15s}
  - never: {firmware: {requests-at-least: 6}, during: 300ms}
""",
        rig=rig,
    )
    assert done.verdict.outcome == "passed", done.verdict
    assert done.ranges == ["0-255", "256-511", "512-767", "512-767", "512-767"]
    assert len(done.told("gave-up")) == 1
    done = played(
        tmp_path,
        """
  - power: on
  - firmware: {version: 1.1.0, size: 1000}
  - firmware-fault: {kind: expired-token, after: 2}
  - report: {}
  - expect: {firmware: {requests: 3}, within: 15s}
  - firmware: {renew: true}
  - report: {}
  - expect: {firmware: {reported: 1.1.0, clean: true, requests: 5}, within: 15s}
""",
        rig=rig,
    )
    assert done.verdict.outcome == "passed", done.verdict
    assert done.ranges == ["0-255", "256-511", "None", "512-767", "768-999"]
    assert len(done.told("refused")) == 1


def test_uplinks_go_on_during_a_download(tmp_path: Path) -> None:
    """A report that is due does not wait until the image is there."""
    done = played(
        tmp_path,
        """
  - power: on
  - firmware: {version: 1.1.0, size: 40000}
  - report: {}
  - expect: {firmware: {requests-at-least: 2}, within: 15s}
  - report: {}
  - expect: {uplinks: 2, within: 15s}
  - expect: {firmware: {reported: 1.1.0, clean: true}, within: 30s}
""",
    )
    assert done.verdict.outcome == "passed", done.verdict
    kinds = [event["kind"] for event in done.events]
    second = [at for at, kind in enumerate(kinds) if kind == "uplink"][1]
    assert "fota.part" in kinds[second:]


def test_an_image_that_is_wrong_as_a_whole_is_not_installed(tmp_path: Path) -> None:
    """Every part was right, but the image is none of this device's: nothing is reported."""
    (tmp_path / "image.bin").write_bytes(bytes(1000))
    done = played(
        tmp_path,
        """
  - power: on
  - firmware: {version: 1.1.0, file: image.bin}
  - report: {}
  - expect: {firmware: {fetched: true, crc: CRC}, within: 15s}
  - never: {firmware: {reported: 1.1.0}, during: 300ms}
""".replace("CRC", f"{zlib.crc32(bytes(1000)):08x}"),
    )
    assert done.verdict.outcome == "passed", done.verdict
    assert len(done.told("spoilt")) == 1


def test_a_new_offer_replaces_the_one_before(tmp_path: Path) -> None:
    """Another URL: what there was of the first image is dropped."""
    done = played(
        tmp_path,
        """
  - power: on
  - firmware: {version: 1.1.0, size: 1000}
  - firmware-fault: {kind: wrong-crc, after: 2, times: 3}
  - report: {}
  - expect: {firmware: {requests: 5}, within: 15s}
  - firmware: {version: 1.2.0, size: 700}
  - report: {}
  - expect: {firmware: {reported: 1.2.0, clean: true, requests: 3}, within: 15s}
  - expect: {firmware: {number: 1, fetched: false}}
""",
    )
    assert done.verdict.outcome == "passed", done.verdict


def test_a_verdict_says_what_was_not_fetched(tmp_path: Path) -> None:
    """FOTA-RANGE is blamed, with the bytes that are missing."""
    done = played(
        tmp_path,
        """
  - power: on
  - firmware: {version: 1.1.0, size: 1000}
  - report: {}
  - expect: {firmware: {fetched: true}, within: 2s}
""",
        options=("--faults", "firmware-wrong-offset"),
    )
    assert (done.verdict.outcome, done.verdict.requirements) == ("failed", ("FOTA-RANGE",))
    assert "bytes 0-0 of 1000 not fetched" in done.verdict.seen
