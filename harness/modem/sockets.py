"""TCP by AT commands: what is alike in all families that have sockets."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable

from harness.at.events import Urc
from harness.clock import Deadline
from harness.line import EventTimeout
from harness.modem.core import Modem
from harness.modem.errors import BadAnswer, CannotDo
from harness.modem.http import HttpAnswer, HttpOrder

_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d+)[ \t]*\r?$")
_STATUS = re.compile(rb"HTTP/1\.\d (\d{3})(?: |\r|\n)")
_BLANK = re.compile(rb"\r?\n\r?\n")
UrcTest = Callable[[Urc], bool]


def complete(response: bytes) -> bool:
    """Whether an HTTP response is whole by its own head (RFC 9112 §6.3)."""
    end = _BLANK.search(response)
    if end and re.match(rb"HTTP/1\.\d (?:204|304)\b", response):
        return True  # without a body, whatever the head says
    length = _LENGTH.search(response, 0, end.end()) if end else None
    return bool(end and length and len(response) - end.end() >= int(length[1]))


def response_of(response: bytes) -> HttpAnswer:
    """Status and body of a whole response. Raises :class:`BadAnswer` when it is none."""
    status, blank = _STATUS.match(response), _BLANK.search(response)
    if status is None or blank is None:
        raise BadAnswer(f"no HTTP response: {response[:80]!r}")
    return HttpAnswer(int(status[1]), response[blank.end() :])


def told(*texts: str) -> UrcTest:
    """Codes that are exactly one of ``texts``."""
    return lambda urc: urc.text in texts


def never(urc: Urc) -> bool:
    return False


class SocketModem(Modem, ABC):
    """Buffered sockets: data wait in the modem until they are read.

    A family says how to open, send, read and close, and which codes tell about a connection.
    """

    #: Codes may get lost on a busy line: the buffer is looked at again after so many seconds.
    look_again_s = 5.0

    @abstractmethod
    def _send(self, connection: int, piece: bytes) -> None:
        """At most ``abilities.send_max`` bytes. Raises ``SocketError``."""

    @abstractmethod
    def _receive(self, connection: int) -> bytes:
        """What is buffered, at most ``abilities.read_max`` bytes; empty when nothing is."""

    def _arrival(self, connection: int) -> UrcTest:
        """The codes that say data came."""
        return never

    def _closing(self, connection: int) -> UrcTest:
        """The codes that say the peer closed, or the network took the connection away."""
        return never

    def exchange(
        self, connection: int, request: bytes, *, response_timeout_s: float = 30.0
    ) -> bytes:
        """Send on the open socket and read until Content-Length is met or the peer closes.

        Returns what came, also when it is not a whole response: judging is the caller's part.
        Raises ``SocketError`` when sending failed, :class:`EventTimeout` when the response
        is not complete ``response_timeout_s`` after the last byte was sent.
        """
        for at in range(0, len(request), self.abilities.send_max):
            self._send(connection, request[at : at + self.abilities.send_max])
        response = bytearray()
        deadline = Deadline.after(response_timeout_s)
        while True:
            # Looked at before reading: what came before the close is in the buffer by then.
            closed = self._closed(connection)
            data = self._receive(connection)
            response += data
            if complete(bytes(response)) or (closed and not data):
                return bytes(response)
            if data:
                continue
            if deadline.expired:
                raise EventTimeout("the request", bytes(response), response_timeout_s)
            self._await_news(connection, deadline)

    def _closed(self, connection: int) -> bool:
        """Whether the peer's end was told."""
        return any(map(self._closing(connection), self.channel.urcs))

    def _await_news(self, connection: int, deadline: Deadline) -> None:
        """Wait until it is worth reading again."""
        arrival, closing = self._arrival(connection), self._closing(connection)
        step = Deadline.after(self.look_again_s).no_later_than(deadline)
        try:
            urc = self.channel.wait_for(
                lambda urc: arrival(urc) or closing(urc), timeout_s=step.left()
            )
        except EventTimeout:
            return
        if closing(urc):
            self.channel.urcs.append(urc)  # seen again after the buffer was read

    def post_raw(
        self, host: str, port: int, request: bytes, *, response_timeout_s: float = 30.0
    ) -> bytes:
        """One exchange on a connection of its own, always closed."""
        connection = self.open_socket(host, port)
        try:
            return self.exchange(connection, request, response_timeout_s=response_timeout_s)
        finally:
            self.close_socket(connection)

    def post(self, order: HttpOrder, *, response_timeout_s: int = 60) -> HttpAnswer:
        """With the built-in client where it can, else through a socket."""
        http = self.abilities.http
        if http is not None and http.why_not(order) is None:
            return self.http_post(order, response_timeout_s=response_timeout_s)
        response = self.post_raw(
            order.host, order.port, order.to_bytes(), response_timeout_s=response_timeout_s
        )
        return response_of(response)

    def checked_order(self, order: HttpOrder) -> HttpOrder:
        """Raises :class:`CannotDo` when the built-in client cannot send it."""
        http = self.abilities.http
        why = "there is no built-in HTTP client" if http is None else http.why_not(order)
        if why is not None:
            raise CannotDo(f"{self.family}: {why}; use post_raw or post")
        return order
