"""What is cut out of text that models, libraries and databases wrote before any client reads it."""

import re

LONGEST = 2000  # characters
_LOOKED_AT = 20_000  # characters; a secret beyond is cut off with the rest

# SQLAlchemy's statement and its bound values, up to its own last line; and what PostgreSQL quotes of them.
_SQLALCHEMY = re.compile(
    r"\s{0,9}\[(?:SQL|parameters|generated in|cached since|raw sql)\b.*?(?=\(Background on this error|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_QUOTED_SQL = re.compile(r"^[ \t]{0,9}(?:LINE \d+:|DETAIL:)[^\n]*(?:\n[ \t]{0,999}\^)?", re.MULTILINE)
_SQL = re.compile(
    r"\b(?:SELECT|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|WITH\s+\w+\s+AS"
    r"|(?:CREATE|ALTER|DROP|TRUNCATE)\s+(?:TABLE|INDEX|VIEW|USER|ROLE|DATABASE))\s[^;]*"
)
_SECRET = re.compile(
    r"((?:password|passwd|pwd|secret|api_?key|access_?key|token)[\w-]{0,30}\s{0,9}=\s{0,9})\S+", re.IGNORECASE
)
_PART = r"[^\s/\\'\"`<>|:;,()\[\]{}*?]+"
_PLACES = re.compile(
    # In quotes a path may have spaces.
    r"(?P<quote>['\"`])(?P<quoted>(?:file:)?(?:[A-Za-z]:)?[/\\]+[^'\"`\n]*)(?P=quote)"
    r"|(?P<url>\b[A-Za-z][A-Za-z0-9+.-]{1,30}://(?:[^\s@]{0,200}@)?[^\s'\"`<>]*|\bfile:/[^\s'\"`<>]*)"
    rf"|(?P<path>(?<![\w/\\.])(?:[A-Za-z]:)?(?:[/\\]{{1,2}}{_PART}){{2,}}[/\\]*"
    # A single part needs something before it that no unit (5 m/s) has, and is no end of a tag.
    rf"|(?<![^\s'\"`(=\[,:;<{{|>])(?!(?<=<)/\w{{1,30}}>)(?:/{{1,2}}|[A-Za-z]:[/\\]){_PART}[/\\]*)"
)


def public_text(text: str, *, length: int = LONGEST) -> str:
    """The text without SQL statements, passwords and addresses of the platform; at most ``length`` long.

    Of an absolute path and of a ``file:`` URL the last part is left, of a URL with credentials the scheme.
    """
    text = storable_text(text[:_LOOKED_AT])
    text = _SQLALCHEMY.sub(" [a statement] ", text)
    text = _PLACES.sub(_without_place, _QUOTED_SQL.sub("", text))
    text = _SQL.sub("[a statement]", text)
    text = _SECRET.sub(r"\1***", text).rstrip()
    return text if len(text) <= length else f"{text[:length]} ..."


def storable_text(text: str) -> str:
    """The text as every database and JSON take it: without NUL, and with ``?`` for half a character.

    Names of files that are no UTF-8 come as halves (PEP 383), and models tell them.
    """
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _without_place(found: re.Match[str]) -> str:
    if found["quoted"]:
        return f"{found['quote']}{_last_part(found['quoted'])}{found['quote']}"
    if url := found["url"]:
        scheme, _, rest = url.partition(":")
        if "@" in rest:
            return f"{scheme}://***"
        # Without a host (file:/x, sqlite:///x) it is a path of this machine.
        return _last_part(rest) if scheme.lower() == "file" or rest.startswith("///") else url
    return _last_part(found["path"])


def _last_part(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]
