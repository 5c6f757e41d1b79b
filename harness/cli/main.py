"""The ``hil`` command: one door, each command in a module of its own, imported when it is used.

Exit codes: 0 good, 1 a verdict or check failed, 2 wrong use or a wrong file, 3 the rig broke.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

from harness import __version__
from harness.errors import HilError, RigError, UsageError

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("harness.cli.run", "run scenarios on a rig and write a report"),
    "check": ("harness.cli.check", "validate rig and scenario files without running them"),
    "requirements": ("harness.cli.requirements", "which scenarios verify each requirement"),
    "serve": ("harness.cli.serve", "the mocked platform on its own"),
    "modem": ("harness.cli.modem", "a virtual modem on a PTY or a UART"),
    "families": ("harness.cli.families", "the modem families and what they can do"),
    "discover": ("harness.cli.discover", "find modems and print or extend a rig file"),
    "doctor": ("harness.cli.doctor", "check that a rig is fit before anything runs"),
    "console": ("harness.cli.console", "an AT terminal that logs to a timeline"),
    "token": ("harness.cli.token", "compute, verify or explain a message token"),
    "destination-check": (
        "harness.cli.destination_check",
        "would the platform deliver to an HTTPS endpoint?",
    ),
    "sms-plan": ("harness.cli.sms_plan", "does a power cycle meet the SMS retries?"),
    "report": ("harness.cli.report", "make a run's report again from its timelines"),
    "schema": ("harness.cli.schema", "print the JSON Schema of rig or scenario files"),
}

_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})


def build_parser(wanted: str | None) -> argparse.ArgumentParser:
    """The parser; only the command named ``wanted`` is imported and filled in."""
    parser = argparse.ArgumentParser(
        prog="hil",
        description="Hardware-in-the-loop tests for devices on the KPN Things platform.",
        epilog="example: hil run --rig rigs/sim.yaml scenarios/token   (hil COMMAND --help: more)",
    )
    parser.add_argument("--version", action="version", version=f"hil {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module_name, summary) in COMMANDS.items():
        if name == wanted:
            module = importlib.import_module(module_name)
            sub = commands.add_parser(
                name,
                help=summary,
                description=(module.__doc__ or "").strip(),
                epilog=f"example: {module.EXAMPLE}",
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            module.add_arguments(sub)
        else:
            commands.add_parser(name, help=summary, add_help=False)
    return parser


def _parse(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """As ``parse_args`` does; a command's FILE may also stand behind its options.

    Before 3.12.7 argparse takes an optional positional for left out as soon as an option follows.
    """
    parsed, left = parser.parse_known_args(arguments)
    if len(left) == 1 and not left[0].startswith("-") and getattr(parsed, "file", "") is None:
        parsed.file = left.pop()
    if left:
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    return parsed


def main(
    argv: Sequence[str] | None = None, *, before_it_runs: Callable[[], object] = lambda: None
) -> int:
    """Run one command and return its exit code.

    ``before_it_runs`` is called once the command is known and imported.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    passed_on: list[str] = []
    if wanted == "run" and "--" in arguments:
        at = arguments.index("--")
        arguments, passed_on = arguments[:at], arguments[at + 1 :]
    try:
        try:
            parsed = _parse(build_parser(wanted), arguments)
        finally:
            sys.stdout.flush()  # --help into a closed pipe ends here, not at exit
        if passed_on:
            parsed.pytest_arguments = passed_on
        module: ModuleType = importlib.import_module(COMMANDS[parsed.command][0])
        before_it_runs()
        code = module.run(parsed)
        sys.stdout.flush()
        return int(code)
    except HilError as error:
        _say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _keep_output()
        _say("stopped")
        return 130
    except SystemExit:
        _keep_output()
        raise
    except BrokenPipeError:
        _abandon_output()  # the reader (head, less) has gone: that is its right
        return 1
    except OSError as error:
        if _named(error.filename, arguments):
            _say(f"{error.filename}: {error.strerror}")
            return UsageError.exit_code
        if error.filename is not None or error.errno not in _UNWRITABLE:
            raise
        _abandon_output()
        _say(
            f"the output cannot be written: {error.strerror}; free some space, or send it elsewhere"
        )
        return RigError.exit_code


def _named(path: object, arguments: Sequence[str]) -> bool:
    """True when a path stands on the command line, or is below one that does: it may not be looked
    at (no right to its folder), or it is too long for a name."""
    if not isinstance(path, str | bytes):
        return False
    name = os.path.abspath(os.fsdecode(path))
    words = {word.rpartition("=")[2] if word.startswith("-") else word for word in arguments}
    return any(
        name == found or name.startswith(found + os.sep)
        for found in map(os.path.abspath, words - {""})
    )


def _say(text: str) -> None:
    """To standard error, if anybody has it still: a closed terminal took it along."""
    with contextlib.suppress(OSError):
        print(f"hil: {text}", file=sys.stderr, flush=True)


def _keep_output() -> None:
    """What was printed so far, where it can be written still."""
    try:
        sys.stdout.flush()
    except OSError:
        _abandon_output()


def _abandon_output() -> None:
    """Keep the interpreter's own flush at exit from complaining."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
