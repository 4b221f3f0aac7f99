"""Text that every client may see."""

import re

# An absolute path of two or more parts, on Unix or Windows; where the platform lives is a secret.
_PATH = re.compile(r"(?<![\w/.:])(?:[A-Za-z]:)?(?:[/\\][\w.@+~-]+){2,}[/\\]?")


def without_paths(text: str) -> str:
    """The text with every absolute path reduced to its last part."""
    return _PATH.sub(lambda found: re.split(r"[/\\]", found[0].rstrip("/\\"))[-1], text)
