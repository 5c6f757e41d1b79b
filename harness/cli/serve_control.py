"""The control address of ``hil serve``: where it listens, and who may talk to it."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from harness.cli.addresses import address, joined
from harness.cli.secret_options import secret_from_env, secret_from_file
from harness.errors import UsageError
from harness.evidence import Redactor, Timeline
from harness.network.sockets import HostSockets
from harness.platform.control.access import OWN_MACHINE, Access
from harness.platform.facade import Platform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--control", metavar="HOST:PORT", help="the control API; /docs explains it")
    token = parser.add_mutually_exclusive_group()
    token.add_argument(
        "--control-token-env", metavar="NAME",
        help="environment variable with the token that the control address asks for",
    )  # fmt: skip
    token.add_argument(
        "--control-token-file", type=Path, metavar="FILE", help="file with that token"
    )
    parser.add_argument(
        "--control-name", action="append", default=[], metavar="NAME",
        help="a host name under which the control address is reached, beside localhost",
    )  # fmt: skip


def read_access(arguments: argparse.Namespace, redactor: Redactor) -> Access:
    """Who may talk to the control address; its token is on the redaction list from here on.

    Raises :class:`~harness.errors.UsageError`, also for an address beyond loopback without token.
    """
    token, names = _token(arguments), [name.lower() for name in arguments.control_name]
    if arguments.control is None:
        if token is not None or names:
            raise UsageError(
                "--control-token-env, --control-token-file and --control-name belong to a control "
                "address; add --control HOST:PORT"
            )
        return OWN_MACHINE
    host = address(arguments.control, "--control")[0]
    access = Access(token, frozenset([host.lower(), *names]))
    if access.token is not None:
        redactor.add("control token", access.token)
        redactor.add("control cookie", access.cookie())
    access.demand_token(host)
    return access


def _token(arguments: argparse.Namespace) -> str | None:
    if arguments.control_token_env is not None:
        return secret_from_env(arguments.control_token_env)
    if arguments.control_token_file is not None:
        return secret_from_file(arguments.control_token_file)
    return None


def open_control(
    platform: Platform,
    timeline: Timeline,
    access: Access,
    arguments: argparse.Namespace,
    closing: contextlib.ExitStack,
) -> dict[str, str]:
    """Listen as asked until ``closing`` ends; the bound address under ``control``, if any."""
    if arguments.control is None:
        return {}
    from harness.platform.control.feed import Feed
    from harness.platform.control.server import ControlServer

    feed = Feed(timeline)
    server = ControlServer(platform, feed, timeline.redactor, access)
    closing.callback(server.stop)
    wanted = address(arguments.control, "--control")
    return {"control": joined(server.start(HostSockets(), *wanted))}
