"""An uplink as a curl command and as the steps of a scenario."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.platform.reproduce import MISTAKES, as_curl, as_steps
from harness.platform.uplink import Uplink
from harness.scenario.load import load_cases
from harness.token import compute
from tests.platform.bench import BODY, SECRET, Rig, request, running

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture
def rig() -> Iterator[Rig]:
    with running() as made:
        yield made


def sent(rig: Rig, raw: bytes) -> Uplink:
    """The uplink that ``raw`` becomes."""
    rig.post(raw)
    return rig.platform.uplinks[-1]


def repeated(rig: Rig, uplink: Uplink) -> Uplink:
    """The uplink that its curl command becomes, run by a shell."""
    assert shutil.which("curl"), "these tests run curl"
    command = as_curl(uplink, rig.address, None)
    subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=True)
    return rig.platform.uplinks[-1]


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

QUOTES = b'[{"bn":"urn:dev:IMEI:356726104408422:"},{"n":"it\'s","vs":"$HOME `ls` \\\\ %s !"}]'


@needs_curl
@pytest.mark.parametrize(
    "raw",
    [
        request(),
        request(drop="Content-Type"),
        request(host=b"10.151.236.157"),
        request(extra=b"X-Empty:\r\nAccept: */*"),
        request(QUOTES),
        request(b"@etc/passwd"),
        request(BODY + b"\0"),
        request("[{\"bn\":\"urn:dev:IMEI:356726104408422:\"},{\"n\":\"café\",\"vs\":\"☃\"}]".encode()),
        request(bytes(range(256))),
        request(b"", line=b"GET /elsewhere?a=1&b='2' HTTP/1.1"),
        request(token="A" * 64),
        request(line=b"POST /ingestion/../{a,b}/[1-3]/./v1 HTTP/1.1"),
        request(line=b"POST /ingestion/m2m/senml/v1 HTTP/1.0"),
    ],
)  # fmt: skip
def test_curl_sends_the_same_again(rig: Rig, raw: bytes) -> None:
    """Body, path and headers arrive as they did, whatever a shell would make of them."""
    first = sent(rig, raw)
    second = repeated(rig, first)
    assert second.exchange == first.exchange + 1
    assert second.body == first.body
    one, other = first.request, second.request
    assert one is not None
    assert other is not None
    assert (other.method, other.target) == (one.method, one.target)
    assert other.version == one.version
    counted = {"content-length"}
    wanted = sorted((n.lower(), v) for n, v in one.headers if n.lower() not in counted)
    assert sorted((n.lower(), v) for n, v in other.headers if n.lower() not in counted) == wanted
    about_repeating = {f for f in second.findings if f.requirement.startswith("RESP-")}
    assert set(second.findings) - about_repeating == set(first.findings)


def test_what_is_no_request_goes_out_with_nc(rig: Rig) -> None:
    """Bytes that are no head cannot be said to curl."""
    uplink = sent(rig, b"\x16\x03\x01'%\\\r\n\r\n")
    command = as_curl(uplink, ("0.0.0.0", 8080), None)
    assert command.endswith("| nc -w 10 127.0.0.1 8080")
    printed = subprocess.run(
        ["sh", "-c", command.partition(" | ")[0]], capture_output=True, timeout=60, check=True
    )
    assert printed.stdout == uplink.head + uplink.body


@pytest.mark.parametrize("raw", [request(eol=b"\n"), b"\r\n" + request()])
def test_what_curl_would_mend_goes_out_with_nc(rig: Rig, raw: bytes) -> None:
    """Line ends that curl writes its own way: the same bytes, and so the same findings."""
    command = as_curl(sent(rig, raw), rig.address, None)
    printing, _, sending = command.partition(" | ")
    assert sending.startswith("nc ")
    printed = subprocess.run(["sh", "-c", printing], capture_output=True, timeout=60, check=True)
    assert printed.stdout == raw


def read_back(steps: str, folder: Path) -> None:
    """The steps are a scenario that loads."""
    indented = "".join(f"  {line}\n" for line in steps.splitlines())
    file = folder / "copied.yaml"
    file.write_text(
        f"id: copied.step\ntitle: Copied from the page\nverifies: [SENML-PACK]\nsteps:\n{indented}",
        encoding="utf-8",
    )
    assert load_cases(file)


@pytest.mark.parametrize(
    "raw",
    [
        request(),
        request(drop="Content-Type"),
        request(eol=b"\n"),
        request(host=b"elsewhere"),
        request(line=b"PUT /other HTTP/1.1"),
        request(extra=b'X-More: a "b" {c}'),
        request(BODY + b"\0", token=compute(BODY, SECRET)),
        request(QUOTES),
        request(token="zz"),
        request(drop="Things-Message-Token"),
    ],
)
def test_the_steps_are_a_scenario(rig: Rig, raw: bytes, tmp_path: Path) -> None:
    """They load, name no device, and expect the verdict and the broken requirements."""
    uplink = sent(rig, raw)
    steps = as_steps(uplink, rig.platform.registry.by_name("tracker-1"))
    assert steps is not None
    assert "356726104408422" not in steps
    read_back(steps, tmp_path)
    report, expect = yaml.safe_load(steps)
    body = report["report"]["body"].replace("${imei}", "356726104408422")
    assert body.encode() == uplink.body
    assert expect["expect"]["uplink"]["outcome"] == uplink.outcome.value
    broken = {finding.requirement for finding in uplink.problems()}
    assert set(expect["expect"]["uplink"].get("findings", [])) == broken


def test_what_a_scenario_cannot_say_is_not_said(rig: Rig) -> None:
    """A body that is no text, bytes that are no request, and the mark of a placeholder."""
    device = rig.platform.registry.by_name("tracker-1")
    assert as_steps(sent(rig, request(b"\xff\xfe")), device) is None
    assert as_steps(sent(rig, b"garbage\r\n\r\n"), device) is None
    assert as_steps(sent(rig, request(b"${name}")), device) is None


def test_the_names_of_mistakes_are_those_of_the_scenarios() -> None:
    """What the shipped scenarios ask for and see is what a copied step asks for and sees."""
    shipped = yaml.safe_load((SCENARIOS / "token" / "mistakes.yaml").read_text())["parametrize"]
    for case in shipped:
        assert MISTAKES[case["code"]] == case["mistake"]


@given(st.text(max_size=60))
def test_any_text_becomes_a_yaml_scalar(text: str) -> None:
    """Quotes, control characters and what lies beyond the BMP come back as they were."""
    from harness.platform.reproduce import _quoted

    if not any("\ud800" <= char <= "\udfff" for char in text):
        assert yaml.safe_load(_quoted(text)) == text
