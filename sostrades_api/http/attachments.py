"""Files to save, whatever they are called (RFC 6266, RFC 5987)."""

import re
import unicodedata
from urllib.parse import quote

from flask import Response

_SPECIAL = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|%]+')
_LONGEST = 150
UNCONVERGED = "X-Not-Converged"
"""A header of downloads that depend on a loop that did not converge, and was accepted."""


def attachment(content: bytes, *, file_name: str, content_type: str, converged: bool = True) -> Response:
    """The content, to be saved under a name that is safe on every file system."""
    headers = {"Content-Type": content_type, "Content-Disposition": disposition(file_name)}
    if not converged:
        headers[UNCONVERGED] = "true"
    return Response(content, headers=headers)


def disposition(file_name: str, *, kind: str = "attachment") -> str:
    """The header ``Content-Disposition``; ``kind`` is ``attachment`` or ``inline``."""
    safe = _SPECIAL.sub("_", file_name)[-_LONGEST:].lstrip(". ") or "download"
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode()
    header = f'{kind}; filename="{plain or "download"}"'
    return header if plain == safe else f"{header}; filename*=UTF-8''{quote(safe, safe='')}"
