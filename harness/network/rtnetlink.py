"""The few rtnetlink requests a private network needs, written out.

rtnetlink is a stable kernel interface (``linux/rtnetlink.h``, ``if_link.h``, ``if_addr.h``). A
general library costs about 200 ms of imports, four times what the rest of the start-up of a
private network takes, so the five requests are packed here. Standard library only: this runs in
the holder process.
"""

from __future__ import annotations

import os
import socket
import struct

NLMSG_ERROR = 2
RTM_NEWLINK, RTM_SETLINK, RTM_NEWADDR, RTM_NEWROUTE = 16, 19, 20, 24
NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_CREATE = 0x1, 0x4, 0x200, 0x400

IFF_UP = 0x1
IFLA_IFNAME, IFLA_LINKINFO, IFLA_AF_SPEC, IFLA_NET_NS_FD = 3, 18, 26, 28
IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER = 1, 2, 1
IFLA_INET6_ADDR_GEN_MODE, ADDR_GEN_NONE = 8, 1
IFA_ADDRESS, IFA_LOCAL = 1, 2
RTA_DST, RTA_OIF, RTA_GATEWAY = 1, 4, 5
RT_TABLE_MAIN, RTPROT_STATIC, RTN_UNICAST, RTNH_F_ONLINK = 254, 4, 1, 4
SCOPE_UNIVERSE, SCOPE_LINK = 0, 253


def attribute(kind: int, payload: bytes) -> bytes:
    """One netlink attribute: length, type, payload, padding to 4 bytes."""
    length = 4 + len(payload)
    return struct.pack("=HH", length, kind) + payload + bytes(-length % 4)


def _link(index: int = 0, flags: int = 0) -> bytes:
    """``struct ifinfomsg``; only the flags that are set are changed."""
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, flags)


def add_veth(name: str, peer: str, peer_namespace: int) -> None:
    """A pair of linked interfaces: ``name`` here, ``peer`` in the namespace of that descriptor."""
    other = (
        _link()
        + attribute(IFLA_IFNAME, peer.encode() + b"\0")
        + attribute(IFLA_NET_NS_FD, struct.pack("=I", peer_namespace))
    )
    info = attribute(IFLA_INFO_KIND, b"veth\0") + attribute(
        IFLA_INFO_DATA, attribute(VETH_INFO_PEER, other)
    )
    body = _link() + attribute(IFLA_IFNAME, name.encode() + b"\0") + attribute(IFLA_LINKINFO, info)
    _request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, body)


def link_up(name: str) -> None:
    _request(RTM_SETLINK, 0, _link(socket.if_nametoindex(name), IFF_UP))


def without_ipv6(name: str) -> None:
    """No link-local address, so none of IPv6's own chatter on the link.

    Raises OSError where the kernel has no IPv6, which is as good.
    """
    mode = attribute(IFLA_INET6_ADDR_GEN_MODE, bytes([ADDR_GEN_NONE]))
    spec = attribute(IFLA_AF_SPEC, attribute(socket.AF_INET6, mode))
    _request(RTM_SETLINK, 0, _link(socket.if_nametoindex(name)) + spec)


def add_address(name: str, address: str) -> None:
    """Give the interface the IPv4 address, as a /32."""
    packed = socket.inet_aton(address)
    head = struct.pack("=BBBBi", socket.AF_INET, 32, 0, 0, socket.if_nametoindex(name))
    body = head + attribute(IFA_LOCAL, packed) + attribute(IFA_ADDRESS, packed)
    _request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, body)


def add_route(name: str, network: str, prefix: int, gateway: str | None = None) -> None:
    """Reach ``network``/``prefix`` through the interface, directly or by a gateway on it."""
    scope, flags = (SCOPE_LINK, 0) if gateway is None else (SCOPE_UNIVERSE, RTNH_F_ONLINK)
    body = struct.pack(
        "=BBBBBBBBI", socket.AF_INET, prefix, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, scope,
        RTN_UNICAST, flags,
    )  # fmt: skip
    if prefix:
        body += attribute(RTA_DST, socket.inet_aton(network))
    body += attribute(RTA_OIF, struct.pack("=i", socket.if_nametoindex(name)))
    if gateway is not None:
        body += attribute(RTA_GATEWAY, socket.inet_aton(gateway))
    _request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, body)


def _request(kind: int, flags: int, body: bytes) -> None:
    """Send one request in the namespace of this thread; OSError when the kernel refuses it."""
    flags |= NLM_F_REQUEST | NLM_F_ACK
    message = struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        sock.settimeout(5.0)
        sock.sendto(message, (0, 0))
        answer = sock.recv(65536)
    (code,) = struct.unpack_from("=i", answer, 16)
    if struct.unpack_from("=H", answer, 4)[0] != NLMSG_ERROR or code:
        raise OSError(-code, os.strerror(-code))
