"""Pages of tables: together they are the download."""

import numpy as np
import pandas as pd
import pytest

from sostrades_api.access import COMMAND_LINE
from sostrades_api.services import parameter_download, parameter_rows
from sostrades_api.services.parameter_check import ScalarUpdate
from sostrades_api.services.study_case_create import study_case_create
from sostrades_api.services.study_case_update import study_case_update
from sostrades_api.storage.csv_format import dump

pytestmark = pytest.mark.database("sqlite")
FRAME = pd.DataFrame({"year": range(250), "text": ["a,b"] * 250, "value": [1.5, np.nan] * 125})
NAME = "S.Policy.mitigation_df"
VALUES = [
    FRAME,
    FRAME["value"].to_numpy(),
    np.arange(500.0).reshape(250, 2),
    [float(number) for number in range(250)],
    [{"a": 1.0}] * 249 + [{"b": 2.0}],
    {f"key {number}": float(number) for number in range(250)},
    {"one": FRAME, "two": FRAME},
    7.0,
    [],
]


@pytest.fixture
def study(session, platform, accounts):
    return study_case_create(
        session,
        actor=COMMAND_LINE,
        process_name="dice2016r",
        name="S",
        group=accounts.group("owners"),
        values=platform.values,
    )


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_the_pages_of_a_value_are_the_rows_of_its_download(monkeypatch, study, session, platform, value):
    variable = parameter_download.parameter_value(
        session, study, parameter_key="S.Emissions.e0", values=platform.values
    )[0]
    monkeypatch.setattr(parameter_rows, "parameter_value", lambda *_args, **_named: (variable, value))
    monkeypatch.setattr(parameter_download, "dump", dump)
    whole = dump(variable, value).decode().splitlines()
    lines, number, last = [], 1, 1
    while number <= last:
        page = parameter_rows.parameter_rows(
            session, study, parameter_key="S.x", values=platform.values, number=number, size=100
        )
        header, *rows = page.content.decode().splitlines()
        assert header == whole[0]
        assert len(rows) <= 100
        assert page.total == len(whole) - 1
        lines, number, last = [*lines, *rows], number + 1, page.last_number
    assert lines == whole[1:]


def test_only_the_rows_of_the_page_are_written(monkeypatch, study, session, platform):
    written = []

    def counted(variable, value):
        written.append(len(value))
        return dump(variable, value)

    monkeypatch.setattr(parameter_download, "dump", counted)
    parameter_rows.parameter_rows(
        session, study, parameter_key=NAME, values=platform.values, number=3, size=10
    )
    assert written == [10]


def test_a_number_beyond_the_last_page_gives_the_last(study, session, platform):
    options = {"parameter_key": "S.tolerance", "values": platform.values, "size": 10}
    assert parameter_rows.parameter_rows(session, study, number=9, **options).number == 1
    study_case_update(
        session,
        study,
        actor=COMMAND_LINE,
        values=platform.values,
        scalars=[ScalarUpdate(variable_id="S.tolerance", value=0.005)],
    )
    assert parameter_rows.parameter_rows(session, study, number=-1, **options).content == b"value\n0.005\n"
