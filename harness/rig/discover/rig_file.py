"""Modems that were found, as the text of a rig file."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.rig.discover.modems import FoundModem
from harness.urn import iccid_problem, imei_problem

SCHEMA = Path(__file__).parents[2] / "schemas" / "rig.schema.json"
_PLAIN = re.compile(r"[A-Za-z0-9/._-]+")
_SIM_NOTE = (
    "# sim: which one is it? regular or comarch (APN kpnthings.iot), or plus, early-access or",
    "# jasper (APN kpnthings2.m2m). Without this line it is taken for regular.",
)
_MSISDN_NOTE = '# msisdn: "+31…"  the number that SMS from the platform go to, with plus SIMs'


@dataclass(frozen=True, slots=True)
class Entry:
    """A device of a rig file to be: its name and the lines below it.

    ``flow`` is the same on one line, for a file that writes its devices so.
    """

    name: str
    lines: tuple[str, ...]
    flow: str
    secret_variable: str

    def block(self, column: int, step: int = 2) -> list[str]:
        """Its lines, with the name at this column (from 0)."""
        inner = " " * (column + step)
        return [f"{' ' * column}{self.name}:", *(inner + line for line in self.lines)]


def entry_of(modem: FoundModem, taken: Collection[str], iccids: Collection[str] = ()) -> Entry:
    """The device that a found modem makes; ``taken`` names and ``iccids`` are used already.

    The SIM type and the secret are not known to a modem, so the file asks a person for them.
    """
    name = _name(modem, taken)
    variable = f"{name.upper().replace('-', '_')}_SECRET"
    if variable[0].isdigit():  # no shell could set it (POSIX, 3.216 Name)
        variable = f"DEVICE_{variable}"
    values = [f'imei: "{modem.imei}"', f"secret: {{env: {variable}}}"]
    lines = [f"# {comment(f'{modem.manufacturer} {modem.model} {modem.revision}')}", *values]
    problem = iccid_problem(modem.iccid) if modem.iccid else "it could not be read"
    if problem is None and modem.iccid in iccids:
        problem = f"{modem.iccid} is the SIM of another device in this file"
    if problem is None:
        values.append(f'iccid: "{modem.iccid}"')
        lines.append(values[-1])
    else:
        lines.append(f"# iccid: {comment(problem)}")
    port = f"family: {modem.family}, port: {_scalar(modem.port.path)}, baud: {modem.baud}"
    values.append(f"modem: {{{port}}}")
    lines += [*_SIM_NOTE, _MSISDN_NOTE, values[-1]]
    lines += [f"# also an AT port of it: {comment(other)}" for other in modem.other_ports]
    return Entry(name, tuple(lines), f"{name}: {{{', '.join(values)}}}", variable)


def unusable(modem: FoundModem) -> str | None:
    """Why a modem cannot stand in a rig file, None when it can."""
    problem = imei_problem(modem.imei)
    return None if problem is None else f"its IMEI {modem.imei} is none: {problem}"


def new_rig(entries: Iterable[Entry], *, folder: Path, name: str = "bench") -> str:
    """A whole rig file, to be kept in ``folder``."""
    lines = [
        f"# yaml-language-server: $schema={_schema_from(folder)}",
        "# Found by `hil discover`. Before the first run: put the secrets into the environment,",
        "# say which SIMs these are, give this machine the platform's address, for example with",
        "#   ip addr add 10.151.236.157/32 dev eth1",
        "# and try it: hil doctor --rig THIS-FILE",
        f"rig: {name}",
        "title: What hil discover found",
        'network: {kind: lab, bind: "10.151.236.157:80"}',
        "devices:",
    ]
    for entry in entries:
        lines += entry.block(2)
    return "\n".join(lines) + "\n"


def rig_name(path: Path) -> str:
    """A rig's name made of its file's."""
    name = _word(path.stem)[:41].strip("-")
    return name or "bench"


def _schema_from(folder: Path) -> str:
    """Relative within one project, else absolute."""
    relative = os.path.relpath(SCHEMA, folder.resolve())
    return relative if relative.count("..") <= 2 else SCHEMA.as_uri()


def _word(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _name(modem: FoundModem, taken: Collection[str]) -> str:
    """Model and the IMEI's last digits: the same modem gets the same name anywhere."""
    stem = f"{_word(modem.model)[:30].strip('-') or 'modem'}-{modem.imei[-4:]}"
    number, name = 1, stem
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def _scalar(text: str) -> str:
    """Plain where that is safe, else double-quoted (YAML 1.1 §5.6 for the escapes)."""
    if _PLAIN.fullmatch(text):
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted) + '"'


def comment(text: str) -> str:
    """Text from a modem, made fit for one line of a comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:120]
