"""The way of SMS from ``hil serve`` to virtual modems in other processes (``hil modem``)."""

from __future__ import annotations

import argparse
import json
import urllib.error
import urllib.request
from collections.abc import Iterable

from harness.cli.addresses import address, joined
from harness.errors import HilError, UsageError
from harness.platform.registry import Registration
from harness.platform.sms import GatewayRouter, ShortMessage

_PATIENCE_S = 5.0


class ModemGone(HilError):
    """The process that plays a modem cannot be asked; the attempt counts, with this as its why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--modem",
        action="append",
        default=[],
        metavar="NAME=HOST:PORT",
        help="SMS for this device go to the `hil modem` with this --control address; repeatable",
    )


class ControlledModem:
    """Delivers through the control address of a ``hil modem``."""

    def __init__(self, control: tuple[str, int]) -> None:
        self._url = f"http://{joined(control)}/sms"

    def deliver(self, message: ShortMessage) -> bool:
        """False while the modem is off or out of reach. Raises :class:`ModemGone`."""
        order = json.dumps({"sender": message.sender, "text": message.text}).encode()
        asked = urllib.request.Request(
            self._url, order, {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with _DIRECT.open(asked, timeout=_PATIENCE_S) as answer:
                return bool(json.loads(answer.read())["delivered"])
        except urllib.error.HTTPError as error:
            with error:
                reason = error.read(500).decode("utf-8", "replace")
            raise ModemGone(f"{self._url} refuses the SMS: {reason}") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModemGone(f"no modem at {self._url}: {error}") from error


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by a proxy


def gateway(arguments: argparse.Namespace, devices: Iterable[Registration]) -> GatewayRouter | None:
    """Where SMS go; None without ``--modem``. Raises :class:`UsageError`."""
    if not arguments.modem:
        return None
    known = {device.name: device for device in devices}
    router = GatewayRouter()
    for text in arguments.modem:
        name, equals, where = text.partition("=")
        if not equals:
            raise UsageError(
                f"--modem {text}: give NAME=HOST:PORT, for example tracker-1=127.0.0.1:8090"
            )
        if name not in known:
            names = ", ".join(list(known)[:10])
            raise UsageError(f"--modem {text}: no device {name!r} is registered; known: {names}")
        msisdn = known[name].msisdn
        if msisdn is None:
            raise UsageError(f"--modem {text}: {name} has no phone number; add `msisdn:` to it")
        router.connect(msisdn, ControlledModem(address(where, "--modem")))
    return router
