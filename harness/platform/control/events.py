"""Control routes of the timeline: as it grows, and as a file."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Header, Query, Response
from fastapi.responses import StreamingResponse

from harness.platform.control.feed import Feed


def add_events(app: FastAPI, feed: Feed) -> None:
    """``/api/events`` and ``/api/timeline``."""

    @app.get("/api/events")
    def events(
        kinds: str = "",
        named: bool = True,
        after: Annotated[int | None, Query(ge=0)] = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> StreamingResponse:
        """Timeline events as server-sent events: from now on, or behind the sequence number
        `after` (or the header Last-Event-ID), whose kind begins with one of `kinds`
        (comma-separated). `named=false` leaves out the event names, so that a browser's
        `onmessage` hears all of them."""
        if last_event_id is not None and last_event_id.isdigit():
            after = int(last_event_id)
        wanted = tuple(kind for kind in kinds.split(",") if kind)
        return StreamingResponse(
            feed.stream(wanted, after, named=named), media_type="text/event-stream"
        )

    @app.get("/api/timeline")
    def timeline() -> Response:
        """The newest events as a timeline file (JSON lines)."""
        return Response(
            feed.export(),
            media_type="application/x-ndjson",
            headers={"Content-Disposition": 'attachment; filename="timeline.jsonl"'},
        )
