"""Files to save, whatever they are called (RFC 6266, RFC 5987)."""

import re
import unicodedata
from urllib.parse import quote

from flask import Response

_SPECIAL = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|%]+')
_LONGEST = 150


def attachment(content: bytes, *, file_name: str, content_type: str) -> Response:
    """The content under a name that is safe on every file system."""
    safe = _SPECIAL.sub("_", file_name)[-_LONGEST:].lstrip(". ") or "download"
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode()
    disposition = f'attachment; filename="{plain or "download"}"'
    if plain != safe:
        disposition += f"; filename*=UTF-8''{quote(safe, safe='')}"
    return Response(content, headers={"Content-Type": content_type, "Content-Disposition": disposition})
