"""The HTTPS side of ``hil serve``: the port, and the authority behind its certificates."""

from __future__ import annotations

import argparse

from harness.cli.addresses import address, joined
from harness.cli.paths import file_path
from harness.errors import RigError, UsageError
from harness.network.certificates import CERTIFICATE_KINDS, Authority
from harness.network.sockets import HostSockets
from harness.platform.facade import Platform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--https", metavar="HOST:PORT", help="uplinks of Internet devices")
    parser.add_argument(
        "--ca", type=file_path, metavar="FILE",
        help="keep the test authority (certificate and key) there; made when it is missing",
    )  # fmt: skip
    parser.add_argument(
        "--ca-out", type=file_path, metavar="FILE",
        help="write the authority's certificate there, to be given to devices",
    )  # fmt: skip
    parser.add_argument(
        "--certificate", choices=CERTIFICATE_KINDS, default="right",
        help="what the HTTPS port presents at first; a device must refuse all but the right one",
    )  # fmt: skip


def open_https(platform: Platform, arguments: argparse.Namespace) -> dict[str, str]:
    """Listen as asked; the bound address under ``https``, nothing when it was not asked for.

    Raises :class:`~harness.errors.UsageError` and :class:`~harness.errors.RigError`.
    """
    if arguments.https is None:
        if arguments.ca is not None or arguments.ca_out is not None:
            raise UsageError("--ca and --ca-out belong to an HTTPS port; add --https HOST:PORT")
        return {}
    wanted = address(arguments.https, "--https")
    authority = Authority.make() if arguments.ca is None else Authority.kept(arguments.ca)
    if arguments.ca_out is not None:
        try:
            arguments.ca_out.write_bytes(authority.pem)
        except OSError as error:
            raise RigError(f"cannot write {arguments.ca_out}: {error.strerror}") from error
    bound = platform.start_https(HostSockets(), *wanted, authority=authority)
    platform.present_certificate(arguments.certificate)
    return {"https": joined(bound)}
