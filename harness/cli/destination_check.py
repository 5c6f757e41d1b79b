"""Would the platform deliver to an HTTPS endpoint? Its configuration, TLS and answers, for real.

The endpoint gets three packs of a device that does not exist, in the forms of output that are in
use, and one with a wrong token, which it should refuse. --tls-only sends nothing.
Exit 0: it would be delivered to (warnings or not). Exit 1: it would not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets as random_secrets
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING
from uuid import uuid4

from harness.cli.addresses import address
from harness.cli.paths import file_path
from harness.cli.secret_options import add_secret_options, secret_of
from harness.clock import wall
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.platform.destination.config import Destination
    from harness.platform.destination.examine import ExamineOptions, Row

EXAMPLE = (
    "hil destination-check https://hook.example/in --secret-env HOOK_SECRET\n"
    "hil destination-check https://hook.example/in --connect 127.0.0.1:8443 --ca test-ca.pem"
)
_MARKS = {"ok": "ok", "info": "info", "warning": "warning", "error": "ERROR", "not checked": "-"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help="as the destination is configured")
    add_secret_options(parser, required=False)
    parser.add_argument("--method", default="POST", help="GET or POST (default)")
    parser.add_argument(
        "--header", action="append", default=[], metavar="'NAME: VALUE'",
        help="a static header of the destination; repeatable",
    )  # fmt: skip
    parser.add_argument("--expected", type=int, metavar="CODE", help="the expected response code")
    parser.add_argument("--plug-uuid", metavar="UUID", help="Things-Plug-UUID (default: a new one)")
    parser.add_argument(
        "--connect", metavar="HOST:PORT",
        help="connect there instead; URL, Host header and certificate name stay",
    )  # fmt: skip
    parser.add_argument(
        "--ca", type=file_path, metavar="FILE",
        help="trust these authorities too (PEM); the platform would not",
    )  # fmt: skip
    parser.add_argument("--tls-only", action="store_true", help="send no packs")
    parser.add_argument(
        "--timeout", type=float, default=10.0, metavar="SECONDS",
        help="for each connection (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(args: argparse.Namespace) -> int:
    from harness.platform.destination.examine import ExamineOptions

    if not 0 < args.timeout <= 3600:
        raise UsageError(f"--timeout {args.timeout:g}: give seconds up to 3600")
    secret = secret_of(args)
    destination = _destination(args, secret)
    options = ExamineOptions(
        now=wall(),
        know_secret=secret is not None,
        tls_only=args.tls_only,
        timeout_s=args.timeout,
    )
    rows = asyncio.run(_rows(destination, options, shown=not args.json))
    count = Counter(row.state for row in rows)
    good = not count["error"]
    if args.json:
        print(json.dumps({"url": args.url, "good": good, "checks": [asdict(row) for row in rows]}))
    else:
        warned = f", {count['warning']} warnings" if count["warning"] else ""
        print(f"{'it would be delivered to' if good else 'it would NOT be delivered to'}{warned}")
    return 0 if good else 1


async def _rows(destination: Destination, options: ExamineOptions, *, shown: bool) -> list[Row]:
    from harness.platform.destination.examine import examine

    rows = []
    async for row in examine(destination, options):
        rows.append(row)
        if shown:
            print(
                f"{_MARKS[row.state]:8} {row.check:21} {row.seen} ({row.requirement})", flush=True
            )
    return rows


def _destination(args: argparse.Namespace, secret: str | None) -> Destination:
    from harness.platform.destination.config import Destination
    from harness.platform.destination.suites import client_context

    anchors = None
    if args.ca is not None:
        try:
            anchors = args.ca.read_bytes()
            client_context(anchors)
        except OSError as error:  # what is no certificate is one of OpenSSL's
            raise UsageError(f"--ca {args.ca}: {error.strerror or error}") from error
        except ValueError as error:
            raise UsageError(f"--ca {args.ca}: no PEM certificates in it") from error
    return Destination(
        name=args.url,
        url=args.url,
        secret=secret or random_secrets.token_urlsafe(32),
        method=args.method,
        headers=tuple(_header(text) for text in args.header),
        expected=args.expected,
        plug_uuid=args.plug_uuid or str(uuid4()),
        connect_to=address(args.connect, "--connect") if args.connect else None,
        anchors=anchors,
    )


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError(f"--header {text!r}: write 'Name: value'")
    return name, value.strip()
