"""The data of a study case: its nodes, the variables of one of them, tables and changes of values."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sostrades_api.access import Permission
from sostrades_api.errors import DomainError
from sostrades_api.http.attachments import attachment
from sostrades_api.http.problems import wants_page
from sostrades_api.models import StudyCase, db
from sostrades_api.platform import current_platform
from sostrades_api.services.default_digests import default_digests
from sostrades_api.services.parameter_check import ScalarUpdate, TableUpdate
from sostrades_api.services.parameter_download import parameter_download
from sostrades_api.services.parameter_rows import parameter_rows
from sostrades_api.services.stored_values import StoredValues
from sostrades_api.services.study_case_load import LoadedSide, study_case_load
from sostrades_api.services.study_case_names import full_name
from sostrades_api.services.study_case_update import study_case_update
from sostrades_api.services.study_plan import StudyPlan, study_plan
from sostrades_api.web.signed_in import actor, guarded
from sostrades_api.web.study import shared_context, study_for
from sostrades_api.web.table_page import ROWS, table_page
from sostrades_api.web.told import reasons
from sostrades_api.web.tree import tree_of
from sostrades_api.web.typed import typed

pages = guarded("data", __name__)

PAGE_SIZE = 200
LONGEST_TEXT = 400
_TABLES = {"dataframe", "array", "list", "dict"}


@dataclass(frozen=True)
class ShownVariable:
    """A variable as the page shows it."""

    full_name: str
    relative: str
    described: dict[str, Any]
    text: str
    is_table: bool
    changed: bool = False

    @property
    def is_numerical(self) -> bool:
        """Whether it says how the study case is solved, and is no result."""
        return self.described["numerical"] and self.described["io"] != "out"

    @property
    def between(self) -> tuple[str, str] | None:
        """The bounds of its range as its type is written."""
        bounds = self.described["range"]
        if not bounds:
            return None
        low, high = (None if bound is None else _bound(bound, self.described["type"]) for bound in bounds)
        return low or "\N{MINUS SIGN}\N{INFINITY}", high or "\N{INFINITY}"


@pages.get("/study-case/<int:study_id>/data")
def show(study_id: int) -> str:
    """The variables of one node, or those that a search finds."""
    study = study_for(Permission.READ, study_id)
    node, search = request.args.get("node", ""), request.args.get("search", "").strip()
    number = max(1, request.args.get("page", 1, type=int))
    variables = list(_wanted(study, node=node, search=search))
    if not search:
        variables.sort(key=lambda variable: variable.is_numerical)  # how it is solved after what it is
    start = (number - 1) * PAGE_SIZE
    plan = _plan(study)
    nodes = {name.rpartition(".")[0] for name in plan.descriptions}
    return render_template(
        "study_data.html",
        tree=tree_of(sorted(nodes)),
        node=node,
        search=search,
        variables=variables[start : start + PAGE_SIZE],
        elsewhere={} if node or search else _inputs_of_nodes(plan.descriptions),
        total=len(variables),
        page=number,
        last_page=max(1, -(-len(variables) // PAGE_SIZE)),
        **shared_context(study),
    )


@pages.get("/study-case/<int:study_id>/data/csv")
def csv(study_id: int) -> Response:
    """A value as CSV."""
    found = parameter_download(
        db.session(),
        study_for(Permission.READ, study_id),
        parameter_key=request.args.get("variable", ""),
        values=current_platform().values,
    )
    return attachment(
        found.content,
        file_name=found.file_name,
        content_type="text/csv; charset=utf-8",
        converged=found.converged,
    )


@pages.get("/study-case/<int:study_id>/data/table")
def table(study_id: int) -> str:
    """A page of a table as a part of the data page."""
    name = request.args.get("variable", "")
    study = study_for(Permission.READ, study_id)
    found = parameter_rows(
        db.session(),
        study,
        parameter_key=name,
        values=current_platform().values,
        number=request.args.get("page", 1, type=int),
        size=ROWS,
    )
    units = _column_units(study, name)
    return render_template(
        "_table.html", page=table_page(found), variable=name, study_id=study_id, units=units
    )


@pages.post("/study-case/<int:study_id>/data")
def change(study_id: int) -> AnyResponse:
    """Give a variable a new value: typed in, or as a CSV file."""
    study = study_for(Permission.UPDATE, study_id)
    name = request.form.get("variable", "")
    try:
        updated = study_case_update(
            db.session(),
            study,
            actor=actor(),
            values=current_platform().values,
            **_update(study, name),
            if_match_revisions=request.form.getlist("revision", type=int) or None,
        )
    except DomainError as error:
        if not wants_page():
            raise
        flash(f"{name}: {reasons(error)}", "bad")
        return redirect(_back(study_id))
    if wants_page():
        flash(f"{name} is changed.", "good")
        return redirect(_back(study_id))
    is_changed = name.removeprefix(f"{study.name}.") in _changed(study)
    return jsonify({"revision": updated.revision, "variables": updated.variables, "changed": is_changed})


def _plan(study: StudyCase) -> StudyPlan:
    stored = StoredValues(db.session(), study.id, values=current_platform().values)
    return study_plan(study.process_name, stored)


def _column_units(study: StudyCase, name: str) -> dict[str, str | None]:
    described = _plan(study).descriptions[name.removeprefix(f"{study.name}.")]
    return {column: each["unit"] for column, each in (described["column_descriptors"] or {}).items()}


def _update(study: StudyCase, name: str) -> dict[str, Any]:
    file = request.files.get("file")
    if file is not None:
        return {"tables": [TableUpdate(variable_id=name, content=file.read())]}
    kinds = _plan(study).descriptions
    kind = kinds.get(name.removeprefix(f"{study.name}."), {}).get("type", "")
    return {
        "scalars": [ScalarUpdate(variable_id=name, value=typed(request.form.get("value", ""), kind=kind))]
    }


def _back(study_id: int) -> str:
    kept: dict[str, Any] = {
        key: request.form[key] for key in ("node", "search", "page") if request.form.get(key)
    }
    return url_for("data.show", study_id=study_id, **kept)


def _wanted(study: StudyCase, *, node: str, search: str) -> Iterable[ShownVariable]:
    prefix = full_name(study.name, relative=node) if node and not search else ""
    loaded = study_case_load(
        db.session(), study.id, values=current_platform().values, io=LoadedSide.ALL, prefix=prefix
    )
    changed = _changed(study)
    words = search.casefold().split()
    for name, described in loaded.variables.items():
        relative = name.removeprefix(f"{study.name}.")
        if words:
            text = f"{relative} {described['label']} {described['description']}".casefold()
            keep = all(word in text for word in words)
        else:
            keep = relative.rpartition(".")[0] == node
        if keep:
            yield _shown(name, relative, described, is_changed=relative in changed)


def _changed(study: StudyCase) -> set[str]:
    """The inputs whose values are not the defaults of the process; nothing is read but digests."""
    given = StoredValues(db.session(), study.id, values=current_platform().values)
    plan = study_plan(study.process_name, given).plan
    defaults = default_digests(plan)
    return {
        name
        for name, digest in given.digests.items()
        if name in plan.variables and plan.variables[name].io == "in" and digest != defaults.get(name)
    }


def _inputs_of_nodes(descriptions: Mapping[str, dict[str, Any]]) -> Mapping[str, int]:
    """How many inputs each node below the study has, numerical parameters aside."""
    return Counter(
        name.rpartition(".")[0]
        for name, described in descriptions.items()
        if "." in name and described["io"] == "in" and not described["numerical"]
    )


def _shown(name: str, relative: str, described: dict[str, Any], *, is_changed: bool) -> ShownVariable:
    shape, value = described["shape"], described["value"]
    is_table = described["type"] in _TABLES
    if described["type"] in {"dataframe", "array"} and isinstance(shape, list):
        text = " by ".join(map(str, shape))
    elif is_table:
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = _scalar(value)
    return ShownVariable(name, relative, described, text[:LONGEST_TEXT], is_table, is_changed)


def _bound(bound: float, kind: str) -> str:
    """Whole numbers in groups of three, others as short as they are exact."""
    if kind == "int" and float(bound).is_integer():
        return f"{int(bound):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{bound:g}" if float(f"{bound:g}") == bound else repr(bound)


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
