"""The MQTT side of ``hil serve``: off unless asked for, since nothing of it is described."""

from __future__ import annotations

import argparse
from dataclasses import replace

from harness.cli.addresses import address, joined
from harness.evidence import Redactor
from harness.files import Document
from harness.network.sockets import HostSockets
from harness.platform.facade import Platform
from harness.rig.mqtt import MqttPlan, mqtt_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mqtt", metavar="HOST:PORT",
        help="uplinks by MQTT, which the documents do not describe: a broker there, or the "
        "external one there; `mqtt:` in the devices file says how",
    )  # fmt: skip


def read_plan(
    arguments: argparse.Namespace, document: Document, redactor: Redactor
) -> MqttPlan | None:
    """What was asked for, None for no MQTT; its password is never shown.

    Raises :class:`~harness.errors.UsageError`.
    """
    if arguments.mqtt is None:
        return None
    plan = mqtt_of(document)
    redactor.add("the MQTT password", plan.settings.password or "")
    return replace(plan, address=address(arguments.mqtt, "--mqtt"))


def open_mqtt(platform: Platform, plan: MqttPlan | None) -> dict[str, str]:
    """Start it; the broker's address under ``mqtt``, nothing when it was not asked for.

    Raises :class:`~harness.errors.UsageError` and :class:`~harness.errors.RigError`.
    """
    if plan is None:
        return {}
    bound = platform.start_mqtt(HostSockets(), *plan.address, settings=plan.settings)
    return {"mqtt": joined(bound)}
