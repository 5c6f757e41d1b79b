"""What all routes of the control API share: JSON without secrets."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Response

from harness.evidence import Redactor, redacted


class Answers:
    """Makes JSON answers from plain data; no registered secret gets into one."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def __call__(self, data: Any, status: int = 200) -> Response:
        text = json.dumps(redacted(data, self._redactor), ensure_ascii=False)
        return Response(text, status, media_type="application/json")
