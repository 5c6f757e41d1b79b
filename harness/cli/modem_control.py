"""The control API of ``hil modem``: small HTTP and JSON, loopback unless told otherwise."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from dataclasses import fields as dataclass_fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harness.clock import wall
from harness.errors import HilError, RigError
from harness.network.origin import foreign_page, is_loopback, named_host
from harness.virtual_modem import FaultKind, LineFault, VirtualModem

_LIMIT = 65_536
_PATHS = (
    "there are: GET /state, /unknown, /sms, /lines; "
    "POST /power, /coverage, /cable, /lines, /sms, /fault"
)


class Control:
    """Serves until :meth:`close`. Raises :class:`RigError` when the address cannot be had."""

    def __init__(self, modem: VirtualModem, host: str, port: int) -> None:
        class Handler(_Handler):
            target = modem

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise RigError(f"cannot listen on {host}:{port} for --control: {error}") from error
        modem.on_lines(lambda state: None)  # from now on they can be looked at
        self._server.daemon_threads = True
        bound = self._server.server_address
        self.address = f"{bound[0]!s}:{bound[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)


def _switch(order: dict[str, Any], name: str) -> bool:
    if not isinstance(order[name], bool):
        raise ValueError(f"{name}: true or false")
    return bool(order[name])


def _fault_kind(value: object) -> FaultKind:
    try:
        return FaultKind(value)
    except ValueError:
        known = ", ".join(kind.value for kind in FaultKind)
        raise ValueError(f"no fault {value!r} (known: {known})") from None


class _Handler(BaseHTTPRequestHandler):
    target: VirtualModem
    timeout = 10.0

    def parse_request(self) -> bool:
        """A page of another site must not switch a modem through somebody's browser."""
        if not super().parse_request():
            return False
        why = foreign_page(self.command, lambda name: self.headers.get(name) or "")
        here = str(self.connection.getsockname()[0])
        named = named_host(self.headers.get("Host") or here)
        if why is None and is_loopback(here) and not is_loopback(named or ""):
            why = f"this is not {named}: ask for it by its address"
        if why is not None:
            self.close_connection = True
            self._answer(403, {"error": why})
        return why is None

    def do_GET(self) -> None:
        if self.path == "/state":
            self._answer(200, asdict(self.target.state) | {"path": self.target.path})
        elif self.path == "/unknown":
            self._answer(200, list(self.target.unknown_commands))
        elif self.path == "/lines":
            self._answer(200, self._lines())
        elif self.path == "/sms":
            sent = [asdict(message) for message in self.target.sent_sms]
            self._answer(200, sent)
        else:
            self._answer(404, {"error": _PATHS})

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("Content-Length", "0"))
            if not 0 <= length <= _LIMIT:
                raise ValueError(f"a body of 0 to {_LIMIT} bytes is expected")
            try:
                order = json.loads(self.rfile.read(length) or b"{}")
            except ValueError as error:
                raise ValueError(f"a JSON object is expected: {error}") from None
            if not isinstance(order, dict):
                raise ValueError("a JSON object is expected")
            self._answer(200, self._do(order))
        except KeyError as error:
            missing = error.args != (self.path,)
            reason = f"{error.args[0]} is missing" if missing else _PATHS
            self._answer(422 if missing else 404, {"error": reason})
        except (ValueError, TypeError, HilError) as error:
            self._answer(422, {"error": str(error)})

    def _lines(self) -> dict[str, Any]:
        return asdict(self.target.lines) | {"rings": self.target.rings}

    def _do(self, order: dict[str, Any]) -> dict[str, Any]:
        modem = self.target
        if self.path == "/power":
            on = _switch(order, "on")
            if order.get("cut") and not on:
                modem.cut_power()
            else:
                modem.power(on)
            return asdict(modem.state)
        if self.path == "/coverage":
            modem.coverage(_switch(order, "on"))
            return asdict(modem.state)
        if self.path == "/cable":
            if _switch(order, "on"):
                modem.plug()
            else:
                modem.unplug()
            return {"path": modem.path}
        if self.path == "/lines":
            if unknown := order.keys() - {"dtr", "rts"}:
                raise ValueError(f"the host has no {', '.join(sorted(unknown))}, only dtr and rts")
            levels = {name: _switch(order, name) for name in order}
            if "dtr" in levels:
                modem.set_dtr(levels["dtr"])
            if "rts" in levels:
                modem.set_rts(levels["rts"])
            return self._lines()
        if self.path == "/sms":
            sender, text = str(order["sender"]), str(order["text"])
            return {"delivered": modem.deliver_sms(sender, text, wall())}
        if self.path == "/fault":
            fields = dict(order)
            kind = _fault_kind(fields.pop("kind"))
            if unknown := fields.keys() - {field.name for field in dataclass_fields(LineFault)}:
                raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
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
