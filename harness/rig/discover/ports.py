"""The serial ports of this machine, under names that last, and which look like a modem's."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from serial.tools.list_ports import comports

BY_ID = Path("/dev/serial/by-id")

#: USB vendor ids of makers of cellular modules (usb.ids of linux-usb.org).
MODEM_MAKERS: Mapping[int, str] = {
    0x05C6: "Qualcomm", 0x0AF0: "Option", 0x0BDB: "Ericsson", 0x1199: "Sierra Wireless",
    0x12D1: "Huawei", 0x1410: "Novatel", 0x1546: "u-blox", 0x1915: "Nordic Semiconductor",
    0x19D2: "ZTE", 0x1BC7: "Telit", 0x1E0E: "SIMCom", 0x1E2D: "Thales/Cinterion",
    0x258D: "Sequans", 0x2949: "Neoway", 0x2C7C: "Quectel", 0x2CB7: "Fibocom", 0x2DEE: "MeiG",
}  # fmt: skip
_TELLING = re.compile(
    r"quectel|simcom|simtech|sim7\d|a76\d|u-?blox|sara|lara|telit|sierra|hl78|nordic|thingy|nrf91"
    r"|qualcomm|fibocom|cinterion|sequans|huawei|modem|lte|gsm",
    re.IGNORECASE,
)
_INTERFACE = re.compile(r"-if([0-9a-f]{2})|:\d+\.(\d+)")


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A port. ``path`` is the name to write into files: by-id, or as the user named it.

    ``maker`` is the module's maker by USB vendor id, "" for none that is known; ``likeness`` why
    it looks like a modem's port, "" when it does not.
    """

    path: str
    device: str
    usb: str = ""
    description: str = ""
    maker: str = ""
    likeness: str = ""
    interface: int | None = None

    @property
    def is_url(self) -> bool:
        return "://" in self.path


def serial_ports(
    listed: Callable[[], Iterable[Any]] = comports, by_id: Path = BY_ID
) -> list[SerialPort]:
    """All ports that the system lists, each once, sorted by name."""
    names = stable_names(by_id)
    found = {
        os.path.realpath(info.device): _of_listing(info, names.get(os.path.realpath(info.device)))
        for info in listed()
    }
    for device, name in names.items():  # not every link's device is one that pyserial lists
        found.setdefault(device, _with_likeness(SerialPort(name, device), name))
    return sorted(found.values(), key=lambda port: port.path)


def stable_names(by_id: Path = BY_ID) -> dict[str, str]:
    """Device to its by-id name, which outlives unplugging and another order of detection."""
    try:
        links = sorted(by_id.iterdir())
    except OSError:
        return {}
    return {os.path.realpath(link): str(link) for link in links if link.exists()}


def named_port(name: str, known: Iterable[SerialPort], by_id: Path = BY_ID) -> SerialPort:
    """The port that a person named. A name under /dev gives way to its by-id name.

    Any other path, such as the symlink of a virtual modem, stays as it is, made absolute.
    """
    if "://" in name:
        return SerialPort(name, name, likeness="named")
    path, device = os.path.abspath(name), os.path.realpath(name)
    listed = next((port for port in known if port.device == device), None)
    stable = stable_names(by_id).get(device)
    if not path.startswith("/dev/") or stable is None:
        stable = path
    if listed is not None:
        return replace(listed, path=stable, likeness="named")
    return SerialPort(stable, device, likeness="named")


def _of_listing(info: Any, stable: str | None) -> SerialPort:
    words = f"{info.manufacturer or ''} {info.product or ''}".strip()
    port = SerialPort(
        path=stable or info.device,
        device=os.path.realpath(info.device),
        usb="" if info.vid is None else f"{info.vid:04x}:{info.pid or 0:04x}",
        description=words or (info.description if info.description != "n/a" else ""),
        maker=MODEM_MAKERS.get(info.vid, "") if info.vid is not None else "",
        interface=_interface(stable or "", info.location or ""),
    )
    return _with_likeness(port, f"{stable or ''} {words}")


def _with_likeness(port: SerialPort, words: str) -> SerialPort:
    telling = _TELLING.search(words.rpartition("/")[2])
    likeness = ""
    if port.maker:
        likeness = f"USB vendor {port.maker}"
    elif telling is not None:
        likeness = f"its name says {telling[0]!r}"
    interface = port.interface if port.interface is not None else _interface(port.path)
    return replace(port, likeness=likeness, interface=interface)


def _interface(*texts: str) -> int | None:
    """The USB interface number: ``…-if02-port0``, or ``1-1.4:1.2`` as the kernel says it."""
    found = next(filter(None, (_INTERFACE.search(text) for text in texts)), None)
    if found is None:
        return None
    return int(found[1], 16) if found[1] else int(found[2])
