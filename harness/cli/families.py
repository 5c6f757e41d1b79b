"""List the modem families: what each can do, from which documents, and what is assumed.

Without a name, a table of all; with a name, everything about that family.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.cli.paths import file_path
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.modem import Modem
    from harness.modem.abilities import Abilities, HttpAbility
    from harness.virtual_modem.family import Family

EXAMPLE = "hil families simcom-7600"
_COLUMNS = ("family", "modems", "TCP sockets", "HTTP client", "TLS", "SMS", "off with")
_INTRODUCTION = """\
# Modem families

Made from the families' data by `hil families --write`; a test holds this page equal.

Each family has two sides that know nothing of each other: a driver (`harness/modem`), which
talks to a modem, and a virtual modem (`harness/virtual_modem`), which is one. Both are written
from the vendor's documents. The conformance suite (`tests/conformance`) puts them together, for
every family; `tests/clients` puts programs of other people in front of the virtual modems.

- **TCP sockets**: how many connections, the bytes of one send and one read, and how data come:
  *buffered* (announced, then read) or *polled* (read without an announcement).
- **HTTP client**: whether it sends a header of its user's own, which the message token needs, and
  its limits. *m.m* says that the Host field may differ from the address (HTTP-HOST); where it may
  not, only a socket gives `Host: m.m`. *cannot* means that uplinks go through a socket.
- **TLS**: what the harness can give a trust anchor, so that an Internet device can be played.
  *cannot see*: what the module does not check in a certificate even then, by its manual or for want
  of one; *names no server*: it has no SNI. *no*: see what is assumed of the family.
- **SMS**: *stored* messages are announced with +CMTI, *direct* ones handed over with +CMT.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="FAMILY", help="one family, with its sources")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print as JSON")
    how.add_argument(
        "--write", type=file_path, metavar="FILE", help="write the documentation's page"
    )


@dataclass(frozen=True, slots=True)
class Both:
    """The two sides of one family."""

    name: str
    driver: type[Modem]
    virtual: Family

    def row(self) -> tuple[str, ...]:
        able = self.driver.abilities
        return (
            self.name, ", ".join(able.models), _sockets(self), _http(able.http), _tls(able),
            ", ".join(able.sms), able.power_off,
        )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        able = self.driver.abilities
        http = able.http
        return {
            "title": able.title,
            "models": list(able.models),
            "virtual_models": {
                name: model.revision for name, model in self.virtual.models.items()
            },
            "sockets": {
                "count": able.sockets, "send_max": able.send_max, "read_max": able.read_max,
                "receive": able.receive,
            },
            "http": None if http is None else {
                "custom_header": http.custom_header, "own_host": http.own_host,
                "limits": _limits(http), "tls": http.tls,
            },
            "tls": None if not able.tls else {
                "names_server": able.tls_sni, "cannot_see": list(able.tls_blind),
            },
            "sms": list(able.sms),
            "power_off": able.power_off,
            "commands": len(self.virtual.commands),
            "sources": {"driver": list(able.sources), "virtual": list(self.virtual.sources)},
            "assumed": {"driver": list(able.assumed), "virtual": list(self.virtual.assumed)},
        }  # fmt: skip


def _sockets(both: Both) -> str:
    able = both.driver.abilities
    if not able.sockets:
        return "none (PPP only)"
    return f"{able.sockets}, {able.send_max}/{able.read_max} bytes, {able.receive}"


def _limits(http: HttpAbility) -> dict[str, int]:
    from harness.modem.abilities import UNLIMITED

    names = {
        "url_max": "URL", "server_max": "server", "path_max": "path", "body_max": "body",
        "header_max": "header", "headers_max": "all headers", "header_count": "headers",
    }  # fmt: skip
    found = {text: getattr(http, name) for name, text in names.items()}
    return {text: value for text, value in found.items() if value != UNLIMITED}


def _http(http: HttpAbility | None) -> str:
    if http is None:
        return "none"
    if not http.custom_header:
        return "cannot set a header"
    limits = ", ".join(f"{name} {value}" for name, value in _limits(http).items())
    return "own header" + (", m.m" if http.own_host else "") + (f"; {limits}" if limits else "")


def _tls(able: Abilities) -> str:
    """What the harness can set up with a trust anchor; a module may have more."""
    ways = [
        *(["sockets"] if able.tls else []),
        *(["HTTPS client"] if able.http is not None and able.http.tls else []),
    ]
    blind = f"; cannot see: {', '.join(able.tls_blind)}" if able.tls_blind else ""
    unnamed = "" if able.tls_sni else "; names no server"
    return (", ".join(ways) or "no") + blind + unnamed


def families() -> list[Both]:
    """Every family that has both sides, by name."""
    from harness.modem import FAMILIES as DRIVERS
    from harness.virtual_modem import FAMILIES as VIRTUAL

    return [Both(name, DRIVERS[name], VIRTUAL[name]) for name in sorted(DRIVERS) if name in VIRTUAL]


def page() -> str:
    """The documentation's page, Markdown."""
    lines = [_INTRODUCTION, f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    lines += [
        "| " + " | ".join([f"`{row[0]}`", *row[1:]]) + " |" for row in (b.row() for b in families())
    ]
    for both in families():
        facts = both.facts()
        lines += [
            "",
            f"## `{both.name}`",
            "",
            f"{facts['title']}. Virtual models: "
            + ", ".join(
                f"{name} ({revision})" for name, revision in facts["virtual_models"].items()
            )
            + ".",
            "",
        ]
        for what, sides in (("Sources", facts["sources"]), ("Assumed", facts["assumed"])):
            for side, entries in sides.items():
                if entries:
                    lines.append(f"- {what}, {side}: " + "; ".join(entries) + ".")
    return "\n".join(lines) + "\n"


def run(args: argparse.Namespace) -> int:
    known = {both.name: both for both in families()}
    if args.name is not None and args.name not in known:
        raise UsageError(f"no modem family {args.name!r} (known: {', '.join(known)})")
    if args.write is not None:
        try:
            args.write.write_text(page())
        except OSError as error:
            raise UsageError(f"--write {args.write}: {error.strerror}") from error
        return 0
    chosen = [known[args.name]] if args.name is not None else list(known.values())
    if args.json:
        print(json.dumps({both.name: both.facts() for both in chosen}, indent=2))
    elif args.name is not None:
        _describe(chosen[0])
    else:
        _table(chosen)
    return 0


def _table(chosen: list[Both]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", row_styles=["", "dim"], pad_edge=False)
    for number, title in enumerate(_COLUMNS):
        whole = number in (0, len(_COLUMNS) - 1)  # a name or a command that is cut is none
        table.add_column(title, no_wrap=whole, overflow="fold", ratio=None if whole else 1)
    for both in chosen:
        table.add_row(*both.row())
    Console().print(table)


def _describe(both: Both) -> None:
    facts = both.facts()
    print(f"{both.name}: {facts['title']}")
    for label, text in zip(_COLUMNS[1:], both.row()[1:], strict=True):
        print(f"  {label:<12} {text}")
    models = ", ".join(f"{name} ({revision})" for name, revision in facts["virtual_models"].items())
    print(f"  {'virtual as':<12} {models}; {facts['commands']} commands")
    for what in ("sources", "assumed"):
        for side, entries in facts[what].items():
            for entry in entries:
                print(f"  {what}, {side}: {entry}")
