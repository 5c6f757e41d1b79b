"""The update over the air of a device that the harness plays: its modem is what is examined.

It does as a sane device: parts of 256 bytes, the CRC of each checked, three tries, at most 100
requests per connection, and what it has it keeps over a power cycle.
"""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from harness.line import EventTimeout
from harness.modem import Modem
from harness.modem.errors import CommandRefused, PdpRefused, SocketError
from harness.platform.fota.image import version_in
from harness.rig.answer import read_answer

PART = 256
TRIES = 3
REQUESTS = 100  # FOTA-REUSE

_CONTENT_RANGE = re.compile(rb"(?im)^content-range:[ \t]*bytes (\d+)-(\d+)/(\d+)[ \t]*\r?$")
_DIGEST = re.compile(rb"(?im)^digest:[ \t]*crc32=([0-9a-f]{8})[ \t]*\r?$")
_REFUSED = (401, 403, 404, 410)


class BadPart(Exception):
    """What came is not the part that was asked for."""


@dataclass(frozen=True, slots=True)
class Offered:
    """Where the firmware is, and the token that opens it (FOTA-OFFER)."""

    host: str
    port: int
    path: str
    token: str


def offer_in(records: Iterable[Mapping[str, object]]) -> Offered | None:
    """The offer that a downlink makes, if it makes one."""
    texts = {str(record.get("n")): str(record.get("vs", "")) for record in records}
    url, token = texts.get("url", ""), texts.get("token", "")
    if not url.startswith("http://") or not token:
        return None
    parts = urlsplit(url)
    try:
        return Offered(parts.hostname or "", parts.port or 80, parts.path, token)
    except ValueError:  # no port number
        return None


@dataclass(frozen=True, slots=True)
class Progress:
    """How it stands: ``version`` once it is ``installed``."""

    state: Literal["going", "bad-part", "gave-up", "refused", "installed"]
    at: int
    detail: str = ""
    version: str | None = None


class Update:
    """One image on its way through the modem; :meth:`step` fetches one part.

    A part that has not come ``response_within_s`` (real time) after its request is tried again.
    """

    def __init__(self, offered: Offered, response_within_s: float) -> None:
        self.offered = offered
        self._response_within_s = response_within_s
        self._image = bytearray()
        self._total: int | None = None
        self._tries = 0
        self._connection: int | None = None
        self._requests = 0

    def renewed(self, offered: Offered) -> bool:
        """Take another token for the same URL; False for another URL."""
        now = self.offered
        if (now.host, now.port, now.path) != (offered.host, offered.port, offered.path):
            return False
        self.offered, self._tries = offered, 0
        return True

    def power_lost(self) -> None:
        """The connection is gone, what was fetched is not."""
        self._connection, self._tries = None, 0

    def hang_up(self, modem: Modem) -> None:
        """Close the connection, if one is open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(CommandRefused, SocketError):
                modem.close_socket(connection)

    def step(self, modem: Modem) -> Progress:
        """Fetch the next part. Raises what says that the modem is gone."""
        first = len(self._image)
        last = first + PART - 1
        if self._total is not None:
            last = min(last, self._total - 1)
        try:
            data = self._ask(modem, first, last)
            status = read_answer(data).status
            if status in _REFUSED:
                self.hang_up(modem)
                return Progress("refused", first, f"status {status}")
            self._image += self._checked(data, first, last)
        except (BadPart, SocketError, PdpRefused, EventTimeout) as error:
            self.hang_up(modem)
            self._tries += 1
            gone = self._tries >= TRIES
            return Progress("gave-up" if gone else "bad-part", first, str(error))
        self._tries = 0
        if self._total is None or len(self._image) < self._total:
            return Progress("going", len(self._image))
        self.hang_up(modem)
        return Progress("installed", len(self._image), version=version_in(bytes(self._image)))

    def _ask(self, modem: Modem, first: int, last: int) -> bytes:
        request = (
            f"GET {self.offered.path} HTTP/1.1\r\nHost: m.m\r\n"
            f"Authorization: Bearer {self.offered.token}\r\nRange: bytes={first}-{last}\r\n\r\n"
        ).encode()
        if self._requests >= REQUESTS:
            self.hang_up(modem)
        if self._connection is None:
            self._connection = modem.open_socket(self.offered.host, self.offered.port)
            self._requests = 0
        self._requests += 1
        return modem.exchange(self._connection, request, response_timeout_s=self._response_within_s)

    def _checked(self, data: bytes, first: int, last: int) -> bytes:
        answer = read_answer(data)
        if answer.status not in (200, 206):
            raise BadPart(f"status {answer.status or 'missing'}")
        if not answer.whole:
            raise BadPart(f"cut off after {len(answer.body)} bytes")
        head = data[: len(data) - len(answer.body)]
        told, digest = _CONTENT_RANGE.search(head), _DIGEST.search(head)
        if told is None or digest is None:
            raise BadPart("no Content-Range or no Digest")
        begin, end, total = map(int, told.groups())
        if begin != first or end != min(last, total - 1) or len(answer.body) != end - begin + 1:
            raise BadPart(f"{len(answer.body)} bytes came as {begin}-{end}, not {first}-{last}")
        if int(digest[1], 16) != zlib.crc32(answer.body):
            raise BadPart(f"the CRC of bytes {begin}-{end} does not fit")
        self._total = total
        return answer.body
