"""Pages of processes: what they compute, for whoever is signed in."""

import pytest

from sostrades_api.engine import Process
from sostrades_api.processes import catalogue
from sostrades_api.web.markdown import rendered

pytestmark = pytest.mark.database("sqlite")


def text_of(response):
    return response.get_data(as_text=True)


@pytest.mark.parametrize("name", catalogue.names())
def test_every_process_has_a_page_with_its_documentation_and_references(pages, name):
    text = text_of(pages.get(f"/processes/{name}"))
    process = catalogue.get(name)
    assert process.documentation
    assert text.count("<h1>") == 1
    assert '<div class="table-wrap"' in text
    for reference in process.references:
        assert f">{reference.name}</span>" in text


def test_the_list_names_every_process(pages):
    text = text_of(pages.get("/processes"))
    assert all(f'href="/processes/{name}"' in text for name in catalogue.names())


def test_one_has_to_sign_in_to_read_of_processes(new_pages):
    assert new_pages().get("/processes/sellar").location == "/sign-in?next=/processes/sellar"


def test_a_process_that_is_not_installed_has_no_page(pages):
    assert pages.get("/processes/gone").status_code == 404


def test_a_study_case_and_its_report_lead_to_the_page(pages, study):
    assert 'href="/processes/dice2016r"' in text_of(pages.get(f"/study-case/{study.id}"))
    report = text_of(pages.get(f"/study-case/{study.id}/report"))
    assert 'href="http://localhost/processes/dice2016r"' in report


def test_a_process_without_documentation_or_whose_file_is_gone_says_so(pages, monkeypatch, tmp_path):
    sellar = catalogue.get("sellar")
    for documentation in (None, tmp_path / "gone.md"):
        process = Process("sellar", disciplines=sellar.disciplines, documentation=documentation)
        monkeypatch.setattr(catalogue, "get", lambda _name, process=process: process)
        assert "brings no documentation" in text_of(pages.get("/processes/sellar"))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a <script>alert(1)</script>", "<p>a &lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        ("![a](https://example.org/a.png)", '<p>!<a href="https://example.org/a.png">a</a></p>'),
        ("[a](neighbour.md) [b](https://example.org)", '<p>a <a href="https://example.org">b</a></p>'),
        ("# Title\n\ntext\n\n# Another", "<p>text</p>\n<h2>Another</h2>"),
        ("$x_1 = y_2$", "<p>$x_1 = y_2$</p>"),
    ],
)
def test_documentation_becomes_html_that_can_do_nothing(text, html):
    assert str(rendered(text)).strip() == html
