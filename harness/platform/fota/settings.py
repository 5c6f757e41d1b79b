"""What the documents leave open about the file server, each with its default (facts §8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.errors import UsageError

StatusForm = Literal["206", "200"]
"""``206 Partial Content``, or ``HTTP/1.1 200`` without a reason phrase: both are seen in use."""

FILES_PATH = "/f/v1/"
"""Where all files are; a UUID follows (facts §8, from the vendor's test)."""


@dataclass(frozen=True, slots=True)
class FotaSettings:
    """How the file server behaves where the documents leave it open.

    ``base_url`` is what offered URLs begin with. ``last_request``: whether the answer to the last
    request that a connection may carry announces the end (``Connection: close``).
    """

    base_url: str = "http://10.151.236.157:80"
    status_form: StatusForm = "206"
    token_life_s: float = 86_400.0
    token_length: int = 180
    requests_per_connection: int = 100
    last_request: Literal["silent", "announced"] = "silent"
    unauthorized: int = 401
    unknown_file: int = 404
    wrong_method: int = 405
    malformed_range: int = 400
    unsatisfiable: int = 416
    tries: int = 3
    version_record: str = "firmware"
    image_limit: int = 16 * 1024 * 1024

    def __post_init__(self) -> None:
        if not self.base_url.startswith("http://") or self.base_url.endswith("/"):
            raise UsageError(
                f"the URL of the file server is {self.base_url!r}; write http://HOST:PORT"
            )
        if not 30 <= self.token_length <= 4_000:
            raise UsageError(f"a firmware token has 30 to 4000 letters, not {self.token_length}")

    def assumptions(self) -> list[tuple[str, str, str]]:
        """Name, value in force, and why that value, of each."""
        codes = (
            f"token {self.unauthorized}, URL {self.unknown_file}, method {self.wrong_method}, "
            f"Range {self.malformed_range} or {self.unsatisfiable}"
        )
        reused = f"a request past {self.requests_per_connection} is not answered, connection closed"
        if self.last_request == "announced":
            reused = f"answer {self.requests_per_connection} says Connection: close"
        return [
            ("firmware: status of a part", self.status_form, "206 and a bare 200 are both seen"),
            ("firmware: refusals", codes, "the file server's codes are not documented"),
            (
                "firmware: token",
                f"{self.token_length} letters and digits, for {self.token_life_s:g} s",
                "neither form nor life-time is documented; as long as the JWT in a fixture",
            ),
            ("firmware: connection reused too often", reused, "only the limit is documented"),
            (
                "firmware: request without Range",
                "answered with the whole image, flagged",
                "RFC 9110 says so; the documents show Range only",
            ),
            (
                "firmware: size of an image",
                f"at most {self.image_limit} B",
                "no limit is documented",
            ),
        ]
