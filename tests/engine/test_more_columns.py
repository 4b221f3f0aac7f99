"""Tables with declared columns and any others (``dynamic_dataframe_columns``)."""

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import (
    DeclarationMisfit,
    DescriptorError,
    InvalidInputs,
    InvalidOutput,
    InvalidValue,
    build,
    run,
)
from sostrades_api.engine.descriptor import parse_descriptor
from sostrades_api.storage.csv_format import parse
from tests.engine.making import discipline, process, returning

YEAR = {"year": ("int", [1900, 2100], True)}
OPEN = {"type": "dataframe", "dataframe_descriptor": YEAR, "dynamic_dataframe_columns": True}
TABLE = pd.DataFrame({"coal": [1.0, 2.0], "year": [2020, 2021], "gas": [3, 4]})


def variable(**more):
    """An open table as a variable."""
    return parse_descriptor("t", {**OPEN, **more}, owner="Model", side="DESC_IN")


def test_declared_columns_come_first_and_all_others_stay():
    checked = variable().check(TABLE)
    assert list(checked.columns) == ["year", "coal", "gas"]
    assert checked["gas"].tolist() == [3, 4]
    assert list(variable().check(TABLE[["year"]]).columns) == ["year"]


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (TABLE.drop(columns="year"), "missing columns: year"),
        (TABLE.assign(year=[1, 2]), "column 'year', row 1: 1 is outside"),
        (TABLE.assign(year=["x", "y"]), "column 'year', row 1: 'x' is not a whole number"),
        (TABLE.assign(other=[{1}, 2]), r"column 'other', row 1: \{1\} is not multiple"),
        (TABLE.rename(columns={"gas": "coal"}), "column names must be different texts"),
    ],
)
def test_what_is_declared_must_be_there_and_right(table, fault):
    with pytest.raises(InvalidValue, match=fault):
        variable().check(table)


def test_only_tables_have_further_columns():
    descriptor = {"type": "float", "dynamic_dataframe_columns": True}
    with pytest.raises(
        DescriptorError, match=r"dynamic_dataframe_columns.*only for dataframes, not for float"
    ):
        parse_descriptor("x", descriptor, owner="Model", side="DESC_IN")


def test_an_output_may_have_further_columns_too():
    made = returning(OPEN, TABLE)
    assert list(made.columns) == ["year", "coal", "gas"]
    with pytest.raises(InvalidOutput, match="missing: year"):
        returning(OPEN, TABLE.drop(columns="year"))
    with pytest.raises(InvalidOutput, match="column 'year', row 2: 3000 is outside"):
        returning(OPEN, TABLE.assign(year=[2000, 3000]))
    with pytest.raises(InvalidOutput, match="column 'other', row 1 holds a set"):
        returning(OPEN, TABLE.assign(other=[{1}, {2}]))


def test_a_reader_gets_the_further_columns_of_what_another_discipline_makes():
    maker = discipline({}, {"t": OPEN}, lambda _inputs: {"t": TABLE})
    reader = discipline({"t": OPEN}, {"y": None}, lambda inputs: {"y": float(inputs["t"]["coal"].sum())})
    assert run(process({"M": maker, "R": reader})).values["y"] == 3.0


def test_a_column_that_only_the_reader_declares_is_checked_where_it_is_made():
    read = {**OPEN, "dataframe_descriptor": {"coal": ("float", [0.0, 1.5], True)}}
    maker = discipline({}, {"t": OPEN}, lambda _inputs: {"t": TABLE})
    reader = discipline({"t": read}, {"y": None}, lambda _inputs: {"y": 0.0})
    with pytest.raises(InvalidOutput, match=r"'M', output 't'.*coal.*outside.*as R will read it"):
        run(process({"M": maker, "R": reader}))


def test_disciplines_that_share_a_table_need_the_columns_of_all():
    def reading(name, **more):
        column = {"type": "dataframe", "dataframe_descriptor": {name: ("float", None, True)}, **more}
        return discipline({"t": column}, {f"sum_{name}": None}, lambda i: {f"sum_{name}": i["t"][name].sum()})

    more = {"dynamic_dataframe_columns": True}
    plan = build(process({"A": reading("coal", **more), "B": reading("gas", **more)}))
    result = plan.execute({"t": TABLE})
    assert (result.values["sum_coal"], result.values["sum_gas"]) == (3.0, 7.0)
    with pytest.raises(InvalidInputs, match="missing columns: gas"):
        plan.execute({"t": TABLE[["coal"]]})
    exact = process({"A": reading("coal", **more), "B": reading("gas")})
    with pytest.raises(DeclarationMisfit, match="'A' reads column 'coal', which 'B' does not declare"):
        build(exact)


def test_a_table_with_further_columns_can_be_uploaded():
    table = parse(variable(), b"year,coal,name\n2020,1.5,first\n")
    assert variable().check(table).to_dict("list") == {"year": [2020], "coal": [1.5], "name": ["first"]}


def test_where_a_loop_starts_keeps_its_further_columns():
    seen = []

    def step(inputs):
        seen.append(list(inputs["t"].columns))
        return {"t": inputs["t"].assign(coal=np.sqrt(inputs["t"]["coal"]))}

    start = pd.DataFrame({"year": [2020], "coal": [1.0]})
    looped = discipline({"t": {**OPEN, "default": start}}, {"t": OPEN}, step)
    other = pd.DataFrame({"year": [2020], "coal": [1.0], "gas": [3.0]})
    result = run(process({"A": looped}), {"t": other})
    assert seen[0] == ["year", "coal", "gas"]
    assert result.converged
