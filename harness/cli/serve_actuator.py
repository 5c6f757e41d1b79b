"""The Actuator API of ``hil serve``: its token, and where it stands on the control address."""

from __future__ import annotations

import argparse

from harness.cli.paths import file_path
from harness.cli.secret_options import secret_from_env, secret_from_file
from harness.errors import UsageError
from harness.evidence import Redactor
from harness.platform.actuator.settings import ActuatorSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    token = parser.add_mutually_exclusive_group()
    token.add_argument(
        "--actuator-token-env", metavar="NAME",
        help="environment variable with the bearer token that the Actuator API asks for",
    )  # fmt: skip
    token.add_argument(
        "--actuator-token-file", type=file_path, metavar="FILE", help="file with that token"
    )
    parser.add_argument(
        "--actuator-prefix", default=ActuatorSettings().prefix, metavar="PATH",
        help="where the Actuator API stands on the control address (default %(default)s)",
    )  # fmt: skip


def read_settings(arguments: argparse.Namespace, redactor: Redactor) -> ActuatorSettings:
    """The settings asked for; the token is on the redaction list from here on.

    Raises :class:`~harness.errors.UsageError`.
    """
    token: str | None = None
    if arguments.actuator_token_env is not None:
        token = secret_from_env(arguments.actuator_token_env)
    elif arguments.actuator_token_file is not None:
        token = secret_from_file(arguments.actuator_token_file)
    if token is not None:
        if arguments.control is None:
            raise UsageError(
                "--actuator-token-env and --actuator-token-file belong to the Actuator API, which "
                "is on the control address; add --control HOST:PORT"
            )
        redactor.add("actuator token", token)
    return ActuatorSettings(prefix=arguments.actuator_prefix, token=token)
