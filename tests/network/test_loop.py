"""The shared loop, on uvloop and on asyncio's own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import pytest

from harness.errors import HilError
from harness.network.loop import LoopThread


@pytest.fixture(params=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopThread]:
    if request.param == "asyncio":
        monkeypatch.setitem(sys.modules, "uvloop", None)  # as where it is not installed
    else:
        pytest.importorskip("uvloop", reason="uvloop is not installed")
    made = LoopThread()
    assert type(made.loop).__module__.startswith(request.param)
    yield made
    made.close()


def test_work_is_done_on_the_loop(loop: LoopThread) -> None:
    """Coroutines and plain functions, from another thread; what they raise comes back."""

    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    def fail() -> None:
        raise KeyError("mine")

    assert loop.run(double(21)) == 42
    assert loop.call(lambda: loop.here) is True
    assert loop.here is False
    with pytest.raises(KeyError, match="mine"):
        loop.call(fail)


def test_work_that_does_not_end_is_given_up(loop: LoopThread) -> None:
    """A deadline, and the loop goes on."""
    with pytest.raises(HilError, match="did not finish its work"):
        loop.run(asyncio.sleep(60), timeout_s=0.05)
    assert loop.call(lambda: "still there") == "still there"


def test_closing_ends_what_is_under_way(loop: LoopThread) -> None:
    """Tasks are cancelled, and the thread has gone."""
    seen: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    def start() -> None:
        seen.append("started")
        tasks.append(loop.loop.create_task(wait()))

    tasks: list[asyncio.Task[None]] = []
    loop.call(start)
    loop.run(asyncio.sleep(0))
    loop.close()
    assert seen == ["started", "cancelled"]


def test_a_time_out_of_the_work_itself_is_its_own(loop: LoopThread) -> None:
    """The work did end: nothing is said of the loop."""

    async def too_late() -> None:
        raise TimeoutError("the peer")

    with pytest.raises(TimeoutError, match="the peer"):
        loop.run(too_late())
    with pytest.raises(TimeoutError, match="the peer"):
        loop.call(lambda: (_ for _ in ()).throw(TimeoutError("the peer")))


def test_who_comes_after_the_end_is_told_so(loop: LoopThread) -> None:
    """As one of our errors, which a thread that is still busy can handle."""
    loop.close()
    with pytest.raises(HilError, match="is closed"):
        loop.run(asyncio.sleep(0))
    with pytest.raises(HilError, match="is closed"):
        loop.call(lambda: None)
