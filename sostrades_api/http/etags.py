"""Entity tags of a study case: its revision first, then what else the answer depends on."""

import re

from flask import request

from sostrades_api.errors import PreconditionFailedError

_REVISION = re.compile(r"r(\d{1,18})(?:[-.].*)?")


def study_etag(revision: int, *, variant: str = "") -> str:
    """The tag (without quotes) of an answer; ``variant`` tells apart answers of one revision."""
    return f"r{revision}-{variant}" if variant else f"r{revision}"


def is_not_modified(etag: str) -> bool:
    """Whether the caller has this answer already (``If-None-Match``): send 304."""
    return request.if_none_match.contains_weak(etag)


def if_match_revision() -> int | None:
    """The revision a change is meant for; None when the caller does not care.

    Raises:
        PreconditionFailedError: ``If-Match`` holds no tag of ours, so nothing can match.
    """
    given = request.if_match
    if not request.headers.get("If-Match", "").strip() or given.star_tag:
        return None
    # Weak tags never match in If-Match (RFC 9110, 13.1.1); of several the newest may be the present one.
    found = [_REVISION.fullmatch(tag) for tag in given.as_set(include_weak=False)]
    revisions = [int(match[1]) for match in found if match]
    if not revisions:
        raise PreconditionFailedError
    return max(revisions)
