"""Check a rig before anything runs: ports, modems, SIMs, network, disk, the platform's address.

Each row says what was seen and what to do. Virtual devices are started and checked as well.
Exit 0: fit (warnings or not). Exit 3: something is unfit.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.paths import file_path
from harness.cli.printable import printable
from harness.cli.signals import deadly_signals
from harness.errors import RigError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from harness.rig.doctor import Finding, RigHealth
    from harness.rig.rig import Rig

EXAMPLE = "hil doctor --rig rigs/bench.yaml --device tracker-1"
_PATIENCE_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rig", type=file_path, required=True, metavar="FILE", help="the rig to check"
    )
    parser.add_argument("--device", metavar="NAME", help="only this device of the rig")
    parser.add_argument(
        "--patience", type=_seconds, default=_PATIENCE_S, metavar="SECONDS",
        help="how long a modem may take to register and connect (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--reports", type=Path, default=Path("reports"), metavar="DIR",
        help="where runs will write, for the check of free space (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds up to 3600")
    return seconds


def run(arguments: argparse.Namespace) -> int:
    with deadly_signals():
        from harness.rig.doctor import DoctorSettings, examine
        from harness.rig.session import RigSession

    rig, secrets = _load(arguments.rig)
    names = [device.name for device in rig.devices]
    if arguments.device not in (None, *names):
        raise UsageError(
            f"the rig {rig.name} has no device {arguments.device!r}; it has {', '.join(names)}"
        )
    devices = [device for device in rig.devices if arguments.device in (None, device.name)]
    settings = DoctorSettings(
        reports=arguments.reports,
        registration_s=arguments.patience,
        connect_s=arguments.patience,
    )
    with tempfile.TemporaryDirectory(prefix="hil-doctor-") as folder:
        session = RigSession(rig, Path(folder))
        try:
            health = examine(session, settings, devices)
        finally:
            session.close()
    health = dataclasses.replace(health, bench=(*health.bench, *secrets))
    if arguments.json:
        print(json.dumps(_as_json(health)))
    else:
        _show(health)
    return 0 if health.fit else RigError.exit_code


def _load(path: Path) -> tuple[Rig, list[Finding]]:
    """The rig, also without its secrets: what is missing of them is a row."""
    from harness.rig.doctor.findings import unfit
    from harness.rig.registration import SecretSource
    from harness.rig.rig import load_rig

    missing: list[Finding] = []

    def read(source: SecretSource, folder: Path) -> str | None:
        try:
            return source.read(folder)
        except UsageError as error:
            finding = unfit("secrets", str(error), "set it where runs are started")
            if finding not in missing:
                missing.append(finding)
            return None

    return load_rig(path, read), missing


def _as_json(health: RigHealth) -> dict[str, Any]:
    return {
        "rig": health.rig,
        "fit": health.fit,
        "bench": [dataclasses.asdict(finding) for finding in health.bench],
        "devices": [
            {
                "name": device.name,
                "port": device.port,
                "fit": device.fit,
                "findings": [dataclasses.asdict(finding) for finding in device.findings],
            }
            for device in health.devices
        ],
    }


def _show(health: RigHealth) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    _table(console, f"rig {health.rig}", health.bench)
    for device in health.devices:
        _table(console, f"{device.name} on {device.port}", device.findings)
    fit = sum(device.fit for device in health.devices)
    words = f"{fit} of {len(health.devices)} devices fit"
    words = f"fit: {words}" if health.fit else f"not fit: {words}"
    if not health.bench_fit:
        words += ", and the rig itself is not"
    console.print(words, style="bold green" if health.fit else "bold red", markup=False)


_WIDEST = len("registration")
_STYLES = {"ok": "green", "warning": "yellow", "unfit": "bold red", "not checked": "dim"}


def _table(console: Console, title: str, findings: tuple[Finding, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, min_width=_WIDEST)
    table.add_column(no_wrap=True, min_width=len("not checked"))
    table.add_column(overflow="fold")
    for finding in _folded(findings):
        style = _STYLES[finding.state]
        seen = Text(printable(finding.seen), style="" if finding.state == "ok" else style)
        table.add_row(finding.check, Text(finding.state, style=style), seen)
        if finding.advice:
            table.add_row("", "", Text(f"→ {printable(finding.advice)}"))
    console.print(Text(printable(title), style="bold"))
    console.print(table)
    console.print()


def _folded(findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """Rows that were not reached for one reason are one row."""
    for (state, seen), group in itertools.groupby(findings, lambda f: (f.state, f.seen)):
        rows = list(group)
        if state == "not checked" and len(rows) > 1:
            names = ", ".join(row.check for row in rows)
            yield dataclasses.replace(rows[0], check="…", seen=f"{names}: {seen}")
        else:
            yield from rows
