"""A study case whose structuring inputs decide which variables and disciplines it has."""

import pytest
from sqlalchemy import select

from sostrades_api.engine import Composed, Declared, Discipline, Process, Reference
from sostrades_api.models import Execution
from sostrades_api.platform import platform_of
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_inputs import execution_inputs, present_inputs
from sostrades_api.services.execution_result_read import execution_result_read
from sostrades_api.services.stored_values import StoredValues
from sostrades_api.services.study_plan import study_plan
from tests.support.finished import execute

NAMES = {"type": "list", "subtype_descriptor": {"list": "string"}}


class Region(Discipline):
    """Emissions of a region; ``detailed`` splits them."""

    DESC_IN = {
        "population": {"type": "float", "default": 1.0, "range": [0, 100]},
        "detailed": {"type": "bool", "default": False, "structuring": True},
    }
    DESC_OUT = {"emissions": {"type": "float"}}

    def structure(self, values):
        inputs = {"share": {"type": "float", "default": 0.5}} if values["detailed"] else {}
        return Declared(inputs=inputs)

    def run(self, inputs):
        return {"emissions": inputs["population"] * inputs.get("share", 1.0)}


def regions(values):
    if "nowhere" in values["regions"]:
        raise ValueError("there is no such region")
    return Composed(disciplines=dict.fromkeys(values["regions"], Region))


PROCESS = Process(
    "regions",
    inputs={"regions": {**NAMES, "default": ["north"]}},
    structure=regions,
    references=(Reference("two", values={"regions": ["north", "south"], "south.population": 7.0}),),
)


@pytest.fixture
def make(install, new_study):
    """``make()``: a study case "World" of the process, without values of its own."""
    install(PROCESS)
    return lambda reference="": new_study("World", process_name="regions", reference=reference)


@pytest.fixture
def update(api):
    """``update(study, {name: value})``: the answer."""

    def send(study, values, **options):
        body = [{"variableId": f"World.{name}", "newValue": value} for name, value in values.items()]
        return api.post(f"/study-case/{study.id}/parameters", json=body, **options)

    return send


@pytest.fixture
def listed(api):
    """``listed(study)``: the variables of disciplines that a load lists."""

    def names(study, query=""):
        loaded = api.get(f"/study-case/{study.id}{query}").json
        return sorted(name for name in loaded if name.count(".") == 2)

    return names


NORTH = ["World.north.detailed", "World.north.population"]
SOUTH = ["World.south.detailed", "World.south.population"]


def test_a_structuring_update_changes_the_listed_variables(make, update, listed, api):
    study = make()
    assert listed(study) == NORTH
    answer = update(study, {"regions": ["north", "south"]})
    assert answer.status_code == 200, answer.text
    assert answer.json == api.get(f"/study-case/{study.id}").json
    assert listed(study) == NORTH + SOUTH
    assert listed(study, "?io=out") == ["World.north.emissions", "World.south.emissions"]


def test_what_disappeared_comes_back_with_its_value(make, update, listed, api):
    study = make("two")
    update(study, {"regions": ["north"]})
    assert listed(study) == NORTH
    gone = update(study, {"south.population": 8.0})
    assert gone.status_code == 422
    assert "no variable of this name" in gone.text
    update(study, {"regions": ["south", "north"]})
    assert api.get(f"/study-case/{study.id}").json["World.south.population"]["value"] == 7.0


def test_one_request_may_give_values_to_what_it_makes_appear(make, update, api):
    study = make()
    given = {"south.share": 0.25, "south.detailed": True, "regions": ["south"]}
    answer = update(study, given)
    assert answer.status_code == 200, answer.text
    shown = api.get(f"/study-case/{study.id}").json
    assert shown["World.south.share"]["value"] == 0.25
    assert "World.north.population" not in shown


def test_a_value_with_which_the_process_cannot_be_built_is_refused(make, update, listed, api):
    study = make()
    before = api.get(f"/study-case/{study.id}").headers["ETag"]
    answer = update(study, {"regions": ["nowhere"]})
    assert answer.status_code == 422
    assert "there is no such region" in answer.text
    assert "World.regions" in answer.text
    assert listed(study) == NORTH
    assert api.get(f"/study-case/{study.id}").headers["ETag"] == before


def test_a_revert_brings_the_structure_back(make, update, listed, api):
    study = make()
    update(study, {"regions": ["south"]})
    answer = api.post(f"/study-case/{study.id}/parameters/revert", json={"revision": 1})
    assert answer.status_code == 200, answer.text
    assert listed(study) == NORTH
    assert "World.north.population" in answer.json


def test_the_answers_tag_is_that_of_the_next_load(make, update, api):
    study = make()
    answer = update(study, {"regions": ["south"]})
    assert api.get(f"/study-case/{study.id}").headers["ETag"] == answer.headers["ETag"]


def test_executions_and_their_results_follow_the_structure(make, update, api, app, session):
    study = make("two")
    update(study, {"north.detailed": True})
    status = f"/calculation/status/{study.id}"
    assert set(api.get(status).json["disciplines_status"]) == {"World.north", "World.south"}
    execute(app, session, study)
    shown = api.get(f"/study-case/{study.id}?io=out").json
    assert shown["World.north.emissions"]["value"] == 0.5
    assert shown["World.south.emissions"]["value"] == 7.0
    update(study, {"regions": ["north"]})
    # results stay those of what ran, in the report too
    assert set(api.get(status).json["disciplines_status"]) == {"World.north", "World.south"}
    assert "World.south.emissions" not in api.get(f"/study-case/{study.id}?io=out").json
    assert (
        execution_result_read(session, study, values=platform_of(app).values).value("south.emissions") == 7.0
    )


def test_a_worker_runs_the_structure_of_its_snapshot(make, update, api, app, session, platform):
    """South's stored values belong to nothing while it is not listed; the run leaves them aside."""
    study = make("two")
    update(study, {"regions": ["north"]})
    answer = api.post(f"/calculation/execute/{study.id}")
    assert answer.status_code == 200, answer.text
    execution = session.scalar(select(Execution).where(Execution.study_case_id == study.id))
    claimed = execution_claim(
        session, execution_id=execution.id, token="token", worker="test", lease_seconds=60
    )
    assert set(claimed.disciplines) == {"north"}
    given = execution_inputs(session, execution_id=execution.id, values=platform.values)
    assert "south.population" in given
    plan = study_plan("regions", given).plan
    present = present_inputs(given, plan=plan)
    assert plan.execute(present).values["north.emissions"] == 1.0


def test_a_stored_value_that_fits_no_more_counts_as_not_given(make, session, platform):
    study = make("two")
    stored = StoredValues(session, study.id, values=platform.values)
    assert study_plan("regions", stored).plan.disciplines == ("north", "south")
    assert study_plan("regions", {"regions": 3}).plan.disciplines == ("north",)


@pytest.mark.parametrize("name", ["a\nb", "a\x00", "\u202eabc", "", "a..b", "r" * 600])
def test_a_place_of_a_name_that_cannot_be_kept_or_read_is_refused(make, update, name):
    response = update(make(), {"regions": ["north", name]})
    assert response.status_code == 422, response.text
    assert response.json["errors"]
