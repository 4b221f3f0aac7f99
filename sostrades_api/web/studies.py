"""The list of one's study cases."""

from flask import render_template, request

from sostrades_api.models import db
from sostrades_api.services.study_case_find import FoundStudyCase, study_case_find
from sostrades_api.web.signed_in import actor, guarded
from sostrades_api.web.status import shown_state

pages = guarded("studies", __name__)

_MOST = 500


@pages.get("/study-cases")
def show_all() -> str:
    """List the study cases that the actor may see, narrowed by words of name, process or group."""
    found = study_case_find(db.session(), actor=actor())
    words = request.args.get("search", "").casefold().split()
    kept = [each for each in found if all(word in _text(each) for word in words)]
    return render_template(
        "study_cases.html",
        found=kept[:_MOST],
        left_out=max(0, len(kept) - _MOST),
        total=len(found),
        search=request.args.get("search", ""),
        status_of=status_of,
    )


def status_of(found: FoundStudyCase) -> str:
    """Where its latest execution stands, in a word."""
    return shown_state(found.state)


def _text(found: FoundStudyCase) -> str:
    study = found.study
    return f"{study.name} {study.process_name} {study.group.name} {status_of(found)}".casefold()
