"""Shared by all tests: pytest's fixture for testing plugins, and signals as a person has them."""

import signal

pytest_plugins = ["pytester"]


def pytest_configure() -> None:
    """A job that a shell puts in the background ignores Ctrl-C, and hands that on to everything it
    starts; the tests that send Ctrl-C to their own processes mean those of a person."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
