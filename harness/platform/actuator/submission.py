"""What applications submit: for which device, with which tag, what message.

The bodies are not documented for the present API (facts §5). Two forms are taken: the SenML array
of the deprecated one, whose first base name names the device, and an object with ``networkId`` or
``deviceId``, ``message`` and, if wanted, ``tagValue``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.platform.actuator.model import NoSuchConnection, NoSuchDevice, WrongRequest
from harness.platform.check_body import look_up
from harness.platform.registry import Registration, Registry
from harness.urn import UrnError, UrnKind, parse_base_name

_KEYS = ("networkId", "deviceId", "message", "tagValue")
_TAG_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Submission:
    """``message`` is JSON as it came: text, or an array or object; ``named`` says whether it is a
    SenML pack that names its device itself."""

    device: Registration
    message: Any
    tag: str = ""
    named: bool = False

    def records(self) -> list[dict[str, Any]]:
        """The records of an actuator-style message, without base names.

        Raises :class:`WrongRequest` when it is something else.
        """
        pack = self.message
        if not isinstance(pack, list) or not all(isinstance(record, dict) for record in pack):
            raise WrongRequest(
                "an actuator-style message is an array of SenML records; a native payload goes to "
                "/http/downlinks or another connection's own resource"
            )
        plain = [{key: record[key] for key in record if key != "bn"} for record in pack]
        return [record for record in plain if record]

    def native(self) -> bytes:
        """The message as bytes for the device: text as it is, JSON without white space."""
        if isinstance(self.message, str):
            return _encoded(self.message)
        try:
            text = json.dumps(self.message, ensure_ascii=False, separators=(",", ":"))
        except RecursionError:
            raise WrongRequest("the message is nested too deeply") from None
        return _encoded(text)


def _encoded(text: str, what: str = "the message") -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise WrongRequest(f"{what} holds half a character (a lone surrogate)") from None


def read_submission(
    body: object, registry: Registry, by_device_id: Callable[[str], Registration | None]
) -> Submission:
    """The submission in a JSON body. Raises :class:`WrongRequest` with what would do."""
    if isinstance(body, list):
        return Submission(_device_of_pack(body, registry), body, named=True)
    if not isinstance(body, Mapping):
        raise WrongRequest(
            "the body is a SenML array, or an object with networkId or deviceId, and message"
        )
    unknown = [str(key)[:60] for key in body if key not in _KEYS]
    if unknown:
        raise WrongRequest(f"there is no {unknown[0]!r}; there are {', '.join(_KEYS)}")
    network, device = _text(body, "networkId"), _text(body, "deviceId")
    if (network is None) == (device is None):
        raise WrongRequest("give exactly one of networkId (a base name) and deviceId (a UUID)")
    message = body.get("message")
    if not isinstance(message, str | list | dict) or not message:
        raise WrongRequest("message is missing or empty: text, or SenML records")
    tag = _text(body, "tagValue")
    if tag is not None and not 1 <= len(tag) <= _TAG_LIMIT:
        raise WrongRequest(f"tagValue is text of 1 to {_TAG_LIMIT} characters")
    if network is not None:
        return Submission(_device_of_name(network, registry), message, tag or "")
    found = by_device_id(str(device))
    if found is None:
        raise NoSuchDevice(
            f"no device has the deviceId {str(device)[:60]!r}; GET /api/devices of the control "
            "address shows them"
        )
    return Submission(found, message, tag or "")


def _text(body: Mapping[Any, Any], key: str) -> str | None:
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise WrongRequest(f"{key} is text")
    if value is not None:
        _encoded(value, key)
    return value


def _device_of_pack(pack: list[Any], registry: Registry) -> Registration:
    names = [record["bn"] for record in pack if isinstance(record, Mapping) and record.get("bn")]
    if not names or not isinstance(pack[0], Mapping) or "bn" not in pack[0]:
        raise WrongRequest("the first record of the pack needs a base name: it names the device")
    if not all(isinstance(name, str) for name in names):
        raise WrongRequest("a base name is text")
    if len(set(names)) > 1:
        raise WrongRequest(f"one downlink is for one device; this pack names {len(set(names))}")
    return _device_of_name(names[0], registry)


def _device_of_name(name: str, registry: Registry) -> Registration:
    try:
        base = parse_base_name(name)
    except UrnError as problem:
        raise WrongRequest(str(problem)) from None
    if base.kind is UrnKind.DEVEUI:
        raise NoSuchConnection("this platform has no LoRa devices: it knows IMEI and DVNUUID")
    wrong = [issue.message for issue in base.issues if issue.severity == "error"]
    if wrong:
        raise WrongRequest("; ".join(wrong))
    device = look_up(base, registry)
    if device is None:
        raise NoSuchDevice(f"no device is registered with {base.kind} {base.identifier}")
    return device
