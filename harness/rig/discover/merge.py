"""Add devices to a rig file that a person wrote: inserted text, and not one byte changed."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.errors import FileError, UsageError
from harness.files.strict_yaml import Document, parse_document
from harness.rig.discover.modems import FoundModem
from harness.rig.discover.rig_file import Entry, entry_of, new_rig, rig_name, unusable
from harness.rig.registration import leave_secret
from harness.rig.rig import Device, load_rig


@dataclass(frozen=True, slots=True)
class Merge:
    """The file's new text, what was added to it, and what a person should look at."""

    text: str
    added: tuple[Entry, ...]
    remarks: tuple[str, ...]


def merge_into(path: Path, modems: Sequence[FoundModem]) -> Merge:
    """What the rig file becomes with these modems; nothing is written.

    A modem that the file knows by its IMEI is never touched: a new port or SIM is a remark.
    Raises :class:`FileError` for a file that is wrong, or that cannot be added to safely.
    """
    if not path.exists():
        return new_file(modems, path)
    devices = load_rig(path, leave_secret).devices
    known = {device.registration.imei: device for device in devices}
    remarks = [
        remark for modem in modems if modem.imei in known
        for remark in _differences(modem, known[modem.imei], devices)
    ]  # fmt: skip
    new = [modem for modem in modems if modem.imei not in known]
    iccids = [device.registration.iccid or "" for device in devices]
    entries, more = _entries(new, [device.name for device in devices], iccids)
    with path.open(encoding="utf-8", newline="") as file:
        text = file.read()
    return Merge(add_devices(text, entries, str(path)), tuple(entries), (*remarks, *more))


def new_file(modems: Sequence[FoundModem], path: Path) -> Merge:
    """A rig file of its own for these modems, to be kept at ``path``; no text without any."""
    entries, remarks = _entries(modems, (), ())
    text = new_rig(entries, folder=path.parent, name=rig_name(path)) if entries else ""
    return Merge(text, tuple(entries), tuple(remarks))


def _entries(
    modems: Sequence[FoundModem], names: Sequence[str], iccids: Sequence[str]
) -> tuple[list[Entry], list[str]]:
    entries: list[Entry] = []
    remarks: list[str] = []
    taken, used = list(names), list(iccids)
    imeis: set[str] = set()
    for modem in modems:
        problem = unusable(modem)
        if problem is None and modem.imei in imeis:
            problem = f"another one has its IMEI {modem.imei}"
        if problem is not None:
            remarks.append(f"the modem on {modem.port.path} is left out: {problem}")
            continue
        entries.append(entry_of(modem, taken, used))
        taken.append(entries[-1].name)
        used.append(modem.iccid)
        imeis.add(modem.imei)
    return entries, remarks


def _differences(modem: FoundModem, device: Device, devices: Sequence[Device]) -> list[str]:
    found, port, wanted = [], device.modem.port, device.registration.iccid
    if port is None:
        found.append(f"{device.name} is virtual in the file, yet its modem is on {modem.port.path}")
    elif os.path.realpath(port) not in map(os.path.realpath, (modem.port.path, *modem.other_ports)):
        found.append(f"{device.name} is on {modem.port.path} now; the file says {port}")
    if modem.iccid and wanted is not None and modem.iccid != wanted:
        owner = next((d.name for d in devices if d.registration.iccid == modem.iccid), None)
        whose = f" (the SIM of {owner})" if owner else ""
        found.append(
            f"{device.name} has the SIM {modem.iccid}{whose} in it; the file says {wanted}"
        )
    if device.modem.family != modem.family != "3gpp":
        found.append(f"{device.name} is a {modem.family}; the file says {device.modem.family}")
    return found


def add_devices(text: str, entries: Sequence[Entry], file: str = "rig") -> str:
    """``text`` with devices inserted after its last one.

    What was there stays, byte for byte and in its order. Raises :class:`FileError` where the
    text is written in a way in which that cannot be done for certain; the message has the lines.
    """
    if not entries:
        return text
    document = parse_document(text, file)
    at, inserted = _insertion(text, document, entries)
    made = text[:at] + inserted + text[at:]
    try:
        result = parse_document(made, file).data
    except FileError:
        result = None
    if not _is_sum(document.data, result, entries):
        raise FileError(
            document.locate(("devices",)),
            "cannot add to this file without a risk to what it says; add this yourself:\n"
            + "\n".join(line for entry in entries for line in entry.block(2)),
        )
    return made


def _insertion(text: str, document: Document, entries: Sequence[Entry]) -> tuple[int, str]:
    mapping = _devices_node(document)
    if mapping.flow_style:
        last = mapping.value[-1][1]
        return last.end_mark.index, "".join(f", {entry.flow}" for entry in entries)
    newline = "\r\n" if "\r\n" in text else "\n"
    column = mapping.value[0][0].start_mark.column
    body = mapping.value[0][1]
    step = 2
    if isinstance(body, yaml.MappingNode) and not body.flow_style and body.value:
        step = max(1, body.value[0][0].start_mark.column - column)
    lines = text.splitlines(keepends=True)
    last_line = _with_comments(lines, document.lines_of(("devices",))[1], column)
    at = sum(map(len, lines[:last_line]))
    new = newline.join(line for entry in entries for line in entry.block(column, step)) + newline
    gap = newline if at and not text[:at].endswith(("\n", "\r")) else ""
    return at, gap + new


def _devices_node(document: Document) -> yaml.MappingNode:
    root = document.root
    if isinstance(root, yaml.MappingNode):
        for key, value in root.value:
            if key.value == "devices" and isinstance(value, yaml.MappingNode) and value.value:
                return value
    raise FileError(document.locate(("devices",)), "there are no `devices:` to add to")


def _with_comments(lines: Sequence[str], last_line: int, column: int) -> int:
    """The last line of the devices, with the comments below them that are indented as they are."""
    end = last_line
    for number, line in enumerate(lines[last_line:], last_line + 1):
        stripped = line.strip()
        if stripped.startswith("#") and len(line) - len(line.lstrip(" ")) >= column:
            end = number
        elif stripped:
            break
    return end


def _is_sum(before: Any, after: Any, entries: Sequence[Entry]) -> bool:
    """Whether nothing but the new devices differs, and those come last."""
    if not isinstance(after, dict) or list(before) != list(after):
        return False
    names = [entry.name for entry in entries]
    if any(before[key] != after[key] for key in before if key != "devices"):
        return False
    old, new = before["devices"], after["devices"]
    return (
        isinstance(new, dict)
        and list(new) == [*old, *names]
        and all(old[name] == new[name] for name in old)
        and all(isinstance(new[name], dict) and new[name].get("imei") for name in names)
    )


def write_whole(path: Path, text: str) -> None:
    """Write all or nothing, through a link to the file it points to; its mode stays.

    Raises :class:`UsageError`.
    """
    target = Path(os.path.realpath(path))
    new = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
    try:
        with new.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            new.chmod(target.stat().st_mode & 0o7777)
        os.replace(new, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
