"""Adding found modems to a rig file that a person wrote."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import FileError, HilError, UsageError
from harness.rig.discover import FoundModem, SerialPort
from harness.rig.discover.merge import add_devices, merge_into, new_file, write_whole
from harness.rig.discover.rig_file import entry_of
from harness.rig.registration import leave_secret
from harness.rig.rig import load_rig
from harness.urn import luhn_digit

MINE = """\
# my bench, please keep
rig: bench   # the name
network: {kind: lab, bind: "10.151.236.157:80"}
devices:

  tracker-1:   # left of the window
    imei: "356726104408422"
    secret: {env: TRACKER}   # in the vault
    iccid: "8931041010654378930"
    modem: {port: /dev/ttyUSB2}
    # its antenna is broken

  # tracker-2 is at the dentist's
# the end
title: Mine
"""


def modem(
    imei: str = "356726104408505", iccid: str = "8931041010654370194", port: str = "/dev/ttyUSB7"
) -> FoundModem:
    return FoundModem(
        SerialPort(port, port), 9600, "quectel-bg", "Quectel", "BG95-M3", "R1", imei, iccid
    )


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "bench.yaml"
    path.write_text(MINE, encoding="utf-8")
    return path


def test_a_new_modem_comes_last_and_nothing_else_changes(mine: Path) -> None:
    """Its lines stand below the devices and their comments, before what follows."""
    merge = merge_into(mine, [modem()])
    assert merge.remarks == ()
    (entry,) = merge.added
    lines = "\n".join(entry.block(2)) + "\n"
    assert merge.text == MINE.replace("# the end\n", lines + "# the end\n")
    mine.write_text(merge.text, encoding="utf-8")
    rig = load_rig(mine, leave_secret)
    assert [device.name for device in rig.devices] == ["tracker-1", "bg95-m3-8505"]
    assert rig.devices[1].modem.baud == 9600
    assert rig.title == "Mine"


def test_it_is_added_once(mine: Path) -> None:
    """Discovering again changes nothing."""
    write_whole(mine, merge_into(mine, [modem()]).text)
    again = merge_into(mine, [modem()])
    assert (again.added, again.text) == ((), mine.read_text(encoding="utf-8"))


def test_a_known_modem_elsewhere_is_a_remark(mine: Path) -> None:
    """A port or SIM that differs is told, never changed."""
    merge = merge_into(mine, [modem("356726104408422", "8931041010654370277", "/dev/ttyUSB9")])
    assert merge.text == MINE
    assert merge.added == ()
    assert merge.remarks == (
        "tracker-1 is on /dev/ttyUSB9 now; the file says /dev/ttyUSB2",
        "tracker-1 has the SIM 8931041010654370277 in it; the file says 8931041010654378930",
    )


def test_a_sim_that_moved_into_a_new_modem(mine: Path) -> None:
    """The file would be wrong with the same SIM twice, so the new device goes without."""
    merge = merge_into(mine, [modem(iccid="8931041010654378930")])
    mine.write_text(merge.text, encoding="utf-8")
    assert load_rig(mine, leave_secret).devices[1].registration.iccid is None
    assert "is the SIM of another device" in merge.text


def test_a_modem_without_a_good_imei_is_left_out(mine: Path) -> None:
    """A rig file cannot hold it; the remark says why."""
    merge = merge_into(mine, [modem(imei="356726104408506")])
    assert merge.text == MINE
    assert "last digit should be 5" in merge.remarks[0]


@pytest.mark.parametrize(
    "text",
    [
        "rig: a\ndevices: {t: {imei: '356726104408422'}}\n",
        "rig: a\ndevices: {t: {imei: '356726104408422'},}  # end\nnetwork: {}\n",
        "rig: a\ndevices: {\n  t: {imei: '356726104408422'}, # one\n}",
        "rig: a\r\ndevices:\r\n    t:\r\n      imei: '356726104408422'\r\n",
        "rig: a\ndevices:\n  t: {imei: '356726104408422'}",
        "rig: a\ndevices:\n  t: {imei: '356726104408422'}   # no newline",
        "{rig: a, devices: {t: {imei: '356726104408422'}}}",
        "---\nrig: a\ndevices:\n t:\n  imei: '356726104408422'\n...\n",
    ],
)
def test_other_ways_of_writing(text: str, tmp_path: Path) -> None:
    """Flow style, CRLF, no newline at the end, markers: all are added to, none is rewritten."""
    path = tmp_path / "rig.yaml"
    path.write_bytes(text.encode())
    merge = merge_into(path, [modem()])
    assert is_subsequence(text, merge.text)
    write_whole(path, merge.text)
    assert len(load_rig(path, leave_secret).devices) == 2
    assert ("\r\n" in text) == (b"\r\n" in path.read_bytes())
    if "\r\n" in text:
        assert merge.text.count("\n") == merge.text.count("\r\n")


def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path) -> None:
    """Nothing is added to a file that is not a rig."""
    path = tmp_path / "rig.yaml"
    path.write_text("rig: a\ndevices: {}\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"rig\.yaml:2:10"):
        merge_into(path, [modem()])


def test_writing_is_all_or_nothing(mine: Path, tmp_path: Path) -> None:
    """Mode and symbolic link stay; a folder that cannot be written to leaves the file as it is."""
    mine.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(mine.name)
    write_whole(link, "new")
    assert (link.is_symlink(), mine.read_text(), mine.stat().st_mode & 0o777) == (
        True, "new", 0o640,
    )  # fmt: skip
    assert sorted(os.listdir(tmp_path)) == ["bench.yaml", "link.yaml"]
    with pytest.raises(UsageError, match="cannot write"):
        write_whole(tmp_path / "no" / "rig.yaml", "new")


def is_subsequence(part: str, whole: str) -> bool:
    """One insertion turns ``part`` into ``whole``."""
    return any(
        whole.startswith(part[:cut]) and whole.endswith(part[cut:]) for cut in range(len(part) + 1)
    )


def imei(number: int) -> str:
    stem = f"35672610{number:06d}"
    return stem + str(luhn_digit(stem))


comments = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).map(
    lambda text: "# " + "".join(c for c in text if c not in "\u2028\u2029\x85\ufeff")
)
gaps = st.lists(st.one_of(st.just(""), comments, comments.map("    ".__add__)), max_size=3)


@st.composite
def rig_texts(draw: st.DrawFn) -> str:
    """Small rig files with comments and blank lines anywhere, in several layouts."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    step = " " * draw(st.integers(1, 5))
    lines = [*draw(gaps), "rig: a", *draw(gaps), "devices:" + draw(st.sampled_from(["", " # x"]))]
    for number in range(draw(st.integers(1, 3))):
        lines += draw(gaps)
        value = f"'{imei(number)}'"
        if draw(st.booleans()):
            lines.append(
                f"{step}d{number}: {{imei: {value}}}{draw(st.sampled_from(['', '  # y']))}"
            )
        else:
            lines += [f"{step}d{number}:", *draw(gaps), f"{step}{step}imei: {value}"]
    lines += draw(gaps)
    if draw(st.booleans()):
        lines += ["title: |" + draw(st.sampled_from(["", "+", "-"])), "  words # no comment", ""]
    return newline.join(lines) + draw(st.sampled_from(["", newline, newline * 3]))


