"""Runs that leave a report: end to end through pytest, and read back from the page."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from harness.report.replay import find_run, remake
from tests.report import played

ROOT = Path(__file__).parents[2]
RUN = """
import pytest
from fixtures.report import run_folder
from tests.report import played

MAKERS = [played.accepted, played.token_failure, played.sms_backoff, played.rig_error]

@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_scenario(request, maker):
    play = maker(run_folder(request.config))
    found = played.properties(play)
    request.node.user_properties.extend(found)
    if dict(found)["hil.verdict"] != "passed":
        pytest.fail(dict(found)["hil.message"], pytrace=False)

def test_capture(request):
    request.node.user_properties += [
        ("hil.scenario", "net.dns"), ("hil.verifies", "NET-NODNS"), ("hil.verdict", "skipped")]
    pytest.skip("the rig sim does not offer capture")
"""
VOID = {"meta", "br", "input", "link", "img", "source"}


class Checker(HTMLParser):
    """Well-formed, nothing executable, nothing from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            outside = name in ("src", "href") and (value or "").startswith(("http", "//", "java"))
            if name.startswith("on") or outside:
                self.bad.append(f"{tag} {name}={value}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.bad.append(f"unexpected </{tag}>")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def check(fragment: str) -> Checker:
    checker = Checker()
    checker.feed(fragment)
    checker.close()
    assert checker.bad == []
    assert checker.open == []
    return checker


def blob(page: str) -> dict[str, list[dict[str, Any]]]:
    """The results that pytest-html's page holds, by node id."""
    found = re.search(r'data-jsonblob="([^"]*)"', page)
    assert found is not None
    tests: dict[str, list[dict[str, Any]]] = json.loads(html.unescape(found[1]))["tests"]
    return tests


def start(folder: Path, *words: str, source: str = RUN) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_run.py").write_text(source)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "pytest.ini", "--rootdir", str(folder),
         "-p", "fixtures.rig", "-p", "fixtures.scenarios", "-p", "fixtures.report",
         "-p", "no:cacheprovider", *words, "test_run.py"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=200, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """One run of five items, with its output."""
    folder = tmp_path_factory.mktemp("run")
    done = start(folder, "--hil", "-p", "no:xdist")
    return (folder / "reports" / "latest").resolve(), done


def test_terminal_ends_with_counts_and_path(
    run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    """The last lines name verdicts, broken requirements, skips; the very last is the page."""
    _, done = run
    lines = done.stdout.strip().splitlines()
    assert lines[-1] == "reports/latest/report.html"
    ending = "\n".join(lines[-8:])
    assert "1 requirement broken: 2 passed, 1 failed, 1 rig error, 1 skipped" in ending
    assert "broken   TOKEN-EXACT" in ending
    assert "unknown  AT command AT+QNOTHERE" in ending
    assert "missing  the rig sim does not offer capture" in ending
    assert "assumed  response codes: 202, 400, 401, 404" in ending
    assert done.returncode == 1


def test_summary_json_tells_the_run(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """summary.json holds counts, requirements, items and the exit code."""
    folder, _ = run
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["counts"] == {"passed": 2, "failed": 1, "rig error": 1, "skipped": 1}
    assert summary["requirements"]["TOKEN-EXACT"] == {"passed": 0, "failed": 1, "skipped": 0}
    assert summary["requirements"]["TOKEN-FORMULA"] == {"passed": 1, "failed": 0, "skipped": 0}
    assert summary["exit"] == 1
    assert summary["run"] == folder.name
    assert {"python", "pytest", "scapy", "freezegun"} <= set(summary["versions"])
    assert (folder / "junit.xml").exists()


def test_page_holds_every_card(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Each scenario's row has its card: well-formed, nothing executable or from elsewhere."""
    folder, _ = run
    page = (folder / "report.html").read_text()
    assert '<html lang="en">' in page
    assert 'name="viewport"' in page
    tests = blob(page)
    assert len(tests) == 5
    card = next(str(t[0]["extras"][0]["content"]) for n, t in tests.items() if "token" in n)
    checker = check(card)
    text = "".join(checker.text)
    assert "Failed: the device broke TOKEN-EXACT." in text
    assert "AT<script>alert(1)</script>" in text
    assert "script" not in checker.tags
    assert "svg" in checker.tags
    for other in tests.values():
        for extra in other[0]["extras"]:
            check(extra["content"])


def test_secrets_never_reach_the_page(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """The shared secret is nowhere in the run's folder, not even where the device said it."""
    folder, _ = run
    for path in folder.rglob("*"):
        if path.is_file():
            assert played.SECRET not in path.read_text(), path


def test_page_can_be_made_again(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """From the timelines alone the same cards come out."""
    folder, _ = run
    before = blob((folder / "report.html").read_text())
    page, report = remake(find_run("latest", folder.parent))
    after = blob(page.read_text())
    assert report.counts == {"passed": 2, "failed": 1, "rig error": 1, "skipped": 1}
    cards = [
        [extra["content"] for t in tests.values() for extra in t[0]["extras"]]
        for tests in (before, after)
    ]
    assert sorted(cards[0]) == sorted(cards[1])


def test_shared_page_masks_identities(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """IMEI, ICCID and phone number keep their last three digits, wherever they stood."""
    folder, _ = run
    page, _ = remake(folder, share=True)
    text = page.read_text()
    assert page.name == "report-shared.html"
    for identity in (played.IMEI, played.ICCID, played.MSISDN[1:]):
        assert identity not in text
    assert "•" * 12 + played.IMEI[-3:] in text


def test_shared_page_stands_alone(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """It names its evidence, and does not lead to files that would tell what it masks."""
    folder, _ = run
    for shared, linked in ((True, False), (False, True)):
        page, _ = remake(folder, share=shared)
        cards = [e["content"] for t in blob(page.read_text()).values() for e in t[0]["extras"]]
        assert any("timelines/token.nul.jsonl" in card for card in cards)
        assert (
            any('href="timelines/' in card or "href=timelines/" in card for card in cards) is linked
        )


def test_damaged_run_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    """Without summary.json, with a cut and a garbled timeline, there is still a page."""
    folder = tmp_path / "killed"
    played.accepted(folder)
    played.token_failure(folder)
    cut = folder / "timelines" / "token.nul.jsonl"
    data = cut.read_bytes()
    cut.write_bytes(b'{"seq": "x"}\n\xff\xfe garbage\n' + data[: len(data) * 2 // 3])
    page, report = remake(folder)
    assert report.counts == {"passed": 1, "no verdict": 1}
    text = html.unescape(html.unescape(page.read_text()))
    assert "there is no summary.json" in text
    assert "2 damaged lines were left out (line 1, 2)" in text
    assert "the timeline is cut off in line" in text


def test_workers_share_one_folder(tmp_path: Path) -> None:
    """With pytest-xdist there is one run folder, and its page holds the workers' cards."""
    pytest.importorskip("xdist")
    done = start(tmp_path, "--hil", "-n", "2")
    runs = [path for path in (tmp_path / "reports").iterdir() if not path.is_symlink()]
    assert len(runs) == 1, done.stdout
    tests = blob((runs[0] / "report.html").read_text())
    assert sum(bool(t[0]["extras"]) for t in tests.values()) == 4
    assert done.stdout.strip().endswith("reports/latest/report.html")


def test_rig_errors_alone_exit_with_3(tmp_path: Path) -> None:
    """A run in which only the bench broke says so in summary.json."""
    start(tmp_path, "--hil", "-k", "rig_error", "-p", "no:xdist")
    summary = json.loads((tmp_path / "reports" / "latest" / "summary.json").read_text())
    assert summary["exit"] == 3


def test_stopped_run_is_not_called_good(tmp_path: Path) -> None:
    """Where a run was stopped before its end, nobody reads that all scenarios passed."""
    source = (
        "def test_a(): pass\n"
        "def test_b(): raise KeyboardInterrupt\n"
        "def test_c(): pass\n"
    )  # fmt: skip
    done = start(tmp_path, "--hil", "-p", "no:randomly", "-p", "no:xdist", source=source)
    folder = (tmp_path / "reports" / "latest").resolve()
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["counts"], summary["not_run"], summary["exit"]) == ({"passed": 1}, 2, 1)
    words = "The run was stopped, 2 scenarios short of its end"
    assert f"{words}: 1 passed, 2 not run" in done.stdout
    assert words in html.unescape(html.unescape((folder / "report.html").read_text()))
    page, _ = remake(folder)
    assert words in html.unescape(html.unescape(page.read_text()))


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_stopped_at_a_failure_tells_what_is_missing(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    """With -x the page says how many scenarios nobody looked at any more."""
    pytest.importorskip("xdist")
    source = (
        "import pytest\n"
        "@pytest.mark.parametrize('n', range(60))\n"
        "def test_a(n): raise OSError('x')\n"
    )  # fmt: skip
    start(tmp_path, "--hil", "-x", *workers, source=source)
    folder = tmp_path / "reports" / "latest"
    summary = json.loads((folder / "summary.json").read_text())
    missing = 60 - sum(summary["counts"].values())
    assert summary["not_run"] == missing > 0
    page = html.unescape(html.unescape((folder / "report.html").read_text()))
    assert f"the run was stopped: {missing} scenarios came to no verdict" in page


def test_plain_tests_leave_nothing(tmp_path: Path) -> None:
    """Without scenarios, --rig or --hil the plugin writes and says nothing."""
    done = start(tmp_path, "-p", "no:xdist", source="def test_plain(): pass\n")
    assert done.returncode == 0, done.stdout
    assert not (tmp_path / "reports").exists()
    assert "report.html" not in done.stdout


@pytest.mark.parametrize("name", ["report.html", ".summary.json.new"])
def test_report_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    """A report that cannot be written is one clear line and an exit code, not a traceback."""
    source = (
        "import os\nfrom fixtures.report import run_folder\n"
        "def test_it(request):\n"
        f"    (run_folder(request.config) / {name!r}).mkdir()\n"
    )
    done = start(tmp_path, "--hil", "-p", "no:xdist", source=source)
    assert done.returncode == 1
    assert "ERROR: the report could not be written" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout + done.stderr


def test_reports_elsewhere(tmp_path: Path) -> None:
    """--reports DIR names the folder; a second run moves `latest` on."""
    for _ in range(2):
        start(tmp_path, "--hil", "--reports", "other", "-k", "accepted", "-p", "no:xdist")
    other = tmp_path / "other"
    runs = sorted(path for path in other.iterdir() if not path.is_symlink())
    assert len(runs) == 2
    assert (other / "latest").resolve() in runs
    assert (other / "latest" / "report.html").exists()
