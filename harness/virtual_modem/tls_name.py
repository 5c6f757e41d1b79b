"""The name in a server's certificate, for modules that are told it apart from what they ask for.

Python's :mod:`ssl` checks only the name that it also sends (SNI). Here the certificate is taken out
of the handshake, which TLS 1.2 sends in the clear (RFC 5246 §7.4.2), before the client answers.
"""

from __future__ import annotations

#: The fatal alert ``bad_certificate`` in a record of its own (RFC 5246 §6.2.1, §7.2).
BAD_CERTIFICATE = bytes([21, 3, 3, 0, 2, 2, 42])
_HANDSHAKE, _CERTIFICATE = 22, 11


def server_certificate(received: bytes) -> bytes | None:
    """The server's own certificate (DER) in what it sent so far; None while it is not whole."""
    at, messages = 0, b""
    while at + 5 <= len(received) and received[at] == _HANDSHAKE:
        end = at + 5 + int.from_bytes(received[at + 3 : at + 5], "big")
        messages += received[at + 5 : end]
        at = end
    at = 0
    while at + 4 <= len(messages):
        end = at + 4 + int.from_bytes(messages[at + 1 : at + 4], "big")
        if messages[at] == _CERTIFICATE and end <= len(messages):
            first = at + 10  # behind the message's head, and the lengths of the list and of this
            return messages[first : first + int.from_bytes(messages[at + 7 : at + 10], "big")]
        at = end
    return None


def has_name(certificate: bytes, name: str) -> bool:
    """Whether it is made out for ``name`` (RFC 6125 §6.4: alternative names, else common)."""
    from cryptography import x509

    try:
        read = x509.load_der_x509_certificate(certificate)
    except ValueError:
        return False
    try:
        extension = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        common = read.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        names = [str(one.value) for one in common]
    else:
        names = extension.get_values_for_type(x509.DNSName)
        names += [str(one) for one in extension.get_values_for_type(x509.IPAddress)]
    wanted = name.lower()
    above = "*." + wanted.partition(".")[2]
    return any(one.lower() in (wanted, above) for one in names)
