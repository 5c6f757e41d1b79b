"""Device identifiers and the base names made of them. Pure."""

from harness.urn.basename import (
    BaseName,
    UrnError,
    UrnIssue,
    UrnKind,
    dvnuuid_base_name,
    imei_base_name,
    parse_base_name,
)
from harness.urn.identifiers import (
    iccid_advice,
    iccid_problem,
    imei_problem,
    msisdn_advice,
    msisdn_problem,
    uuid_advice,
    uuid_problem,
)
from harness.urn.luhn import luhn_digit, luhn_valid

__all__ = [
    "BaseName",
    "UrnError",
    "UrnIssue",
    "UrnKind",
    "dvnuuid_base_name",
    "iccid_advice",
    "iccid_problem",
    "imei_base_name",
    "imei_problem",
    "luhn_digit",
    "luhn_valid",
    "msisdn_advice",
    "msisdn_problem",
    "parse_base_name",
    "uuid_advice",
    "uuid_problem",
]
