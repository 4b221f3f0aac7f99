import pytest

from sostrades_api.engine import MISSING, run
from sostrades_api.processes import catalogue
from sostrades_api.storage.csv_format import dump, parse
from tests.storage.sameness import same

REFERENCES = [(name, each) for name in catalogue.names() for each in catalogue.get(name).references]


@pytest.mark.parametrize(("name", "reference"), REFERENCES, ids=[f"{n}-{r.name}" for n, r in REFERENCES])
def test_every_value_of_a_shipped_study_comes_back_from_its_csv(name, reference):
    plan = catalogue.plan_of(name)
    values = {**reference.values, **run(catalogue.get(name), reference.values).values}
    for key, planned in plan.variables.items():
        value = values.get(key, planned.default)
        if value is MISSING:
            continue
        check = planned.variable.check if planned.io == "in" else lambda value: value
        assert same(check(parse(planned.variable, dump(planned.variable, value))), check(value)), key
