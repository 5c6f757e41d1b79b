"""A run's page made again: its timelines played back as pytest items, which only report.

So there is one look, and one code that makes it: pytest-html with our hooks.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RigError, UsageError
from harness.report.model import ScenarioReport
from harness.report.page import CSS, polish
from harness.report.run import Item, RunReport, read_run
from harness.report.share import Mask

REPLAY: pytest.StashKey[Replay] = pytest.StashKey()
"""Where pytest's configuration holds a run that is shown again."""

PAGE, SHARED_PAGE = "report.html", "report-shared.html"


class ReportNotWritten(RigError):
    """The page could not be made, for example because the disk is full."""


def find_run(name: str, reports: Path) -> Path:
    """The folder of a run: a path, an id in ``reports``, or ``latest``.

    Raises :class:`~harness.errors.UsageError` when there is none.
    """
    for folder in (Path(name), reports / name):
        if (folder / "timelines").is_dir() or (folder / "summary.json").is_file():
            return folder.resolve()
    raise UsageError(f"there is no run {name!r}, neither as a folder nor in {reports}")


def remake(folder: Path, *, share: bool = False) -> tuple[Path, RunReport]:
    """Write the page of a run anew from its timelines; returns its path and what it tells.

    ``share``: identities masked, to another file beside it. Raises :class:`ReportNotWritten`.
    """
    run, reports = read_run(folder)
    mask = Mask()
    if share:
        mask = Mask.of(reports.values())
        run = mask_run(run, mask)
        reports = {name: mask.report(report) for name, report in reports.items()}
    target = folder / (SHARED_PAGE if share else PAGE)
    replay = Replay(folder, run, reports)
    said = io.StringIO()
    with tempfile.TemporaryDirectory(prefix="hil-report-") as place:
        page = Path(place) / "page.html"
        entry = Path(place) / "run.replay"
        for path in (entry, Path(place) / "pytest.ini"):
            path.write_text("[pytest]\n" * (path.suffix == ".ini"), encoding="utf-8")
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = pytest.main(_words(Path(place), page, entry), plugins=[replay])
        if code not in (0, 1) or not page.exists():
            raise ReportNotWritten(f"the page could not be made: {said.getvalue().strip()[-2000:]}")
        html = page.read_text(encoding="utf-8")
    # Also what did not come from an event: names of files, ids of items.
    _write(target, mask.known(polish(html)))
    return target, run


def _words(place: Path, page: Path, entry: Path) -> list[str]:
    return [
        "-c", str(place / "pytest.ini"), "--rootdir", str(place), "--hil",
        "--reports", str(place / "reports"), f"--html={page}", "--self-contained-html",
        f"--css={CSS}",
        "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:terminal",
        "-p", "fixtures.rig", "-p", "fixtures.scenarios", "-p", "fixtures.report",
        str(entry),
    ]  # fmt: skip


def _write(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    try:
        new.write_text(text, encoding="utf-8", errors="replace")
        os.replace(new, path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise ReportNotWritten(f"cannot write {path}: {error.strerror}") from error


def mask_run(run: RunReport, mask: Mask) -> RunReport:
    """The same run without identities."""
    from dataclasses import asdict, replace

    items = tuple(Item.read(mask.value(asdict(item))) for item in run.items)
    identities = tuple(mask.value(dict(device)) for device in run.identities)
    return replace(run, items=items, identities=identities, shared=True)


class Replay:
    """A pytest plugin: collects a run's items and lets each report what it came to."""

    def __init__(self, folder: Path, run: RunReport, reports: dict[str, ScenarioReport]) -> None:
        self.folder = folder
        self.run = run
        self.reports = reports

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[REPLAY] = self

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        if file_path.suffix != ".replay":
            return None
        return ReplayFile.from_parent(parent, path=file_path, replay=self)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if isinstance(item, ReplayItem):
            report.duration = item.recorded.duration_s if report.when == "call" else 0.0
        return report


class ReplayFile(pytest.File):
    """Stands for the run."""

    def __init__(self, *, replay: Replay, **rest: Any) -> None:
        super().__init__(**rest)
        self.replay = replay

    def collect(self) -> Iterable[ReplayItem]:
        return list(self._items(self.replay.run.items))

    def _items(self, recorded: Sequence[Item]) -> Iterator[ReplayItem]:
        for item in recorded:
            yield ReplayItem.from_parent(
                self, name=item.id, nodeid=item.nodeid or item.id, recorded=item
            )


class RecordedFailure(Exception):
    """What a recorded item did not pass for."""


class ReplayItem(pytest.Item):
    """One recorded item."""

    def __init__(self, *, recorded: Item, **rest: Any) -> None:
        super().__init__(**rest)
        self.recorded = recorded

    def runtest(self) -> None:
        item = self.recorded
        self.user_properties += [
            ("hil.scenario", item.id),
            ("hil.verifies", ",".join(item.verifies)),
            ("hil.device", item.device),
            ("hil.verdict", item.verdict),
            ("hil.requirements", ",".join(item.requirements)),
            ("hil.blame", item.blame),
            ("hil.message", item.message),
            *(("hil.unknown-command", command) for command in item.unknown_commands),
        ]
        if item.timeline:
            self.user_properties.append(("hil.timeline", item.timeline))
        if item.verdict == "skipped":
            pytest.skip(item.message)
        if item.verdict != "passed":
            raise RecordedFailure(item.message or item.verdict)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> str | Any:
        if isinstance(excinfo.value, RecordedFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name
