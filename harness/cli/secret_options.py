"""Where a command's secret comes from: environment, file, or (seen by others) the command line."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from harness.errors import UsageError


def add_secret_options(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """``--secret-env``, ``--secret-file`` and ``--secret``, of which one may be given."""
    source = parser.add_mutually_exclusive_group(required=required)
    source.add_argument("--secret-env", metavar="NAME", help="environment variable with the secret")
    source.add_argument("--secret-file", metavar="FILE", help="file with the secret")
    source.add_argument(
        "--secret", help="the secret itself (others can see it in the process list)"
    )


def secret_of(args: argparse.Namespace) -> str | None:
    """The secret, None when no option was given. Raises :class:`UsageError`."""
    if args.secret_env is not None:
        return secret_from_env(args.secret_env)
    if args.secret_file is not None:
        return secret_from_file(Path(args.secret_file))
    return None if args.secret is None else str(args.secret)


def secret_from_env(name: str) -> str:
    """Raises :class:`UsageError` when the variable is not set."""
    value = os.environ.get(name)
    if not value:
        raise UsageError(f"the environment variable {name} is not set: export {name}=…")
    return value


def secret_from_file(path: Path) -> str:
    """The file without a line end at its end. Raises :class:`UsageError`."""
    try:
        raw = path.read_bytes().removesuffix(b"\n").removesuffix(b"\r")
        return raw.decode()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise UsageError(f"the secret file {path} is not text in UTF-8") from None
