"""Find the modems on this machine, and print a rig file of them or add them to one.

Only ports that look like a modem's are asked (--all: every port), or those that are named; a port
in use is left alone. What was looked at goes to standard error, the rig file to standard output.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.paths import file_path
from harness.cli.printable import printable
from harness.cli.signals import deadly_signals

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from harness.rig.discover import Discovery
    from harness.rig.discover.merge import Merge

EXAMPLE = "hil discover > rigs/bench.yaml   (or: hil discover --rig rigs/bench.yaml /dev/ttyUSB2)"

NOTHING_FOUND = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ports", nargs="*", metavar="PORT", help="ask these, whatever they are")
    parser.add_argument(
        "--all", action="store_true", help="ask every serial port, also those of mere adapters"
    )
    parser.add_argument(
        "--rig", type=file_path, metavar="FILE",
        help="add what is new to this rig file; what stands there is never changed",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(arguments: argparse.Namespace) -> int:
    with deadly_signals():
        from harness.rig.discover import discover
        from harness.rig.discover.merge import merge_into, new_file, write_whole

    target: Path | None = arguments.rig
    if target is not None:
        merge_into(target, ())  # a wrong file is said before anything is asked
    found = discover(arguments.ports, every=arguments.all)
    if target is None:
        folder = Path("rigs") if Path("rigs").is_dir() else Path()
        merge = new_file(found.modems, folder / "bench.yaml")
    else:
        merge = merge_into(target, found.modems)
        if merge.added:
            write_whole(target, merge.text)
    if arguments.json:
        print(json.dumps(_as_json(found, merge, target)))
    else:
        _show(found, merge, target)
    return 0 if found.modems else NOTHING_FOUND


def _as_json(found: Discovery, merge: Merge, target: Path | None) -> dict[str, Any]:
    return {
        "ports": [
            {**dataclasses.asdict(report.port), "kind": report.kind, "says": report.says}
            for report in found.ports
        ],
        "modems": [
            {**dataclasses.asdict(modem), "port": modem.port.path} for modem in found.modems
        ],
        "remarks": [*found.remarks, *merge.remarks],
        "added": [entry.name for entry in merge.added],
        "rig": {"file": str(target) if target else None, "text": merge.text},
    }


def _show(found: Discovery, merge: Merge, target: Path | None) -> None:
    from rich.console import Console

    console = Console(stderr=True, highlight=False, soft_wrap=False)
    _show_ports(console, found)
    _show_modems(console, found)
    for remark in (*found.remarks, *merge.remarks):
        console.print(f"! {remark}", style="yellow", markup=False)
    if target is not None:
        names = ", ".join(entry.name for entry in merge.added)
        what = f"added to {target}: {names}" if names else f"nothing new for {target}"
        console.print(what, style="bold", markup=False)
    for entry in merge.added:
        console.print(
            f"{entry.name}: put its secret into the environment variable {entry.secret_variable}, "
            "and write its sim: type",
            markup=False,
        )
    if target is None and merge.text:
        console.print()
        print(merge.text, end="", flush=True)


def _show_ports(console: Console, found: Discovery) -> None:
    from rich.table import Table

    if not found.ports:
        console.print("there are no serial ports on this machine; name one to ask it")
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(overflow="fold", ratio=1)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for report in found.ports:
        table.add_row(_plain(report.port.path), report.kind, _plain(report.says))
    console.print(table)


def _show_modems(console: Console, found: Discovery) -> None:
    if not found.modems:
        console.print("no modem found", style="bold")
    for modem in found.modems:
        console.print()
        title = " ".join(filter(None, (modem.manufacturer, modem.model, modem.revision)))
        console.print(_plain(title), style="bold green")
        facts = {
            "family": modem.family,
            "IMEI": modem.imei,
            "ICCID": modem.iccid or "not read",
            "port": f"{modem.port.path} at {modem.baud} baud",
            "also on": ", ".join(modem.other_ports),
        }
        for name, value in facts.items():
            if value:
                console.print(f"  {name:<7} {value}", markup=False, soft_wrap=True)
        for remark in modem.remarks:
            console.print(f"  ! {remark}", style="yellow", markup=False)


def _plain(text: str) -> Text:
    """What ports and modems say, with nothing in it that a terminal or rich would act on."""
    from rich.text import Text

    return Text(printable(text))
