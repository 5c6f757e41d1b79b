"""The line: is the port there, may we open it, does anybody else, does a modem answer?"""

from __future__ import annotations

import getpass
import grp
import os
import stat
from collections.abc import Iterator

from harness.rig.discover.holders import (
    MODEM_MANAGER_ADVICE,
    holders_of,
    locked_by,
    modem_manager_runs,
)
from harness.rig.discover.ports import serial_ports, stable_names
from harness.rig.discover.probe import BAUDS, Probe, probe
from harness.rig.discover.sound import Sound
from harness.rig.doctor.findings import Finding, Sheet, ok, unfit, warning
from harness.rig.models import ModemModel

_WRONG_PORT = "name the module's AT port; hil discover finds it"
_TELLING = {
    Sound.NMEA: _WRONG_PORT,
    Sound.DIAG: _WRONG_PORT,
    Sound.PPP: "end the call, or check the wiring",
    Sound.ECHO: "end the call, or check the wiring",
}
"""What is no answer to AT and yet says what is there, and what to do about it."""


def check_line(sheet: Sheet, path: str, model: ModemModel, answer_s: float) -> bool:
    """The rows up to ``echo``; whether there is a modem to ask further.

    Raises the line's errors, for a port that vanishes meanwhile.
    """
    if "://" in path:
        sheet.add(ok("port", f"{path}, reached over the network"))
        sheet.add(ok("rights", "not a file of this machine"))
        sheet.add(ok("in use", "only its server knows"))
    else:
        for name, check in (
            ("port", check_port), ("rights", check_rights), ("in use", check_holder),
        ):  # fmt: skip
            sheet.begin(name)
            if not sheet.add(check(path)):
                return False
    sheet.begin("baud")
    return all(sheet.add(finding) for finding in check_answer(path, model, answer_s))


def check_port(path: str) -> Finding:
    """There, a terminal device, and named so that it stays the same one."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        here = ", ".join(port.path for port in serial_ports()) or "none"
        return unfit(
            "port", f"{path}: {error.strerror}",
            f"check cable and power, or correct `port:`; this machine has: {here}",
        )  # fmt: skip
    if not stat.S_ISCHR(mode):
        return unfit("port", f"{path} is no serial device", "correct `port:` in the rig file")
    device = os.path.realpath(path)
    seen = path if device == path else f"{path}, now {device}"
    stable = stable_names().get(device)
    if stable is not None and path == device:
        return warning("port", seen, f"the number may change: write port: {stable}")
    return ok("port", seen)


def check_rights(path: str) -> Finding:
    """May this user read and write it?"""
    if os.access(path, os.R_OK | os.W_OK):
        return ok("rights", "may be read and written")
    user, status = getpass.getuser(), os.stat(path)
    try:
        group = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        group = str(status.st_gid)
    return unfit(
        "rights",
        f"{user} may not use it (mode {stat.S_IMODE(status.st_mode):04o}, group {group})",
        f"sudo usermod -aG {group} {user}, then log in again (the group is often dialout)",
    )


def check_holder(path: str) -> Finding:
    """Does another program have it, or is one about to take it?"""
    holder = next(iter(holders_of(path)), None) or locked_by(path)
    if holder is not None:
        return unfit("in use", f"held by {holder}", "close that program")
    if modem_manager_runs() and os.path.basename(os.path.realpath(path)).startswith("tty"):
        return warning("in use", "by nobody now, but ModemManager runs", MODEM_MANAGER_ADVICE)
    return ok("in use", "by nobody else")


def check_answer(path: str, model: ModemModel, answer_s: float) -> Iterator[Finding]:
    """Does a modem answer at the rate of the rig file, or at which? Does it echo?"""
    found = probe(path, bauds=[model.baud], wait_s=answer_s, tries=5, rtscts=model.rtscts)
    if found.sound is not Sound.AT:
        yield _silence(path, model, found, answer_s)
        return
    if found.numeric:
        yield unfit("baud", "answers with numbers (ATV0)", "send it ATV1, and AT&W to keep that")
        return
    yield ok("baud", found.says)
    yield ok("echo", "on; the driver switches it off" if found.echo else "off")


def _silence(path: str, model: ModemModel, found: Probe, answer_s: float) -> Finding:
    heard = found
    if found.sound not in _TELLING:
        others = [baud for baud in BAUDS if baud != model.baud]
        heard = probe(path, bauds=others, wait_s=answer_s, rtscts=model.rtscts)
    if heard.sound is Sound.AT:
        return unfit(
            "baud", f"{heard.says}, not at the {model.baud} of the rig file",
            f"write baud: {heard.baud}, or set the modem with AT+IPR={model.baud} and AT&W",
        )  # fmt: skip
    if heard.sound in _TELLING:
        return unfit("baud", heard.says, _TELLING[heard.sound])
    flow = "; is rtscts right?" if model.rtscts else ""
    return unfit(
        "baud", f"at {model.baud} baud: {found.says}; nor AT at any other usual rate",
        f"check power, TX/RX and that it is the AT port{flow}; hil discover tells ports apart",
    )  # fmt: skip
