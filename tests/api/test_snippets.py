"""The documented snippets of the API, run as they are against a live server and a live worker.

``sostrades_api_v0.txt`` is the documentation that existing scripts were written from. Only the placeholders
in its code are replaced (host, key, identifiers, file paths), and the one indentation it lost is restored.
"""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest
import requests

from sostrades_api.services.study_case_create import study_case_create
from tests.support.live import LivePlatform, wait_until

TEXT = Path(__file__).with_name("sostrades_api_v0.txt").read_text("utf-8")
_STARTS = re.compile(r"^import requests", re.MULTILINE)
_PROSE = re.compile(r"^(?:Study case|Provide|Trigger|Report)\b.*", re.MULTILINE)


def snippets() -> list[str]:
    """The code blocks, from ``import requests`` to the next section's prose."""
    starts = [match.start() for match in _STARTS.finditer(TEXT)]
    ends = [*starts[1:], len(TEXT)]
    blocks = [TEXT[start:end] for start, end in zip(starts, ends, strict=True)]
    return [_PROSE.split(block)[0].strip().replace("\nfs.", "\n    fs.") for block in blocks]


LOAD, DOWNLOAD, UPDATE, EXECUTE, STATUS, CHARTS, REPORT = snippets()


class Script:
    """Runs a snippet with its placeholders replaced."""

    def __init__(self, url: str, key: str, study_id: int) -> None:
        self._known = {
            "https://<host>": url,
            "<int:study_id>": str(study_id),
            "<api_key>": key,
        }

    def run(self, code: str, **replaced: str) -> tuple[requests.Response, str]:
        """The last response of the snippet and what it printed."""
        for placeholder, value in {**self._known, **replaced}.items():
            code = code.replace(placeholder, value)
        assert not re.search(r"<(?:host|int|api_key)", code)
        printed, names = io.StringIO(), {}
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "snippet", "exec"), names)
        names["response"].raise_for_status()
        return names["response"], printed.getvalue()


@pytest.fixture
def live(settings):
    with LivePlatform(settings) as platform:
        platform.start_workers()
        platform.start_web()
        yield platform


@pytest.fixture
def study_id(session, accounts, group, platform):
    study = study_case_create(
        session,
        actor=accounts.actor(group),
        process_name="dice2016r",
        name="my.study",
        group=group,
        values=platform.values,
    )
    identifier = study.id
    session.rollback()
    return identifier


def test_every_documented_snippet_calls_its_own_route_with_a_key():
    called = [
        re.findall(r"requests\.(\w+)\(\s*\"https://<host>/api/v0/([^\"]+)", code) for code in snippets()
    ]
    study = "study-case/<int:study_id>"
    assert called == [
        [("get", study)],
        [("post", f"{study}/parameter/download")],
        [("post", f"{study}/parameters")] * 2,
        [("post", "calculation/execute/<int:study_id>")],
        [("get", "calculation/status/<int:study_id>")],
        [("get", "post-processing/<int:study_id>")],
        [("get", "post-processing/<int:study_id>/html")],
    ]
    for code, calls in zip(snippets(), called, strict=True):
        assert code.count('"Authorization": "Bearer <api_key>"') == len(calls)


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore:unclosed file:ResourceWarning"
)  # the snippets leave theirs to the interpreter
def test_every_documented_snippet_runs_unchanged(study_id, live, accounts, group, session, tmp_path):
    script = Script(live.url, accounts.key(group), study_id)
    session.rollback()

    loaded, printed = script.run(LOAD)
    variables = json.loads(printed)
    assert variables == loaded.json()
    promised = {"optional", "type", "unit", "value", "var_name", "visibility"}
    assert all(promised <= set(variable) for variable in variables.values())
    table = next(name for name, variable in variables.items() if variable["value"] == "://dataframe")

    downloaded, printed = script.run(DOWNLOAD, **{"my.study.discipline": table})
    assert printed.splitlines()[0] == ",".join(variables[table]["columns"])
    file = tmp_path / "file.csv"
    file.write_bytes(downloaded.content)

    updated, _ = script.run(
        UPDATE.replace("my.study.discipline", "my.study.sub_mda_class", 1),
        **{
            "my.study.discipline": table,
            "the_unit": "-",
            "the_new_value": "MDAJacobi",
            "/path/to/my/file.csv": str(file),
        },
    )
    assert list(updated.json()) == [table]
    reloaded = json.loads(script.run(LOAD)[1])
    assert reloaded["my.study.sub_mda_class"]["value"] == "MDAJacobi"

    executed, _ = script.run(EXECUTE)
    assert executed.json()["study_case_execution_status"] in {"PENDING", "RUNNING", "FINISHED"}
    status = wait_until(lambda: finished(script), seconds=60)
    assert status["study_case_execution_status"] == "FINISHED", status
    assert set(status["disciplines_status"].values()) == {"DONE"}
    assert re.fullmatch(r"\d+\.\d+/\d+", status["study_case_execution_cpu"])
    assert re.fullmatch(r"\d+\.\d+/\d+\.\d+ \[GB\]", status["study_case_execution_memory"])
    assert status["study_case_id"] == study_id

    charts, _ = script.run(CHARTS)
    assert any(shown["post_processings"] for shown in charts.json().values())
    page = tmp_path / "report.html"
    script.run(REPORT, **{"/path/to/my/file": str(page)})
    assert "<html" in page.read_text("utf-8")


def finished(script: Script) -> dict | None:
    status = script.run(STATUS)[0].json()
    return status if status["study_case_execution_status"] not in {"PENDING", "RUNNING"} else None
