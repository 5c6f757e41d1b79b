"""The file server's side of ``hil serve``: what offered URLs begin with, and how it answers."""

from __future__ import annotations

import argparse
from dataclasses import replace

from harness.platform.fota.settings import FotaSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--firmware-url", metavar="URL", default=FotaSettings().base_url,
        help="what URLs of offered firmware begin with; it is served on the port of --http "
        "(default %(default)s, which devices on the private APN reach)",
    )  # fmt: skip
    parser.add_argument(
        "--firmware-status", choices=("206", "200"), default="206",
        help="answer parts with 206 Partial Content, or with 200 and no reason phrase",
    )  # fmt: skip


def read_settings(arguments: argparse.Namespace) -> FotaSettings:
    """Raises :class:`~harness.errors.UsageError`."""
    return replace(
        FotaSettings(),
        base_url=arguments.firmware_url.rstrip("/"),
        status_form=arguments.firmware_status,
    )
