"""``docs/solvers.md`` is true: its code runs, in order, and every parameter and error it names there is."""

import re
from pathlib import Path

from sostrades_api.engine import errors
from sostrades_api.engine.numerical import NUMERICAL_INPUTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "solvers.md").read_text(encoding="utf-8")


def test_the_code_of_the_page_runs(capsys):
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    names: dict = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, "solvers.md", "exec"), names)
    said = capsys.readouterr().out
    assert "loop of 2, 1 fed back: y_2" in said
    assert "loop of 3" in said
    assert names["found"]["objective", "z_1"] > 0


def test_every_parameter_of_the_tables_is_one():
    table = PAGE[PAGE.index("## Parameters by solver") :].split("\n\n")[1]
    named = set(re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines())))
    assert named < NUMERICAL_INPUTS.keys()
    assert len(named) > 10
    assert (
        set(re.findall(r"^\| `(parallel_by|residual_scaling)`", PAGE, re.MULTILINE)) < NUMERICAL_INPUTS.keys()
    )


def test_every_error_the_page_names_is_one():
    named = re.findall(r"`(Coupling\w+|ProcessEnded)`", PAGE)
    assert len(set(named)) == 5
    assert all(issubclass(getattr(errors, name), errors.EngineError) for name in named)
