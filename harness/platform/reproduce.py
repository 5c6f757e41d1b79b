"""An uplink as something a person can run again: a curl command, or the steps of a scenario."""

from __future__ import annotations

import json
import shlex
from urllib.parse import quote

from harness.platform.head import Head, WireNote
from harness.platform.message import Message
from harness.platform.registry import Registration
from harness.platform.settings import IP_PATH, M2M_PATH, PLATFORM_NAME, TOKEN_HEADER
from harness.platform.uplink import Uplink

Address = tuple[str, int]

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # bound everywhere: reached on this machine
_GLOB = frozenset("[]{}")
_OWN_OF_CURL = ("User-Agent", "Accept", "Content-Type")
_DOCUMENTED = ("Host", TOKEN_HEADER, "Content-Type", "Content-Length")

MISTAKES = {
    "not-a-digest": "not-hex",
    "upper-case": "upper-case",
    "trailing-nul": "trailing-nul",
    "trailing-cr": "trailing-cr",
    "trailing-lf": "trailing-lf",
    "trailing-crlf": "trailing-crlf",
    "white-space-stripped": "stripped",
    "json-spaced": "reserialised",
    "secret-first": "secret-first",
    "hmac": "hmac",
    "other-device": "other-secret",
    "secret-lf": "secret-newline",
    "secret-nul": "secret-nul",
    "secret-lower": "secret-lower-case",
    "secret-empty": "no-secret",
    "double-hash": "double-hash",
    "charset": "utf-16",
    "truncated-body": "truncated-body",
    "previous-body": "previous-body",
    "sha1": "sha-1",
    "md5": "md5",
    "missing": "missing",
    "empty": "empty",
}
"""What a wrong token turned out to be, and the name under which a scenario asks for it."""


def as_curl(
    uplink: Uplink, http: Address | None, https: Address | None, mqtt: Address | None = None
) -> str:
    """A shell command that sends the same request to the platform that listens there.

    A request that curl cannot make, because its head is none or has other line ends or another
    count than curl's, goes out with ``nc`` as it was. What came by MQTT is published again, without
    credentials, which nobody but the broker has seen.
    """
    if uplink.message is not None:
        return _published(uplink.message, _reached(mqtt or ("127.0.0.1", 1883)))
    head = uplink.request
    if head is None or (uplink.tls is None and _beyond_curl(head, uplink.body)):
        host, port = _reached(http or ("127.0.0.1", 80))
        return f"{_printf(uplink.head + uplink.body)} | nc -w 10 {host} {port}"
    if uplink.tls is not None and https is not None:
        host, port = _reached(https)
        reached = [("--cacert", "ca.pem"), ("--connect-to", f"::{_bracketed(host)}:{port}")]
        url = f"https://{PLATFORM_NAME}"
    else:
        host, port = _reached(http or ("127.0.0.1", 80))
        reached = []
        url = f"http://{_bracketed(host)}:{port}"
    options = [("curl", "-sS", "-i"), *reached]
    if WireNote.HTTP_1_0 in head.notes:
        options.append(("--http1.0",))
    has_body = bool(uplink.body or head.all("Content-Length"))
    if head.method != "POST" or not has_body:
        options.append(("-X", head.method))
    options += [("-H", f"{name}: {value}" if value else f"{name};") for name, value in _sent(head)]
    options += [("-H", f"{name}:") for name in _OWN_OF_CURL if not head.all(name)]
    piped = ""
    if has_body:
        text = _text(uplink.body)
        if text is None or text.startswith("@"):
            piped = f"{_printf(uplink.body)} | "
        options.append(("--data-binary", "@-" if piped else str(text)))
    target = head.target if head.target.startswith("/") else head.path
    if "/." in target:
        options.append(("--path-as-is",))
    if not _GLOB.isdisjoint(target):
        options.append(("--globoff",))
    options.append((url + target,))
    return piped + " \\\n  ".join(shlex.join(option) for option in options)


