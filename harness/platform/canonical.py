"""One compiled pass that proves a request is exactly as documented; others go the long way.

What these patterns match needs no further reading: they are stricter than the parsers they stand
in for, never laxer, and a property test holds them to it.
"""

from __future__ import annotations

import re

# Possessive repeats stand on single characters only. On a group, early CPython 3.11 (seen with
# 3.11.2) goes on behind the part that matched when the rest fails: "v":21. was taken.

CANONICAL_HEAD = re.compile(
    rb"POST /ingestion/m2m/senml/v1 HTTP/1\.1\r\n"
    rb"(?:Host: (m\.m)\r\n"
    rb"|Things-Message-Token: ([0-9a-f]{64})\r\n"
    rb"|Content-Type: (application/json)\r\n"
    rb"|Content-Length: (0|[1-9][0-9]{0,8})\r\n){4}\r\n"
)
"""The four documented headers in any order. Each is there exactly once if and only if no group of
the match is None: there are four of them, and four groups (host, token, type, length)."""

_RECORD = (
    rb'"n":"[A-Za-z0-9\-:./_]{1,64}+"'
    rb'(?:,"u":"[A-Za-z0-9/%]{1,16}+")?'
    rb',(?:"v":-?(?:0|[1-9][0-9]{0,14}+)(?:\.[0-9]{1,15}+)?'
    rb'|"vs":"[ !#-\[\]-~]*+"|"vb":(?:true|false))'
    rb'(?:,"t":-?(?:0|[1-9][0-9]{0,6}+)(?:\.[0-9]{1,9}+)?)?'
)
CANONICAL_BODY = re.compile(
    rb'\[\{"bn":"urn:dev:IMEI:([0-9]{15}):"(?:,"bt":([1-9][0-9]{9}(?:\.[0-9]{1,6}+)?))?'
    rb"(?:," + _RECORD + rb"\}|\}(?=,))(?:,\{" + _RECORD + rb"\})*\]"
)
"""A pack of an M2M device in the documented form, labels in the documented order, no white space:
one base record, separate or merged, and at least one measurement. Groups: IMEI, ``bt``."""

CANONICAL_BODY_LIMIT = 65_536
"""Longer bodies take the long way, where the limits of the SenML reader hold."""
