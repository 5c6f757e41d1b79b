"""Update over the air: fetch the image in parts, check each, check the whole, install, report.

Requirements: FOTA-OFFER, FOTA-RANGE, FOTA-REUSE, FOTA-REPORT. A part that does not come as it
should is tried again, three times in all; then the device waits for another offer or for power-up.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass

from .at import Modem, ModemError
from .console import Console
from .exchange import Exchange, NoResponse, Response
from .faults import Faults
from .flash import Download, Flash
from .senml import Record
from .way import FILES

_REQUESTS = 100  # FOTA-REUSE
_TRIES = 3
_URL = re.compile(r"http://([0-9A-Za-z.\-]+)(?::(\d{1,5}))?(/[!-~]*)")
_RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")
_HEAD = re.compile(
    rb"things-hil firmware\nversion: ([0-9A-Za-z._+\-]{1,64})\nsha256: ([0-9a-f]{64})\n\n"
)


class BadPart(Exception):
    """What came is not the part that was asked for; ``str()`` says why."""


class Refused(Exception):
    """The file server does not give it to us, and asking again would not help."""


@dataclass(frozen=True, slots=True)
class Policy:
    """``part`` is in bytes, ``retry_base_s`` the first pause after a bad part, doubling."""

    part: int
    response_s: float
    retry_base_s: float


def offer_of(records: list[Record]) -> Download | None:
    """The offer in a downlink; None when there is none, or its URL cannot be used."""
    texts = {record["n"]: record["vs"] for record in records if isinstance(record.get("vs"), str)}
    found = _URL.fullmatch(texts.get("url", ""))
    if found is None or not texts.get("token"):
        return None
    return Download(found[1], int(found[2] or 80), found[3], texts["token"])


class Updater:
    """One part per :meth:`step`, so that uplinks need not wait for a whole image."""

    def __init__(
        self, modem: Modem, console: Console, flash: Flash, policy: Policy, faults: Faults
    ) -> None:
        self._console, self._flash, self._policy, self._faults = console, flash, policy, faults
        self._exchange = Exchange(modem, FILES, policy.response_s, faults)
        self._requests = 0  # on the connection that is open; 0: none is
        self._tries = 0
        self._due_s: float | None = None
        if flash.download is not None:
            self._due_s = 0.0
            self._tell("resumed", have=flash.size)

    def due_s(self) -> float | None:
        """When to call ``step`` next (monotonic); None while there is nothing to fetch."""
        return self._due_s

    def offered(self, download: Download) -> str:
        """Take an offer; a new token for the same URL goes on where it was."""
        now = self._flash.download
        if now is not None and (now.host, now.port, now.path) == (
            download.host, download.port, download.path,
        ):  # fmt: skip
            now.token = download.token
            self._flash.save()
        else:
            self._flash.begin(download)
        self._tries, self._due_s = 0, 0.0
        return "fetches firmware"

    def lost_modem(self) -> None:
        """The modem restarted: its sockets are gone."""
        self._requests = 0

    def step(self, now_s: float) -> None:
        """Fetch one part; after the last one check the whole and install it. Raises ModemLost."""
        download = self._flash.download
        if download is None:
            self._due_s = None
            return
        first = self._flash.size
        if "firmware-wrong-offset" in self._faults:
            first += 1
        try:
            self._fetch(download, first)
        except (BadPart, NoResponse, ModemError) as error:
            self._hang_up()
            self._bad(str(error), first, now_s)
            return
        except Refused as error:
            self._hang_up()
            self._stop("refused", detail=str(error))
            return
        self._tries = 0
        skipped = 1 if "firmware-wrong-offset" in self._faults else 0
        if download.total is not None and self._flash.size + skipped >= download.total:
            self._hang_up()
            self._install()

    def _fetch(self, download: Download, first: int) -> None:
        last = first + self._policy.part - 1
        if download.total is not None:
            last = min(last, download.total - 1)  # clipping is on the client (facts §8)
        response = self._ask(download, first, last)
        part = self._checked(response, download, first, last)
        self._flash.add(part)

    def _ask(self, download: Download, first: int, last: int) -> Response:
        lines = [
            f"GET {download.path} HTTP/1.1",
            "Host: m.m",
            f"Authorization: Bearer {download.token}",
            f"Range: bytes={first}-{last}",
        ]
        if "firmware-no-token" in self._faults:
            del lines[2]
        request = "\r\n".join(lines).encode() + b"\r\n\r\n"
        if self._requests >= _REQUESTS and "firmware-one-connection" not in self._faults:
            self._hang_up()
        reused = self._requests > 0
        try:
            return self._exchanged(download, request)
        except (NoResponse, ModemError):
            # The server may close an idle connection at any moment: that is no try of the part.
            if not reused:
                raise
            self._hang_up()
            return self._exchanged(download, request)

    def _exchanged(self, download: Download, request: bytes) -> Response:
        if not self._requests:
            self._exchange.forget_old_urcs()
            self._exchange.open(download.host, download.port)
        self._requests += 1
        self._exchange.send(request)
        return self._exchange.receive()

    def _hang_up(self) -> None:
        if self._requests:
            self._requests = 0
            self._exchange.close()

    def _checked(self, response: Response, download: Download, first: int, last: int) -> bytes:
        """The part, once everything about it fits (FOTA-RANGE)."""
        if response.status in (401, 403, 404, 410):
            raise Refused(f"status {response.status}")
        if response.status not in (200, 206):
            raise BadPart(f"status {response.status}")
        if not response.complete:
            raise BadPart(f"cut off after {len(response.body)} bytes")
        found = _RANGE.fullmatch(response.headers.get("content-range", ""))
        if found is None:
            raise BadPart("no Content-Range")
        begin, end, total = map(int, found.groups())
        if begin != first or end != min(last, total - 1):
            raise BadPart(f"bytes {begin}-{end} came instead of {first}-{last}")
        if len(response.body) != end - begin + 1:
            raise BadPart(f"{len(response.body)} bytes came instead of {end - begin + 1}")
        crc = f"crc32={zlib.crc32(response.body):08x}"
        digest = response.headers.get("digest", "").lower()
        if digest != crc and "firmware-ignores-crc" not in self._faults:
            raise BadPart(f"Digest is {digest or 'missing'}, the part has {crc}")
        if download.total != total:
            download.total = total
            self._flash.save()
        return response.body

    def _bad(self, why: str, first: int, now_s: float) -> None:
        self._tries += 1
        if "firmware-loops-on-bad-part" in self._faults:
            return
        if self._tries >= _TRIES:
            self._stop("gave-up", at=first, detail=why)
            return
        pause_s = self._policy.retry_base_s * 2.0 ** (self._tries - 1)
        self._due_s = now_s + pause_s
        self._tell("bad-part", at=first, detail=why, retry_in_s=pause_s)

    def _install(self) -> None:
        """Check the whole against the image's own head; what fits runs from now on."""
        image = self._flash.image
        head = _HEAD.match(image)
        if head is None or hashlib.sha256(image[head.end() :]).hexdigest() != head[2].decode():
            self._flash.end()
            self._stop("spoilt", detail="the image as a whole is not what its head says")
            return
        version = head[1].decode()
        self._flash.end(version)
        self._stop("installed", version=version)

    def _stop(self, state: str, **facts: object) -> None:
        self._due_s, self._tries = None, 0
        self._tell(state, **facts)

    def _tell(self, state: str, **facts: object) -> None:
        self._console.event("firmware", state=state, **facts)

    # -- reporting ----------------------------------------------------------------------------

    @property
    def report(self) -> tuple[Record, ...]:
        """The record that reports a new version (FOTA-REPORT); none when none is due."""
        if not self._flash.report_due or "firmware-never-reports" in self._faults:
            return ()
        return ({"n": "firmware", "vs": self._flash.version},)

    def reported(self) -> None:
        """The platform has taken it."""
        if self._flash.report_due:
            self._flash.report_due = False
            self._flash.save()
