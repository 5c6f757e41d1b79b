"""Who may talk to the control address, and what the address itself demands."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from harness.errors import UsageError
from harness.network.origin import is_loopback, named_host

_TOKEN_LENGTH = (16, 200)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may talk to the control address.

    ``token``: without it nobody is answered; None asks for none, which is for loopback only.
    ``names``: host names under which the server is reached, beside loopback and its own address.

    Raises :class:`~harness.errors.UsageError` for a token that cannot be sent as it is, and for a
    name that no host can have.
    """

    token: str | None = field(default=None, repr=False)
    names: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in self.names:
            if named_host(name) != name:
                raise UsageError(f"{name!r} is no host name: give it as in bench.lab, without port")
        if self.token is None:
            return
        least, most = _TOKEN_LENGTH
        if not least <= len(self.token) <= most or not _plain(self.token):
            raise UsageError(
                f"the control token has to be {least} to {most} letters, digits and any of -._~; "
                "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(24))'"
            )

    def demand_token(self, host: str) -> None:
        """Raises :class:`~harness.errors.UsageError` when the address ``host`` needs a token."""
        if self.token is None and not is_loopback(host):
            raise UsageError(
                f"the control address {host} can be reached from other machines, and whoever "
                "reaches it gives orders: add --control-token-env NAME or --control-token-file "
                "FILE, or stay on 127.0.0.1"
            )

    def names_us(self, host: str, bound: str) -> bool:
        """Is ``host`` (of the ``Host`` header, without port) a name of this server?

        ``bound`` is the address that the request reached. Its port is not looked at: it is another
        one behind a tunnel (``ssh -L``), and no protection comes from it.
        """
        return is_loopback(host) or host == bound or host in self.names

    def opened_by(self, given: str) -> bool:
        """Is ``given`` the token? Takes as long for any text of its length."""
        return self.token is None or _same(given, self.token)

    def opened_by_cookie(self, given: str) -> bool:
        return self.token is None or _same(given, self.cookie())

    def cookie(self) -> str:
        """What the browser keeps in the token's place: it opens this server and is not the token.

        A browser sends cookies to every port of a host, so other servers there may see it.
        """
        return hmac.new(str(self.token).encode(), b"hil control address", "sha256").hexdigest()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _plain(text: str) -> bool:
    return all(char.isascii() and (char.isalnum() or char in "-._~") for char in text)


OWN_MACHINE = Access()
"""Loopback, where no token is needed."""
