"""Entity tags of a study case: its revision first, then what else the answer depends on."""

import re

from flask import request

from sostrades_api.errors import PreconditionFailedError

_REVISION = re.compile(r"r(\d{1,18})(?:[-.].*)?")


def study_etag(revision: int, *, variant: str = "") -> str:
    """The tag (without quotes) of an answer; ``variant`` tells apart answers of one revision."""
    return f"r{revision}-{variant}" if variant else f"r{revision}"


def if_match_revisions() -> frozenset[int] | None:
    """The revisions a change is meant for, any of which will do; None when the caller does not care.

    Raises:
        PreconditionFailedError: ``If-Match`` holds no tag of ours, so nothing can match.
    """
    given = request.if_match
    if not request.headers.get("If-Match", "").strip() or given.star_tag:
        return None
    # Weak tags never match in If-Match (RFC 9110, 13.1.1).
    found = [_REVISION.fullmatch(tag) for tag in given.as_set(include_weak=False)]
    revisions = frozenset(int(match[1]) for match in found if match)
    if not revisions:
        raise PreconditionFailedError
    return revisions
