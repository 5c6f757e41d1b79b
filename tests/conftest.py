"""Shared by all tests: pytest's fixture for testing plugins, and the same surroundings anywhere."""

import os
import signal

import hypothesis

pytest_plugins = ["pytester"]

# A machine that is busy makes no test fail: nothing here is timed. And a verdict on a commit stays
# that verdict: every run tries the same examples. New ones are `tox run -e search`'s business.
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2_000, print_blob=True)
hypothesis.settings.load_profile("same")  # before pytest looks at --hypothesis-profile


def pytest_configure() -> None:
    """What the tests find, and what they start inherits, wherever and however they are run."""
    # A job that a shell puts in the background ignores Ctrl-C, and hands that on to everything it
    # starts; the tests that send Ctrl-C to their own processes mean those of a person. Handlers of
    # one's own are not handed on.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # nohup(1); it still goes on for this one
        signal.signal(signal.SIGHUP, lambda *_: None)
    # pytest keeps its cache there: all runs that tests start would share one, and what failed last.
    os.environ.pop("TOX_ENV_DIR", None)
