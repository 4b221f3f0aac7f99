"""Commands for processes and study cases."""

from typing import Any

import click

from sostrades_api.access import COMMAND_LINE, Permission
from sostrades_api.cli.command import command, json_option, note, print_json, print_rows
from sostrades_api.models import StudyCase, db
from sostrades_api.platform import current_platform
from sostrades_api.processes import catalogue
from sostrades_api.services.execution_status import NOT_EXECUTED, STUDY_STATUS
from sostrades_api.services.group_get import group_get
from sostrades_api.services.study_case_create import study_case_create
from sostrades_api.services.study_case_delete import study_case_delete
from sostrades_api.services.study_case_find import FoundStudyCase, study_case_find
from sostrades_api.services.study_case_get import study_case_get
from sostrades_api.services.study_case_restore import study_case_restore


@command("list_processes", example="--json")
@json_option
def list_processes(*, as_json: bool) -> None:
    """List the installed processes.

    Each with its references; one that cannot be used with the reason.
    """
    rows = [_described_process(name) for name in catalogue.names()]
    print_rows(rows, as_json=as_json, nothing="No process is installed")
    for name, reason in catalogue.broken().items():
        note(f"The process '{name}' is installed, but cannot be used: {reason}")


@command("list_studies", example="--json")
@click.option("--deleted", is_flag=True, help="The deleted ones, which restore_study brings back.")
@json_option
def list_studies(*, deleted: bool, as_json: bool) -> None:
    """List the study cases.

    The one changed last comes first.
    """
    found = study_case_find(db.session(), actor=COMMAND_LINE, deleted=deleted)
    nothing = "There are no deleted study cases" if deleted else "There are no study cases"
    print_rows([_described(one) for one in found], as_json=as_json, nothing=nothing)


@command("create_study", example="sellar 'My first study' --group analysts")
@click.argument("process")
@click.argument("name")
@click.option("--group", required=True, help="The group that owns it.")
@click.option("--reference", help="The values to start from (see list_processes); default: the first.")
@json_option
def create_study(*, process: str, name: str, group: str, reference: str | None, as_json: bool) -> None:
    """Create a study case of a process.

    Its number is printed alone on the last line.
    """
    session = db.session()
    study = study_case_create(
        session,
        actor=COMMAND_LINE,
        process_name=process,
        name=name,
        group=group_get(session, name=group),
        values=current_platform().values,
        reference=reference,
    )
    if as_json:
        print_json(_described_study(study))
        return
    note(f"Study case {study.id} '{study.name}' of the process '{study.process_name}' is created")
    click.echo(str(study.id))


@command("delete_study", example="12")
@click.argument("study_case_id", type=int)
@json_option
def delete_study(*, study_case_id: int, as_json: bool) -> None:
    """Delete a study case, for the time being.

    Nobody sees it any more; restore_study brings it back until collect_garbage removes it.
    """
    session = db.session()
    study = study_case_get(session, study_case_id, actor=COMMAND_LINE, permission=Permission.DELETE)
    described = _described_study(study)
    study_case_delete(session, study)
    if as_json:
        print_json({**described, "deleted": True})
        return
    name = described["name"]
    note(f"Study case {study_case_id} '{name}' is deleted; undo with: flask restore_study {study_case_id}")


@command("restore_study", example="12")
@click.argument("study_case_id", type=int)
@json_option
def restore_study(*, study_case_id: int, as_json: bool) -> None:
    """Bring a deleted study case back.

    Its values, history and results are as they were.
    """
    session = db.session()
    permission = Permission.DELETE
    study = study_case_get(session, study_case_id, actor=COMMAND_LINE, permission=permission, deleted=True)
    study = study_case_restore(session, study)
    if as_json:
        print_json({**_described_study(study), "deleted": False})
    else:
        note(f"Study case {study.id} '{study.name}' is back")


def _described_process(name: str) -> dict[str, Any]:
    process = catalogue.get(name)
    references = [reference.name for reference in process.references]
    return {"name": name, "label": process.label, "references": references}


def _described(found: FoundStudyCase) -> dict[str, Any]:
    status = STUDY_STATUS[found.state] if found.state else NOT_EXECUTED
    return {**_described_study(found.study), "status": status}


def _described_study(study: StudyCase) -> dict[str, Any]:
    return {
        "id": study.id,
        "name": study.name,
        "process": study.process_name,
        "group": study.group.name,
        "revision": study.revision,
    }


COMMANDS = (list_processes, list_studies, create_study, delete_study, restore_study)
