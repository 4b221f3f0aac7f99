"""The one-file report as text; ``tests/browser`` opens it."""

import base64
import datetime as dt
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

from sostrades_api.charts import Axis, Chart, Series, Table, TableColumn
from sostrades_api.reporting import assets
from sostrades_api.reporting.convergence import convergence_figure, loop_outcomes
from sostrades_api.reporting.document import DisciplineCharts, InputGroup, InputRow, Report
from sostrades_api.reporting.payload import chart_page
from sostrades_api.reporting.report import content_security_policy, render
from sostrades_api.reporting.selection import filterable_charts
from sostrades_api.reporting.unit_text import unit_text

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&<!--"


class Elements(HTMLParser):
    """Collects scripts and addresses of a page."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.scripts, self.tags, self.addresses, self.policy = [], [], [], ""
        self._in_script = None

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append((tag, found))
        self.addresses += [found[name] for name in ("src", "href", "action") if name in found]
        if tag == "script":
            self._in_script = found.get("type", "text/javascript")
        if tag == "meta" and found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]

    def handle_endtag(self, tag):
        if tag == "script":
            self._in_script = None

    def handle_data(self, data):
        if self._in_script:
            self.scripts.append((self._in_script, data))


def a_report(**changes):
    pictures = [
        Chart(
            title=HOSTILE,
            x_axis=Axis(label="Year"),
            y_axis=Axis(label="Power", unit="TWh"),
            series=(Series(name=HOSTILE, x=[1], y=[2]),),
            key_chart=True,
        ),
        Table(title="t", columns=(TableColumn(label="c", values=[HOSTILE]),), section=HOSTILE),
    ]
    fields = {
        "study_name": HOSTILE,
        "process_name": "p",
        "process_label": HOSTILE,
        "status": "FINISHED",
        "executed_at": dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
        "seconds": 1.5,
        "requested_by": HOSTILE,
        "changed_since": False,
        "loops": (),
        "inputs": (
            InputGroup(
                name="n", rows=(InputRow(name="a.b", label=HOSTILE, value=HOSTILE, unit="m", changed=True),)
            ),
        ),
        "disciplines": (
            DisciplineCharts(name=HOSTILE, label="D", charts=filterable_charts([], lambda _: pictures)),
        ),
    }
    return Report(**(fields | changes))


@pytest.fixture(scope="module")
def parsed():
    elements = Elements()
    elements.feed(render(a_report()))
    return elements


def test_hostile_text_makes_no_element(parsed):
    assert not [tag for tag, _ in parsed.tags if tag == "img"]
    assert len([tag for tag, _ in parsed.tags if tag == "script"]) == 4


def test_nothing_is_fetched_from_anywhere(parsed):
    assert all(address.startswith(("#", "data:")) for address in parsed.addresses)
    assert "default-src 'none'" in parsed.policy


def test_no_element_has_an_inline_event_handler(parsed):
    assert not [name for _, attributes in parsed.tags for name in attributes if name.startswith("on")]


def test_the_policy_names_every_script_by_its_digest(parsed):
    executed = [text for kind, text in parsed.scripts if kind == "text/javascript"]
    assert len(executed) == 3
    for text in executed:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in parsed.policy
    assert parsed.policy == content_security_policy()
    assert "unsafe-eval" not in parsed.policy


def test_plotly_is_in_the_page_once_and_its_cloud_is_off():
    html = render(a_report())
    assert html.count("plotly.js v") == 1
    assert "showSendToCloud: false" in html


def test_sections_key_charts_and_inputs_have_headings():
    html = render(a_report())
    for heading in ("Key results", "Inputs", "Contents"):
        assert re.search(rf"<(h2|summary)[^>]*>{heading}<", html)


def test_key_charts_with_one_title_are_told_apart_by_their_disciplines():
    (given,) = a_report().disciplines
    twice = tuple(replace(given, name=name) for name in ("Study.North.Load", "Study.South.Load"))
    assert [each.origin for each in chart_page(twice).key_charts] == ["Study.North.Load", "Study.South.Load"]
    assert [each.origin for each in chart_page((given,)).key_charts] == [None]
    assert "North.<wbr>Load</p>" in render(a_report(disciplines=twice))


def test_the_parts_around_every_chart_have_an_id_or_a_label(parsed):
    figures = [attributes for tag, attributes in parsed.tags if tag == "figure"]
    assert [each["data-figure"] for each in figures] == ["0", "0", "1"]


def test_residuals_become_outcomes_and_a_chart():
    history = pd.DataFrame(
        {"loop": ["A, B", "A, B", "C, D"], "iteration": [1, 2, 1], "residual": [1.0, 0.0, float("nan")]}
    )
    first, second = loop_outcomes(history, tolerance=1e-6, is_unconverged=lambda name: name == "C, D")
    assert (first.name, first.iterations, first.converged) == ("A, B", 2, True)
    assert not second.converged
    figure = convergence_figure(history, tolerance=1e-6)
    assert figure["layout"]["yaxis"]["type"] == "log"
    assert figure["data"][0]["y"] == [1.0, None]
    assert convergence_figure(None, tolerance=1.0) is None
    assert loop_outcomes(history.iloc[:0], tolerance=1.0, is_unconverged=bool) == ()


def test_plotly_can_stand_inside_a_page():
    assert "</script" not in assets.plotly_js().lower()
    assert assets.map_style_id()
    assert assets.plotly_js().isascii()
    assert "/[yzafpn\\u00b5mkMGTPEZY]/" in assets.plotly_js()


@pytest.mark.parametrize(
    ("unit", "text"),
    [("W/m**2", "W/m²"), ("degC", "°C"), ("m^-1", "m⁻¹"), ("GtCO2", "GtCO2"), (None, ""), ("-", "-")],
)
def test_units_are_written_as_readers_write_them(unit, text):
    assert unit_text(unit) == text
