import re
from pathlib import Path

from sostrades_api.engine.numerical import NUMERICAL_INPUTS
from sostrades_api.processes import catalogue

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "processes.md").read_text("utf-8")
SHIPPED = {path.parent.name for path in (ROOT / "sostrades_api" / "processes").glob("*/documentation.md")}


def test_every_shipped_process_stands_in_the_table_with_its_disciplines_and_references() -> None:
    rows = re.findall(r"^\| \[`(\w+)`\]\(([^)]+)\) \|.*\| (\d+) \| (.*) \|$", PAGE, re.MULTILINE)
    assert {name for name, *_ in rows} == SHIPPED
    for name, page, disciplines, references in rows:
        assert page == f"../sostrades_api/processes/{name}/documentation.md"
        assert int(disciplines) == len(catalogue.plan_of(name).disciplines)
        assert re.findall(r"`(\w+)`", references) == [
            reference.name for reference in catalogue.get(name).references
        ]


def test_every_numerical_parameter_is_explained() -> None:
    explained = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE))
    assert explained == {name: f"{v.label}. {v.description}" for name, v in NUMERICAL_INPUTS.items()}


def test_the_code_of_the_page_runs() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    names: dict = {}
    exec(code, names)
    assert names["result"].converged
