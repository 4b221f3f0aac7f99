"""Columns that are declared not editable stay as they are, however the table is sent."""

from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from sostrades_api.engine import Discipline, Process
from sostrades_api.services import study_case_update

pytestmark = pytest.mark.database("sqlite")
YEARS = pd.DataFrame({"year": [2020, 2025], "value": [1.5, float("nan")]})
COLUMNS = {"year": {"type": "int", "editable": False}, "value": {"type": "float"}}
TABLE = {"type": "dataframe", "dataframe_descriptor": COLUMNS}


class Years(Discipline):
    """Takes tables whose years are fixed."""

    DESC_IN = {
        "table": {**TABLE, "default": YEARS},
        "empty": {**TABLE, "default": YEARS.head(0)},
        "tables": {
            **TABLE,
            "type": "dict",
            "subtype_descriptor": {"dict": "dataframe"},
            "default": {"a": YEARS},
        },
    }
    DESC_OUT = {"rows": {"type": "int"}}

    def run(self, inputs):
        return {"rows": len(inputs["table"])}


@pytest.fixture
def study(install, new_study):
    install(Process("years", disciplines={"Years": Years}))
    return new_study(process_name="years")


@pytest.fixture
def send(api, study):
    def send(name, content):
        return api.post(
            f"/study-case/{study.id}/parameters",
            json={"variableId": f"Study.Years.{name}", "newValue": content},
        )

    return send


def table(*rows):
    return {"columns": ["year", "value"], "data": [list(row) for row in rows]}


def test_the_other_columns_can_be_changed(send):
    assert send("table", table((2020, 5.0), (2025, None))).status_code == 200
    assert send("table", table((2020, 6.0), (2025, 7.0))).status_code == 200


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        (
            "table",
            table((2020, 1.5), (2026, None)),
            "column 'year', row 2: 2026 is not 2025, and this column is not editable",
        ),
        (
            "table",
            table((2020, 1.5)),
            "it has 1 rows, not 2: the rows of column 'year' are not editable",
        ),
        (
            "tables",
            {"a": table((2021, 1.5), (2025, None))},
            "'a': column 'year', row 1: 2021 is not 2020, and this column is not editable",
        ),
    ],
)
def test_a_change_of_a_fixed_column_names_column_and_row(send, name, content, fault):
    response = send(name, content)
    assert response.status_code == 422
    assert response.json["errors"] == [{"variableId": f"Study.Years.{name}", "detail": fault}]


def test_a_table_without_rows_and_a_new_table_of_a_dict_fix_nothing_yet(send):
    assert send("empty", table((1990, 1.0))).status_code == 200
    assert send("empty", table((1991, 1.0))).status_code == 422
    assert send("tables", {"b": table((1990, 1.0))}).status_code == 200


def test_a_table_that_changed_while_it_was_compared_is_a_conflict(send, monkeypatch):
    real, first = study_case_update.parameter_check, [True]

    def overtaken(*args, **options):
        checked = real(*args, **options)
        if first.pop() if first else False:
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(send, "empty", table((1990, 1.0))).result().status_code == 200
        return checked

    monkeypatch.setattr(study_case_update, "parameter_check", overtaken)
    response = send("empty", table((1980, 1.0)))
    assert response.status_code == 409
    assert response.json["type"] == "urn:sostrades:problem:revision-conflict"