@given(rig_texts())
def test_no_byte_of_a_file_is_lost(text: str) -> None:
    """Whatever the layout: one insertion, and the file says what it said and the new device."""
    entry = entry_of(modem(imei(77)), ())
    made = add_devices(text, [entry])
    assert is_subsequence(text, made)
    assert made.count(entry.name) == 1


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_whatever_a_modem_says_of_itself_the_file_is_good(
    tmp_path_factory: pytest.TempPathFactory, maker: str, model: str, port: str
) -> None:
    """Names and ports of any kind end up in a file that loads, and in no other place of it."""
    path = tmp_path_factory.mktemp("rig") / "bench.yaml"
    found = replace(modem(), manufacturer=maker, model=model, revision=maker, port=SerialPort(
        f"/dev/{port}", "/dev/x"))  # fmt: skip
    write_whole(path, new_file([found], path).text)
    (device,) = load_rig(path, leave_secret).devices
    assert device.modem.port == f"/dev/{port}"


def test_one_number_twice_is_one_device_less(tmp_path: Path) -> None:
    """Two modules with the same IMEI cannot both stand in a rig; the second is a remark."""
    merge = new_file([modem(), replace(modem(), model="Other")], tmp_path / "bench.yaml")
    assert len(merge.added) == 1
    assert "another one has its IMEI" in merge.remarks[0]


@given(st.text(max_size=60))
def test_any_text_is_kept_or_refused(text: str) -> None:
    """Text of any kind after a good file is kept whole, or the file is refused; never damaged."""
    whole = f"rig: a\ndevices:\n  t: {{imei: '{imei(1)}'}}\n{text}"
    try:
        made = add_devices(whole, [entry_of(modem(imei(77)), ())])
    except HilError:
        return
    assert is_subsequence(whole, made)
