"""The control API of ``hil modem``: small HTTP and JSON, loopback unless told otherwise."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harness.clock import wall
from harness.errors import HilError, RigError
from harness.virtual_modem import FaultKind, LineFault, VirtualModem

_LIMIT = 65_536


class Control:
    """Serves until :meth:`close`. Raises :class:`RigError` when the address cannot be had."""

    def __init__(self, modem: VirtualModem, host: str, port: int) -> None:
        class Handler(_Handler):
            target = modem

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise RigError(f"cannot listen on {host}:{port} for --control: {error}") from error
        self._server.daemon_threads = True
        bound = self._server.server_address
        self.address = f"{bound[0]!s}:{bound[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)


class _Handler(BaseHTTPRequestHandler):
    target: VirtualModem
    timeout = 10.0

    def do_GET(self) -> None:
        if self.path == "/state":
            self._answer(200, asdict(self.target.state) | {"path": self.target.path})
        elif self.path == "/unknown":
            self._answer(200, list(self.target.unknown_commands))
        else:
            self._answer(404, {"error": "GET /state, /unknown; POST /power, /sms, /fault"})

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("Content-Length", "0"))
            if not 0 <= length <= _LIMIT:
                raise ValueError(f"a body of 0 to {_LIMIT} bytes is expected")
            order = json.loads(self.rfile.read(length) or b"{}")
            if not isinstance(order, dict):
                raise ValueError("a JSON object is expected")
            self._answer(200, self._do(order))
        except KeyError as error:
            self._answer(404 if error.args == (self.path,) else 422, {"error": f"missing: {error}"})
        except (ValueError, TypeError, HilError) as error:
            self._answer(422, {"error": str(error)})

    def _do(self, order: dict[str, Any]) -> dict[str, Any]:
        modem = self.target
        if self.path == "/power":
            if not isinstance(order["on"], bool):
                raise ValueError("on: true or false")
            modem.power(order["on"])
            return asdict(modem.state)
        if self.path == "/sms":
            sender, text = str(order["sender"]), str(order["text"])
            return {"delivered": modem.deliver_sms(sender, text, wall())}
        if self.path == "/fault":
            fields = dict(order)
            kind = FaultKind(fields.pop("kind"))
            if "data" in fields:
                fields["data"] = str(fields["data"]).encode("latin-1")
            modem.inject(LineFault(kind, **fields))
            return {"injected": kind.value}
        raise KeyError(self.path)

    def _answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not worth a line on the terminal."""
