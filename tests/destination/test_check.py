"""``hil destination-check`` on real servers: Python's own http.server behind Python's own TLS."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.cli.main import main
from harness.network.certificates import CertificateKind
from harness.platform.destination.suites import client_context
from tests.destination.bench import HOST, SECRET
from tests.ports import reserved_port
from tests.tls.https import authority

Judge = Callable[[bytes, str], bool]


def over_raw(body: bytes, token: str) -> bool:
    return hashlib.sha256(body + SECRET.encode()).hexdigest() == token


def over_rewritten(body: bytes, token: str) -> bool:
    """The mistake of a public webhook: the token is checked over JSON that was written anew."""
    return over_raw(json.dumps(json.loads(body), separators=(",", ":")).encode(), token)


@contextlib.contextmanager
def serving(
    judge: Judge = over_raw, kind: CertificateKind = "right",
    tune: Callable[[ssl.SSLContext], object] = lambda context: None,
) -> Iterator[list[str]]:  # fmt: skip
    """Options that lead to a server which answers 200 or 401 by ``judge``."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that http.server calls
            body = self.rfile.read(int(self.headers["Content-Length"]))
            good = judge(body, self.headers["Things-Message-Token"])
            self.send_response(200 if good else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue(kind, [HOST]).load_into(context)
    tune(context)

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> tuple[ssl.SSLSocket, Any]:
            plain, address = super().get_request()
            plain.settimeout(10)
            return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), (
                address
            )

        def handle_error(self, request: object, client_address: object) -> None:
            del request, client_address  # clients refuse handshakes on purpose

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield ["--connect", f"127.0.0.1:{server.server_port}"]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class Checked:
    def __init__(self, code: int, answer: dict[str, Any]) -> None:
        self.code = code
        self.rows = [(row["check"], row["state"]) for row in answer["checks"]]
        self.seen = {row["check"]: row["seen"] for row in answer["checks"]}


@pytest.fixture
def check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Checked]:
    """``check(options, url=…)`` runs the command with the test authority trusted."""
    (tmp_path / "ca.pem").write_bytes(authority().pem)
    monkeypatch.setenv("HOOK_SECRET", SECRET)

    def run(options: list[str], *more: str, url: str = f"https://{HOST}/in") -> Checked:
        code = main(
            ["destination-check", url, "--json", "--secret-env", "HOOK_SECRET", "--timeout", "5",
             "--ca", str(tmp_path / "ca.pem"), *options, *more]
        )  # fmt: skip
        out = capsys.readouterr().out
        assert SECRET not in out
        return Checked(code, json.loads(out))

    return run


FORMS = ["separate base record", "merged base record", "exponent numbers"]


def no_1_3(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2


def test_a_good_endpoint_is_good(check: Callable[..., Checked]) -> None:
    """TLS 1.2 with a listed suite, all forms accepted, a wrong token refused: exit 0."""
    with serving(tune=no_1_3) as options:
        done = check(options)
    assert done.code == 0
    assert done.rows == [
        ("configuration", "ok"), ("tls", "ok"), ("certificate", "ok"),
        *((form, "ok") for form in FORMS), ("wrong token", "ok"),
    ]  # fmt: skip
    assert HOST in done.seen["certificate"]


def test_tls_1_3_is_looked_at_twice(check: Callable[..., Checked]) -> None:
    """Contradiction 16: no suite of 1.3 is listed, so 1.2 has to work as well."""
    with serving() as options:
        done = check(options, "--tls-only")
    assert done.code == 0
    assert ("tls", "warning") in done.rows
    assert ("listed suites", "ok") in done.rows
    assert done.rows[-1] == ("delivery", "not checked")


def test_a_server_with_1_3_only_is_a_warning(check: Callable[..., Checked]) -> None:
    """Nobody knows whether the platform gets there."""

    def only_1_3(context: ssl.SSLContext) -> None:
        context.minimum_version = ssl.TLSVersion.TLSv1_3

    with serving(tune=only_1_3) as options:
        done = check(options, "--tls-only")
    assert done.code == 0
    assert ("listed suites", "warning") in done.rows


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("expired", "has expired: renew"),
        ("wrong-name", f"not for {HOST}"),
        ("unknown-ca", "no known authority"),
        ("self-signed", "get one from a public authority"),
    ],
)
def test_a_certificate_nobody_trusts(
    check: Callable[..., Checked], kind: CertificateKind, said: str
) -> None:
    """Exit 1, a verdict to act on, and what the server showed."""
    with serving(kind=kind) as options:
        done = check(options)
    assert done.code == 1
    assert said in done.seen["tls"]
    assert ("certificate", "info") in done.rows
    assert done.rows[-1] == ("delivery", "not checked")


