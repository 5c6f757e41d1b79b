"""The live page: files that are served as they are, with nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

_FILES = Path(__file__).parent / "live"


def add_page(app: FastAPI) -> None:
    """``/`` and the files it needs, under ``/live``."""

    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(_FILES / "index.html", headers={"Cache-Control": "no-cache"})

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> RedirectResponse:
        return RedirectResponse("/live/icon.svg")

    app.mount("/live", StaticFiles(directory=_FILES))
