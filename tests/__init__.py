"""The test suite: a package, so that tests/token and tests/platform do not shadow the library's."""