def _published(message: Message, address: Address) -> str:
    host, port = address
    text = _text(message.payload)
    piped = text is None or text.startswith("@")
    words = ["curl", "-sS", "--data-binary", "@-" if piped else str(text)]
    words.append(f"mqtt://{_bracketed(host)}:{port}/{quote(message.topic)}")
    return (f"{_printf(message.payload)} | " if piped else "") + shlex.join(words)


def _beyond_curl(head: Head, body: bytes) -> bool:
    """Whether curl would mend it: blank lines before it, bare LF, a length not the body's."""
    mended = WireNote.BARE_LF in head.notes or WireNote.LEADING_BLANK in head.notes
    return mended or (head.length is not None and head.length != len(body))


def _sent(head: Head) -> list[tuple[str, str]]:
    """Those that curl does not count by itself."""
    alone = ("content-length", "transfer-encoding", "expect")
    return [(name, value) for name, value in head.headers if name.lower() not in alone]


def _reached(address: Address) -> Address:
    host, port = address
    return _ANY.get(host, host), port


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _text(data: bytes) -> str | None:
    """The bytes as text that a shell takes inside quotes; None when it cannot."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if all(char == "\n" or char.isprintable() for char in text) else None


def _printf(data: bytes) -> str:
    """As octal escapes, which every printf knows (POSIX)."""
    plain = frozenset(b"%\\'")
    out = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in plain else f"\\{byte:03o}" for byte in data
    )
    return f"printf '{out}'"


def as_steps(uplink: Uplink, device: Registration | None) -> str | None:
    """Steps that make a device under test send this again, and expect what came of it, as YAML.

    The device's identifier becomes ``${imei}`` or ``${dvnuuid}``, so that the steps fit any device.
    None for what the language cannot say: a head that is none, a body that is not UTF-8 or holds
    the mark of a placeholder.
    """
    head = uplink.request
    try:
        body = uplink.body.decode()
    except UnicodeDecodeError:
        return None
    if (head is None and uplink.message is None) or "${" in body:
        return None
    if device is not None and device.imei:
        body = body.replace(device.imei, "${imei}")
    elif device is not None and device.dvnuuid:
        body = body.replace(device.dvnuuid, "${dvnuuid}")
    report = {"body": _quoted(body)}
    mistake = MISTAKES.get(uplink.token.code)
    if mistake is not None:
        report["token"] = mistake
    request = [] if head is None else _request(head, uplink)
    if request:
        report["request"] = "{" + ", ".join(f"{key}: {value}" for key, value in request) + "}"
    step = "report" if uplink.message is None else "publish"
    lines = [f"- {step}:", *(f"    {key}: {value}" for key, value in report.items())]
    seen = f"outcome: {uplink.outcome.value}"
    broken = dict.fromkeys(finding.requirement for finding in uplink.problems())
    if broken:
        seen += f", findings: [{', '.join(broken)}]"
    if mistake is not None and uplink.token.details is not None:
        seen += f", explained: {uplink.token.code}"
    lines += ["- expect:", f"    uplink: {{{seen}}}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """As a YAML scalar: readable where that can be, with escapes where it has to be."""
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def _request(head: Head, uplink: Uplink) -> list[tuple[str, str]]:
    """What differs from the documented request, as the ``request`` of a report step."""
    out: list[tuple[str, str]] = []
    if head.method != "POST":
        out.append(("method", head.method))
    if head.path != (IP_PATH if uplink.tls is not None else M2M_PATH):
        out.append(("path", json.dumps(head.path)))
    host = head.first("Host")
    if host is not None and host != (PLATFORM_NAME if uplink.tls is not None else "m.m"):
        out.append(("host", json.dumps(host)))
    dropped = [name for name in _DOCUMENTED if not head.all(name) and name != TOKEN_HEADER]
    if dropped:
        out.append(("drop", f"[{', '.join(dropped)}]"))
    extra = {
        name: value
        for name, value in head.headers
        if name.lower() not in {known.lower() for known in _DOCUMENTED}
    }
    if extra:
        out.append(("headers", json.dumps(extra, ensure_ascii=False)))
    if WireNote.BARE_LF in head.notes:
        out.append(("line-ends", "lf"))
    return out
