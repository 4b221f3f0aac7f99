"""What the installed processes are: a list, and a page of each with its documentation and references."""

import logging

from flask import render_template
from markupsafe import Markup

from sostrades_api.engine import Process
from sostrades_api.errors import NotFoundError
from sostrades_api.processes import catalogue
from sostrades_api.services.public_text import public_text
from sostrades_api.web.markdown import rendered
from sostrades_api.web.signed_in import guarded

logger = logging.getLogger(__name__)

pages = guarded("processes", __name__)


@pages.get("/processes")
def show_all() -> str:
    """List the installed processes."""
    return render_template("processes.html", processes=[catalogue.get(name) for name in catalogue.names()])


@pages.get("/processes/<path:name>")
def show(name: str) -> str:
    """A process: what it is, its references, its documentation."""
    try:
        process = catalogue.get(name)
    except catalogue.UnknownProcess as error:
        raise NotFoundError(public_text(error.detail)) from error
    return render_template("process.html", process=process, documentation=_documentation(process))


def _documentation(process: Process) -> Markup | None:
    if process.documentation is None:
        return None
    try:
        return rendered(process.documentation.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        logger.warning("The documentation of %r cannot be read", process.name, exc_info=True)
        return None
