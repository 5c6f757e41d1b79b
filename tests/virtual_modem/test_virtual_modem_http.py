"""The built-in HTTP client of a virtual modem against servers of the test's own making."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.virtual_modem import ModemSettings
from harness.virtual_modem.http_client import HttpClient
from tests.virtual_modem.conftest import Bench, Make

Serve = Callable[..., tuple[str, int]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(*pieces, tls=…)``: one connection; each piece is sent, an event is waited for."""
    threads: list[threading.Thread] = []

    def start(
        *pieces: bytes | threading.Event, tls: ssl.SSLContext | None = None
    ) -> tuple[str, int]:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(10)

        def run() -> None:
            with listener:
                plain, _ = listener.accept()
            plain.settimeout(10)
            peer = tls.wrap_socket(plain, server_side=True) if tls else plain
            with closing(peer):
                request = b""
                while b"\r\n\r\n" not in request:
                    request += peer.recv(65536)
                for piece in pieces:
                    if isinstance(piece, threading.Event):
                        assert piece.wait(60)
                    else:
                        peer.sendall(piece)

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return listener.getsockname()[:2]

    yield start
    for thread in threads:
        thread.join(10)


def _get(one: Bench, url: bytes = b"http://10.151.236.157/x") -> bytes:
    """+QHTTPGET and its result code."""
    one.attach()
    one.host.ask(f"AT+QHTTPURL={len(url)},10", b"CONNECT\r\n")
    one.host.ask(url.decode(), b"OK\r\n")  # the CR behind it is an empty line
    one.host.ask("AT+QHTTPGET=10", b"OK\r\n")
    one.host.read_until(b"+QHTTPGET: ")
    return one.host.read_until(b"\r\n")


def test_the_result_code_comes_after_the_head(bench: Make, serve: Serve) -> None:
    """Before the body is there; reading waits for the rest."""
    rest = threading.Event()
    target = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", rest, b"def")
    one = bench(target=target)
    assert _get(one) == b"0,200,6\r\n"
    rest.set()
    text = one.host.ask("AT+QHTTPREAD=10", b"+QHTTPREAD: 0\r\n")
    assert text == b"\r\nCONNECT\r\nabcdef\r\nOK\r\n\r\n+QHTTPREAD: 0\r\n"
    assert one.host.ask("AT+CMEE=1;+QHTTPREAD=10", b"E ERROR: 705\r\n")


@pytest.mark.parametrize(
    ("response", "result", "body", "error"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nhello", b"0,200\r\n", b"hello", 0),
        (
            b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n",
            b"0,202\r\n", b"abcde", 0,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", b"0,200,9\r\n", b"short", 719),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", b"0,200,2\r\n", b"hi", 0),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"0,204,0\r\n", b"", 0),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"0,200\r\n", b"", 719,
        ),
    ],
)  # fmt: skip
def test_bodies_of_all_shapes(
    bench: Make, serve: Serve, response: bytes, result: bytes, body: bytes, error: int
) -> None:
    """With, without and with a wrong length; in chunks; with bare LF."""
    one = bench(target=serve(response))
    assert _get(one) == result
    text = one.host.ask("AT+QHTTPREAD=10", b"+QHTTPREAD: %d\r\n" % error)
    assert text.startswith(b"\r\nCONNECT\r\n" + body + b"\r\nOK\r\n")


@pytest.mark.parametrize(
    "response", [b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"y" * HttpClient.HEAD]
)
def test_a_head_that_is_none_is_a_failed_response(
    bench: Make, serve: Serve, response: bytes
) -> None:
    """Error 723, also for a head beyond all bounds."""
    assert _get(bench(target=serve(response + b"\r\n\r\n" if response else b""))) == b"723\r\n"


def test_a_body_has_an_upper_limit(
    bench: Make, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What exceeds it is not kept: 729."""
    monkeypatch.setattr(HttpClient, "BODY", 1000)
    one = bench(target=serve(b"HTTP/1.1 200 OK\r\n\r\n" + b"z" * 1001))
    assert _get(one) == b"0,200\r\n"
    one.host.ask("AT+QHTTPREAD=10", b"+QHTTPREAD: 729\r\n")


def test_a_body_larger_than_the_lines_buffer_arrives_whole(bench: Make, serve: Serve) -> None:
    """A module waits for its UART, so nothing is dropped."""
    one = bench(
        target=serve(b"HTTP/1.1 200 OK\r\n\r\n" + b"z" * 40_000),
        settings=ModemSettings(output_limit=8192),
    )
    assert _get(one) == b"0,200\r\n"
    text = one.host.ask("AT+QHTTPREAD=10", b"+QHTTPREAD: 0\r\n")
    assert text.count(b"z") == 40_000


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed one with its key, made by openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed (apt: openssl)")
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=m.m", "-keyout", file, "-out", f"{file}.crt"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


@pytest.mark.parametrize("sni", ["0", "1"])
def test_https_is_real_tls(bench: Make, serve: Serve, certificate: Path, sni: str) -> None:
    """TLS 1.2, without verification (seclevel 0), with a server name only when it is asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    seen: list[tuple[str | None, str | None]] = []
    context.sni_callback = lambda sock, name, _: seen.append((name, sock.version()))
    target = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", tls=context)
    one = bench(target=target, name="prod.example", port=443)
    one.host.boot()
    assert one.host.ask(f'ATE0;+QSSLCFG="sni",1,{sni}').endswith(b"\r\nOK\r\n")
    assert _get(one, b"https://prod.example/x") == b"0,200,2\r\n"
    one.host.ask("AT+QHTTPREAD=10", b"hi\r\nOK\r\n")
    assert [name for name, _ in seen] == ["prod.example" if sni == "1" else None]


def test_mutual_authentication_is_refused_and_listed(bench: Make) -> None:
    """A device certificate cannot be held: no pretence."""
    one = bench()
    one.host.boot()
    one.host.ask("ATE0")
    assert one.host.ask('AT+QSSLCFG="sslversion",1,4') == b"\r\nOK\r\n"
    assert b'+QSSLCFG: "seclevel",1,0\r\n' in one.host.ask('AT+QSSLCFG="seclevel",1')
    for refused in ('"seclevel",1,2', '"clientcert",1,"UFS:client.pem"'):
        assert one.host.ask(f"AT+QSSLCFG={refused}") == b"\r\nERROR\r\n"
    assert len(one.modem.unknown_commands) == 2


def test_a_plain_server_behind_https_is_a_socket_error(bench: Make) -> None:
    """A failed handshake ends with a code, not with silence."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        one = bench(target=listener.getsockname(), name="prod.example", port=443)
        assert _get(one, b"https://prod.example/x") == b"717\r\n"
        thread.join(10)