def test_the_test_authority_is_not_trusted_by_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without --ca, a chain that ends in a private authority is refused."""
    with serving() as options:
        assert main(["destination-check", f"https://{HOST}/", *options, "--tls-only"]) == 1
    assert "no known authority" in capsys.readouterr().out


def test_an_unlisted_suite_is_refused(check: Callable[..., Checked]) -> None:
    """AES256-SHA is old, safe enough for many, and not on the list."""

    def old(context: ssl.SSLContext) -> None:
        no_1_3(context)
        context.set_ciphers("AES256-SHA")

    with serving(tune=old) as options:
        done = check(options, "--tls-only")
    assert done.code == 1
    assert "none of the listed cipher suites" in done.seen["tls"]
    assert "AES256-SHA" in done.seen["certificate"]


def test_old_tls_is_refused(check: Callable[..., Checked]) -> None:
    """A server that ends at 1.1."""

    def old(context: ssl.SSLContext) -> None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

    with serving(tune=old) as options:
        done = check(options, "--tls-only")
    assert done.code == 1
    assert "1.2" in done.seen["tls"]


def test_a_check_over_rewritten_json_is_found(check: Callable[..., Checked]) -> None:
    """It takes what it would have written itself, and refuses exponent numbers."""
    with serving(over_rewritten) as options:
        done = check(options)
    assert done.code == 1
    assert [row for row in done.rows if row[0] in ("separate base record", "exponent numbers")] == [
        ("separate base record", "ok"),
        ("exponent numbers", "error"),
    ]
    assert "over the bytes that came" in done.seen["exponent numbers"]


def test_an_endpoint_that_checks_nothing_is_warned(check: Callable[..., Checked]) -> None:
    """It would be delivered to, but anybody can send it data."""
    with serving(lambda body, token: True) as options:
        done = check(options)
    assert done.code == 0
    assert done.rows[-1] == ("wrong token", "warning")


def test_an_endpoint_that_refuses_everything(check: Callable[..., Checked]) -> None:
    """Exit 1, and the wrong token proves nothing then."""
    with serving(lambda body, token: False) as options:
        done = check(options)
    assert done.code == 1
    assert [row for row in done.rows if row[0] in FORMS] == [(form, "error") for form in FORMS]
    assert done.rows[-1] == ("wrong token", "not checked")


class Quiet(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """The test's own output stays readable."""


def test_nobody_there_and_nobody_that_speaks_tls(check: Callable[..., Checked]) -> None:
    """A closed port and a plain HTTP server are told apart."""
    with reserved_port() as closed:
        done = check(["--connect", f"127.0.0.1:{closed}"])
    assert done.code == 1
    assert "no connection to" in done.seen["tls"]
    plain = http.server.HTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=plain.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    done = check(["--connect", f"127.0.0.1:{plain.server_port}"], "--tls-only")
    plain.shutdown()
    plain.server_close()
    thread.join(10)
    assert done.code == 1
    assert "TLS" in done.seen["tls"]


def test_wrong_configuration_is_named_before_anything_is_sent(
    check: Callable[..., Checked],
) -> None:
    """A port in the URL is a finding; a URL without https ends it there."""
    with serving(tune=no_1_3) as options:
        done = check(options, url=f"https://{HOST}:8443/in")
        assert done.code == 1
        assert ("tls", "ok") in done.rows
        done = check(options, url=f"http://{HOST}/in")
    assert done.rows[-1] == ("tls", "not checked")


@pytest.mark.parametrize("host", [".bad.example", "a" * 70 + ".example", "no-such-host.invalid"])
@pytest.mark.parametrize("to", [None, "127.0.0.1:9"])
def test_names_that_lead_nowhere(check: Callable[..., Checked], host: str, to: str | None) -> None:
    """Impossible names and names that nobody has end in a row, not in a traceback."""
    done = check(["--connect", to] if to else [], "--tls-only", url=f"https://{host}/")
    assert done.code == 1
    assert ("tls", "error") in done.rows


def test_people_read_words(capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json: one line per check and a verdict; without a secret, tokens are not judged."""
    with serving(lambda body, token: False) as options:
        assert main(["destination-check", f"https://{HOST}/", *options, "--tls-only"]) == 1
    out = capsys.readouterr().out
    assert out.splitlines()[0].startswith("ok       configuration")
    assert out.splitlines()[-1].startswith("it would NOT be delivered to")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--header", "nonsense"], "Name: value"),
        (["--connect", "nowhere"], "HOST:PORT"),
        (["--ca", "/nonexistent"], "No such file"),
        (["--timeout", "0"], "seconds"),
        (["--secret-env", "NOT_SET_ANYWHERE"], "not set"),
    ],
)
def test_wrong_use(more: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2 with what to do."""
    assert main(["destination-check", f"https://{HOST}/", *more]) == 2
    assert said in capsys.readouterr().err


def test_authorities_that_are_no_pem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A certificate as DER is refused in a sentence."""
    der = tmp_path / "ca.der"
    der.write_bytes(ssl.PEM_cert_to_DER_cert(authority().pem.decode()))
    assert main(["destination-check", f"https://{HOST}/", "--ca", str(der)]) == 2
    said = capsys.readouterr().err
    assert "contain a certificate" in said or "no PEM" in said


def test_remarks_between_authorities_may_be_in_any_language() -> None:
    """What stands beside the certificates of a PEM file is not looked at."""
    remark = "# Autorité Racine\n".encode()
    before = len(client_context().get_ca_certs())
    assert len(client_context(remark + authority().pem).get_ca_certs()) == before + 1
