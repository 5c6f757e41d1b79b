"""The formula, its golden vectors, and an independent program."""

import shutil
import subprocess

import pytest

from harness.token import compute, secret_problem, verify

BODY = (
    b'[{"bn":"urn:dev:IMEI:356726104408422:","bt":1700000000},'
    b'{"n":"temperature","u":"Cel","v":21.5}]'
)
SECRET = "0123456789ABCDEFGHIJabcdefghij"
TOKEN = "0974942251f01aa98a8f56c1c69938826a318ba6b78cdd139a67a14c8a15acd6"
VECTORS = [
    (
        b'[{"bn":"device-name","n":"humidity","vd":"aG9paG9pAA"}]',
        "MYKEY2",
        "4d53c667486bb4679922b901dd733a936a07983f73275941abfb3068a0ba8748",
    ),
    (BODY, SECRET, TOKEN),
    (BODY + b"\0", SECRET, "702ee012e4e5274b4a1de1697e0a5b5094265cb424d321e497dade448a6df46d"),
]


@pytest.mark.parametrize(("body", "secret", "token"), VECTORS)
def test_the_golden_vectors_hold(body: bytes, secret: str, token: str) -> None:
    """The vendor SDK's vector and the two recomputed ones."""
    assert compute(body, secret) == token
    assert verify(body, secret, token)


@pytest.mark.external
def test_sha256sum_agrees() -> None:
    """A program nobody here wrote computes the same token."""
    program = shutil.which("sha256sum")
    if program is None:
        pytest.skip("sha256sum is not installed")
    done = subprocess.run(
        [program], input=BODY + SECRET.encode(), capture_output=True, check=True, timeout=60
    )
    assert done.stdout.split()[0].decode() == compute(BODY, SECRET)


@pytest.mark.parametrize("token", ["", TOKEN.upper(), TOKEN + " ", TOKEN[:-1], "é" * 64, "\ud800"])
def test_anything_but_the_exact_token_is_not_verified(token: str) -> None:
    """Case, length and foreign characters all count."""
    assert not verify(BODY, SECRET, token)


@pytest.mark.parametrize(
    ("secret", "words"),
    [("a" * 29, "has 29"), ("a" * 101, "has 101"), ("a" * 29 + "#", "contradicts itself"),
     ("a" * 29 + "é", "outside ASCII"), ("a" * 30 + "\n", "white space around")],
)  # fmt: skip
def test_a_secret_that_breaks_the_rule_is_explained(secret: str, words: str) -> None:
    """Length, alphabet and line ends have their own sentence, which never shows the secret."""
    problem = secret_problem(secret) or ""
    assert words in problem
    assert secret.strip() not in problem


@pytest.mark.parametrize("secret", ["a" * 30, "Z9" * 50])
def test_a_secret_of_30_or_100_characters_is_fine(secret: str) -> None:
    """Both ends of the documented range are inside it."""
    assert secret_problem(secret) is None
