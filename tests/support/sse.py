"""The events of a stream, as clients read them."""

import json
from collections.abc import Iterator
from typing import Any


def parsed(chunks: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """The events of a stream, as their fields; comments are dropped."""
    text = ""
    for chunk in chunks:
        text += chunk.decode()
        while "\n\n" in text:
            block, _, text = text.partition("\n\n")
            lines = [line for line in block.splitlines() if not line.startswith((":", "retry"))]
            if lines:
                fields = dict(line.split(": ", 1) for line in lines)
                yield {**fields, "data": json.loads(fields["data"])}
