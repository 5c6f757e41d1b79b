"""How many files and sockets this process may have open."""

from __future__ import annotations

import contextlib
import resource


def allow_descriptors(wanted: int) -> int:
    """Raise this process's own limit (``ulimit -n``) to ``wanted`` if it may; returns the limit in
    force. Linux starts programs with 1,024, and lets each have as many as its hard limit says."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with contextlib.suppress(ValueError, OSError):  # forbidden from outside: it stays as it is
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
