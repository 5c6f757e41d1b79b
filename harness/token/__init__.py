"""Message tokens: computing them, checking them, and explaining wrong ones. Pure."""

from harness.token.explain import Explanation, explain
from harness.token.formula import compute, secret_problem, verify

__all__ = ["Explanation", "compute", "explain", "secret_problem", "verify"]
