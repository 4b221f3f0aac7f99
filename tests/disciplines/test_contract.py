"""Every shipped discipline keeps its promises, on what its process gives it at every reference."""

import pytest

from sostrades_api.engine.testing import check_discipline
from sostrades_api.processes import catalogue

CASES = [(name, reference) for name in catalogue.names() for reference in catalogue.get(name).references]


@pytest.mark.parametrize(("name", "reference"), CASES, ids=lambda case: getattr(case, "name", case))
def test_every_discipline_of_a_shipped_process_keeps_its_promises(name, reference):
    plan = catalogue.plan_of(name).plan_for(reference.values)
    result = plan.execute(reference.values)
    known = {**reference.values, **result.values}
    for path in plan.disciplines:
        discipline = type(plan.discipline(path))
        short = plan.short_values(path, known)
        outputs = check_discipline(discipline, {each: short[each] for each in discipline.inputs})
        assert outputs.keys() == discipline.outputs.keys()
