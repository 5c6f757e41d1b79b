"""Make a run's report again from its timelines alone.

`--share` masks IMEI, ICCID, IMSI and phone numbers, and writes another page beside the first.
"""

from __future__ import annotations

import argparse
import json
import webbrowser
from pathlib import Path

EXAMPLE = "hil report latest --share"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run's folder, its id, or `latest`")
    parser.add_argument(
        "--reports", metavar="DIR", default="reports", help="where runs are (default: reports)"
    )
    parser.add_argument(
        "--share", action="store_true", help="mask identities; writes report-shared.html"
    )
    parser.add_argument("--open", action="store_true", help="show the page in a browser")
    parser.add_argument("--json", action="store_true", help="machine-readable output")


def run(args: argparse.Namespace) -> int:
    from harness.report.replay import find_run, remake

    page, report = remake(find_run(args.run, Path(args.reports)), share=args.share)
    if args.json:
        print(json.dumps({"page": str(page), "run": report.id, "counts": report.counts}))
    else:
        for remark in report.remarks:
            print(f"remark: {remark}")
        print(_short(page))
    if args.open:
        webbrowser.open(page.as_uri())
    return 0


def _short(page: Path) -> str:
    try:
        return str(page.relative_to(Path.cwd()))
    except ValueError:
        return str(page)
