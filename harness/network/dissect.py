"""Deep inspection of single packets by scapy, which is imported here and only when used.

scapy's import costs half a second; nothing at collection or on the hot path comes through here.
"""

from __future__ import annotations

from typing import Any

from harness.network import pcap
from harness.network.packets import Packet


def layers(packet: Packet) -> Any:
    """The packet as scapy's layers, for tests and consoles."""
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import Ether

    if packet.link == pcap.RAW_IP:
        return (IPv6 if packet.frame[:1] and packet.frame[0] >> 4 == 6 else IP)(packet.frame)
    return Ether(packet.frame)


def dissect(packet: Packet) -> str:
    """Every field of every layer, as text over several lines."""
    shown: str = layers(packet).show(dump=True)
    return shown.rstrip()
