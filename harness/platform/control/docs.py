"""The page at ``/docs``: made from the OpenAPI document, nothing is fetched from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code,pre{background:#8882;padding:.1rem .3rem;overflow-x:auto}pre{padding:.6rem}"
    "h2{margin-top:2rem;border-top:1px solid #8888;padding-top:1rem}"
)


def add_docs(app: FastAPI) -> None:
    """``/docs`` and its style sheet: of its own, because nothing inline is allowed here."""

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))

    @app.get("/docs.css", include_in_schema=False)
    def style() -> Response:
        return Response(_STYLE, media_type="text/css")


def docs_page(document: Mapping[str, Any]) -> str:
    """One HTML page that lists each order, what it does and what it takes."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        f"<title>{escape(document['info']['title'])}</title>",
        "<link rel=stylesheet href=/docs.css>",
        f"<h1>{escape(document['info']['title'])}</h1>",
        f"<p>{escape(document['info'].get('description', ''))}</p>",
        "<p>The same for programs: <a href=/openapi.json>/openapi.json</a></p>",
    ]
    schemas = document.get("components", {}).get("schemas", {})
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts.append(f"<h2><code>{method.upper()} {escape(path)}</code></h2>")
            parts.append(f"<p>{escape(operation.get('description', ''))}</p>")
            content = operation.get("requestBody", {}).get("content", {})
            for media in content.values():
                for schema in media["schema"].get("oneOf", [media["schema"]]):
                    name = schema.get("$ref", "").rpartition("/")[2]
                    shown = json.dumps(schemas.get(name, schema), indent=2)
                    parts.append(f"<pre>{escape(shown)}</pre>")
    return "\n".join(parts)
