"""Several ports at once, each in a thread that does not keep the process from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
AT_ONCE = 8


def together(work: Callable[[T], R], items: Sequence[T], name: str) -> list[R]:
    """``work`` on each item, at most :data:`AT_ONCE` at a time; the results in order.

    Raises what the first item to fail, in order, raised. Ctrl-C ends the wait at once: unlike
    those of an executor, the threads are not waited for when the process ends.
    """
    results: dict[int, R] = {}
    failures: dict[int, BaseException] = {}
    places = threading.BoundedSemaphore(AT_ONCE)

    def one(number: int, item: T) -> None:
        with places:
            try:
                results[number] = work(item)
            except BaseException as error:  # raised again below, in the caller's thread
                failures[number] = error

    threads = [
        threading.Thread(target=one, args=(number, item), name=f"{name}-{number}", daemon=True)
        for number, item in enumerate(items)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[min(failures)]
    return [results[number] for number in range(len(items))]
