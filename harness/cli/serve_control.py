"""The control address of ``hil serve``: where it listens, and who may talk to it."""

from __future__ import annotations

import argparse
import contextlib
import logging
from traceback import format_exception

from harness.cli.addresses import address, joined
from harness.cli.paths import file_path
from harness.cli.secret_options import secret_from_env, secret_from_file
from harness.errors import UsageError
from harness.evidence import Redactor, Timeline
from harness.network.sockets import HostSockets
from harness.platform.control.access import OWN_MACHINE, Access
from harness.platform.facade import Platform

_SOURCE = "control"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--control", metavar="HOST:PORT", help="the live page and the control API (/docs)"
    )
    token = parser.add_mutually_exclusive_group()
    token.add_argument(
        "--control-token-env", metavar="NAME",
        help="environment variable with the token that the control address asks for",
    )  # fmt: skip
    token.add_argument(
        "--control-token-file", type=file_path, metavar="FILE", help="file with that token"
    )
    parser.add_argument(
        "--control-name", action="append", default=[], metavar="NAME",
        help="a host name under which the control address is reached, beside localhost; repeatable",
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

    _tell_of_defects(timeline, closing)
    feed = Feed(timeline)
    server = ControlServer(platform, feed, timeline.redactor, access)
    closing.callback(server.stop)
    wanted = address(arguments.control, "--control")
    return {"control": joined(server.start(HostSockets(), *wanted))}


class _Notes(logging.Handler):
    """What the HTTP server has to say, as events: on the terminal it would spoil the table."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(logging.WARNING)
        self._timeline = timeline

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage().partition("\n")[0].strip()
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            self._timeline.record(_SOURCE, "note", text=text)
        else:
            text = f"{text}: {type(error).__name__}: {error}"
            traceback = "".join(format_exception(error))
            self._timeline.record(_SOURCE, "note", text=text, traceback=traceback)


def _tell_of_defects(timeline: Timeline, closing: contextlib.ExitStack) -> None:
    log, notes = logging.getLogger("uvicorn.error"), _Notes(timeline)
    log.addHandler(notes)
    closing.callback(log.removeHandler, notes)
