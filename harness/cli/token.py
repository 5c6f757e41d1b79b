"""``hil token``: compute, verify or explain a message token."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from harness.cli.secret_options import add_secret_options, secret_from_env, secret_of
from harness.errors import UsageError
from harness.token import Explanation, compute, explain, secret_problem

EXAMPLE = (
    "hil token compute pack.json --secret-env TRACKER_SECRET\n"
    "hil token explain pack.json --secret-file tracker.secret --token 9f86d081884c…"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Compute, verify or explain a Things-Message-Token: SHA-256 over the body's bytes and the "
        "device's secret. Exit code 1 when the token is not the right one."
    )
    parser.add_argument("action", choices=("compute", "verify", "explain"))
    parser.add_argument("file", nargs="?", metavar="FILE", help="the body; - (default) for stdin")
    parser.add_argument("--text", help="the body itself, instead of a file")
    parser.add_argument("--token", help="the token to verify or explain")
    add_secret_options(parser, required=True)
    parser.add_argument(
        "--other",
        action="append",
        default=[],
        metavar="NAME=ENV",
        help="another device's name and the environment variable with its secret; repeatable",
    )
    parser.add_argument(
        "--previous",
        action="append",
        default=[],
        metavar="FILE",
        help="a body that the device sent before; repeatable, newest last",
    )
    parser.add_argument("--json", action="store_true", help="machine-readable output")


def run(args: argparse.Namespace) -> int:
    secret = secret_of(args) or ""
    body = _body(args)
    remark = secret_problem(secret)
    if args.action == "compute":
        token = compute(body, secret)
        if args.json:
            print(json.dumps({"token": token, "bytes": len(body), "secret_problem": remark}))
        else:
            print(token)
            _warn(remark)
        return 0
    if args.token is None:
        raise UsageError(f"hil token {args.action} needs --token")
    others = dict(_other(item) for item in args.other)
    previous = [_read(name) for name in args.previous]
    found = explain(body, secret, args.token, other_secrets=others, previous_bodies=previous)
    if args.json:
        print(json.dumps(_as_dict(found) | {"secret_problem": remark}, ensure_ascii=False))
    elif args.action == "verify":
        print("verified" if found.verified else "not verified")
        _warn(remark)
    else:
        print("\n".join(_sentences(found)))
        _warn(remark)
    return 0 if found.verified else 1


def _sentences(found: Explanation) -> list[str]:
    lines = [f"{found.verdict}: {found.sentence}"]
    if found.requirement:
        lines.append(f"  requirement  {found.requirement}  ({found.code})")
    if found.expected_shown:
        lines.append(f"  to be hashed {found.expected_shown}")
    if found.candidate_shown:
        lines.append(f"  was hashed   {found.candidate_shown}")
    if found.first_difference is not None:
        lines.append(f"  first difference at byte {found.first_difference}")
    if found.hint:
        lines.append(f"  hint         {found.hint}")
    return lines


def _as_dict(found: Explanation) -> dict[str, object]:
    return {
        "verdict": found.verdict,
        "code": found.code,
        "requirement": found.requirement,
        "explanation": found.sentence,
        "hint": found.hint,
        "expected": found.expected_shown,
        "hashed": found.candidate_shown,
        "first_difference": found.first_difference,
    }


def _other(item: str) -> tuple[str, str]:
    name, separator, variable = item.partition("=")
    if not (name and separator and variable):
        raise UsageError(f"write --other NAME=ENV, not {item!r}")
    return name, secret_from_env(variable)


def _body(args: argparse.Namespace) -> bytes:
    if args.text is not None:
        if args.file not in (None, "-"):
            raise UsageError("give the body as FILE or as --text, not both")
        return os.fsencode(args.text)
    return _read(args.file or "-")


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from error


def _warn(remark: str | None) -> None:
    if remark is not None:
        print(f"warning: TOKEN-SECRET: {remark}", file=sys.stderr)
