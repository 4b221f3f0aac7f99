"""Charts and reports of executions."""

import json
import logging

import pandas as pd
import plotly.graph_objects as go
import pytest

from sostrades_api.access import COMMAND_LINE, Actor, Role
from sostrades_api.models import Execution, StudyParameter
from sostrades_api.processes import catalogue
from sostrades_api.reporting.report import render
from sostrades_api.services import discipline_charts_read as charts_module
from sostrades_api.services.discipline_charts_read import discipline_charts_read
from sostrades_api.services.post_processing_read import post_processing_read
from sostrades_api.services.report_render import report_of, report_render
from tests.support.finished import execute, finished_study


@pytest.fixture
def study(app, session, make_group):
    return finished_study(app, session, group=make_group(), name="Climate <1>")


def test_before_the_first_finished_execution_there_are_no_charts(session, platform, make_group, make_study):
    study = make_study(make_group(), process_name="dice2016r")
    assert post_processing_read(session, study, values=platform.values) == {}
    assert discipline_charts_read(session, study, values=platform.values) == ()
    report = report_render(session, study, actor=COMMAND_LINE, values=platform.values)
    assert "no finished execution yet" in report.html


def test_charts_are_listed_by_the_full_name_of_their_discipline(session, platform, study):
    found = post_processing_read(session, study, values=platform.values)
    assert "Climate <1>.Climate.Temperature" in found
    for charts in found.values():
        assert charts.keys() == {"filters", "post_processings"}
        assert charts["post_processings"]


def test_plotly_accepts_every_shipped_figure_and_json_has_no_nan(app, session, platform, make_group):
    group = make_group()
    for name in catalogue.names():
        study = finished_study(app, session, group=group, name=name, process_name=name)
        for charts in post_processing_read(session, study, values=platform.values).values():
            assert "error" not in charts
            for figure in charts["post_processings"]:
                go.Figure({"data": figure["data"], "layout": figure["layout"]})
                json.dumps(figure, allow_nan=False)


def test_every_ordinate_of_a_shipped_chart_has_a_title(session, platform, study):
    for charts in post_processing_read(session, study, values=platform.values).values():
        for figure in charts["post_processings"]:
            if figure["data"][0]["type"] != "table":
                assert figure["layout"]["yaxis"]["title"]["text"]


def test_a_filter_chooses_charts_and_unknown_choices_are_left_out(session, platform, study):
    name = "Climate <1>.Emissions"
    all_of_them = post_processing_read(session, study, values=platform.values)[name]
    key, first = all_of_them["filters"][0]["filter_key"], all_of_them["filters"][0]["filter_values"][0]
    chosen = post_processing_read(
        session, study, values=platform.values, filters={name: {key: [first, "nonsense"], "other": ["x"]}}
    )[name]
    assert len(chosen["post_processings"]) == 1 < len(all_of_them["post_processings"])
    assert chosen["filters"][0]["selected_values"] == [first]


def test_a_discipline_whose_charts_fail_costs_only_its_own(session, platform, study, monkeypatch, caplog):
    broken = type(catalogue.plan_of("dice2016r").discipline("Emissions"))

    def fail(self, values, selection):
        msg = "secret path /srv"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr(broken, "charts", fail)
    with caplog.at_level(logging.ERROR, logger=charts_module.__name__):
        found = post_processing_read(session, study, values=platform.values)
    assert found["Climate <1>.Emissions"]["post_processings"] == []
    assert "ZeroDivisionError" in found["Climate <1>.Emissions"]["error"]
    assert "secret" not in found["Climate <1>.Emissions"]["error"]
    assert found["Climate <1>.Economy.Damages"]["post_processings"]
    report = report_render(session, study, actor=COMMAND_LINE, values=platform.values)
    assert "cannot be drawn" in report.html


def test_a_new_execution_has_new_charts(app, session, platform, study):
    before = post_processing_read(session, study, values=platform.values)
    again = post_processing_read(session, study, values=platform.values)
    assert again is before
    execute(app, session, study)
    assert post_processing_read(session, study, values=platform.values) is not before


def test_a_renamed_study_has_its_charts_under_its_new_name(session, platform, study):
    post_processing_read(session, study, values=platform.values)
    study.name = "Other"
    session.commit()
    assert "Other.Emissions" in post_processing_read(session, study, values=platform.values)


def test_a_report_says_that_its_loops_did_not_converge(app, session, platform, study):
    history = pd.DataFrame({"loop": ["A, B"] * 2, "iteration": [1, 2], "residual": [1.0, 0.5]})
    execution_id = execute(app, session, study, changed={"residuals_history": history})
    execution = session.get(Execution, execution_id)
    execution.converged = False
    execution.unconverged = {"loops": ["A, B"], "disciplines": [], "variables": []}
    session.commit()
    report = report_render(session, study, actor=COMMAND_LINE, values=platform.values)
    assert "These results are not converged" in report.html
    assert "A, B: residual 0.5 after 2 iterations" in report.html


def test_a_converged_report_does_not_warn(session, platform, study):
    report = report_render(session, study, actor=COMMAND_LINE, values=platform.values)
    assert "These results are not converged" not in report.html


def test_who_may_not_read_values_gets_a_report_without_inputs(
    session, platform, study, make_user, make_right
):
    viewer = make_user()
    make_right(study, viewer, Role.RESTRICTED_VIEWER)
    actor = Actor(label="viewer", user_id=viewer.id)
    assert report_of(session, study, actor=actor, values=platform.values).inputs == ()
    assert report_of(session, study, actor=COMMAND_LINE, values=platform.values).inputs


def test_the_inputs_of_a_report_say_which_were_changed(session, platform, study):
    report = report_of(session, study, actor=COMMAND_LINE, values=platform.values)
    assert report.changed_inputs == ()
    assert report.input_count > 20


def test_a_report_says_how_a_study_was_solved_to_who_may_read_values(
    app, session, platform, study, make_user, make_right
):
    assert report_of(session, study, actor=COMMAND_LINE, values=platform.values).solving == ()
    changes = {"sub_mda_class": "MDAJacobi", "allow_unconverged": True}
    for name, digest in platform.values.put_many(session, changes).items():
        session.add(StudyParameter(study_case_id=study.id, name=name, digest=digest))
    session.commit()
    execute(app, session, study)
    report = report_of(session, study, actor=COMMAND_LINE, values=platform.values)
    shown = {row.name: (row.value, row.default) for row in report.solving}
    assert shown == {"sub_mda_class": ("MDAJacobi", "MDAGaussSeidel"), "allow_unconverged": ("yes", "no")}
    assert "Changed numerical parameters" in render(report)
    viewer = make_user()
    make_right(study, viewer, Role.RESTRICTED_VIEWER)
    actor = Actor(label="viewer", user_id=viewer.id)
    assert report_of(session, study, actor=actor, values=platform.values).solving is None


def test_a_report_tells_that_the_study_was_changed_since(session, platform, study):
    study.revision += 1
    session.commit()
    report = report_of(session, study, actor=COMMAND_LINE, values=platform.values)
    assert report.changed_since
    assert not report.failed_since


def test_a_hostile_study_name_is_inert_in_the_report_and_its_file_name(session, platform, study):
    study.name = '</script><script>alert(1)</script>"../../x'
    session.commit()
    report = report_render(session, study, actor=COMMAND_LINE, values=platform.values)
    assert "<script>alert(1)" not in report.html
    assert report.file_name == "script_script_alert_1_script_.._.._x.html"
