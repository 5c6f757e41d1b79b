"""What a modem family can do, from its manuals: data that drivers check and tables are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.modem.http import HttpOrder

UNLIMITED = 1 << 30


@dataclass(frozen=True, slots=True)
class HttpAbility:
    """The built-in HTTP client. Lengths in bytes; ``UNLIMITED`` where no manual names a limit.

    ``custom_header``: it sends header fields of the host's own, such as Things-Message-Token.
    ``own_host``: the Host field may differ from the address that is connected to (HTTP-HOST).
    ``header_max`` bounds one custom header field, ``Name: value`` together; ``headers_max`` all
    of them with Content-Type, and ``header_count`` is how many custom ones there may be.
    ``server_max`` bounds ``http://host:port``, ``path_max`` what follows it. ``tls``: it speaks
    HTTPS, and the harness can give it a trust anchor.
    """

    custom_header: bool
    own_host: bool = False
    url_max: int = UNLIMITED
    body_max: int = UNLIMITED
    header_max: int = UNLIMITED
    headers_max: int = UNLIMITED
    header_count: int = UNLIMITED
    server_max: int = UNLIMITED
    path_max: int = UNLIMITED
    tls: bool = False

    def why_not(self, order: HttpOrder) -> str | None:
        """The reason for which this client cannot send ``order``; None when it can."""
        if order.tls and not self.tls:
            return "the harness cannot set up its HTTPS"
        extra = order.extra_headers
        if extra and not self.custom_header:
            return f"it cannot set the header {extra[0][0]}"
        if order.url_length > self.url_max:
            return f"the URL has more than {self.url_max} bytes"
        if (path := len(order.path.encode())) > self.path_max:
            return f"the path has more than {self.path_max} bytes"
        if order.url_length - path > self.server_max:
            return f"the server part of the URL has more than {self.server_max} bytes"
        if len(order.body) > self.body_max:
            return f"the body has more than {self.body_max} bytes"
        if len(extra) > self.header_count:
            return f"it can set no more than {self.header_count} header of its user's own"
        lines = [
            f"{name}: {value}" for name, value in (("Content-Type", order.content_type), *extra)
        ]
        if sum(len(line.encode()) for line in lines) > self.headers_max:
            return f"the headers have more than {self.headers_max} bytes"
        for name, value in extra:
            if len(f"{name}: {value}".encode()) > self.header_max:
                return f"the header {name} has more than {self.header_max} bytes"
        return None


@dataclass(frozen=True, slots=True)
class Abilities:
    """``models`` as in the product names; ``claims`` is a regular expression on +CGMM's answer.

    ``sockets`` is how many TCP connections there may be, 0 for none; ``send_max`` and ``read_max``
    are bytes of one command. ``receive`` says how data come: ``buffered`` (announced, then read),
    ``polled`` (read without an announcement). ``sms`` are the forms of 27.005 that the family has,
    of ``pdu``, ``text``, ``stored`` and ``direct`` (+CMT only). ``power_off`` is the command.
    ``tls``: there are TLS sockets, and the harness can give them a trust anchor. ``tls_blind`` are
    the faults of a certificate that the module has no means to see even then, of ``wrong-name``
    and ``expired``; without ``tls_sni`` it cannot name the server that it wants in a handshake
    (RFC 6066 §3). ``assumed`` lists what no manual at hand says.
    """

    title: str
    models: tuple[str, ...]
    makers: str
    claims: str
    sockets: int = 0
    send_max: int = 0
    read_max: int = 0
    receive: str = ""
    http: HttpAbility | None = None
    tls: bool = False
    tls_blind: tuple[str, ...] = ()
    tls_sni: bool = True
    sms: tuple[str, ...] = ("pdu", "text", "stored")
    power_off: str = "AT+CFUN=0"
    sources: tuple[str, ...] = ()
    assumed: tuple[str, ...] = field(default=())
