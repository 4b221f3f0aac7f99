"""``docs/dynamic-processes.md`` is true: its code runs, in order, and names errors there are."""

import re
from pathlib import Path

from sostrades_api.engine import errors

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "dynamic-processes.md").read_text(encoding="utf-8")


def test_the_code_of_the_page_runs():
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, "dynamic-processes.md", "exec"), names)


def test_every_error_the_page_names_is_one():
    named = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert len(named) == 5
    assert all(issubclass(getattr(errors, name), errors.EngineError) for name in named)
