"""The report of an execution: one HTML file that opens from disk, asks for nothing and prints."""

import functools

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from sostrades_api.reporting import assets
from sostrades_api.reporting.document import Report
from sostrades_api.reporting.payload import chart_page
from sostrades_api.settings import PROJECT_DIR

_SCRIPTS = (*assets.CHART_SCRIPTS, "report.js")
_STYLES = (*assets.STYLES, "report.css")


def render(report: Report) -> str:
    """The page as HTML text, about 5 MB of it plotly.js."""
    page = chart_page(report.disciplines, convergence=report.convergence_chart)
    return _template().render(
        report=report,
        page=page,
        policy=content_security_policy(),
        payload=_as_it_is(page.json),
        **_inlined(),
    )


def _as_it_is(text: str) -> Markup:
    """Files of ours and JSON without ``<``; nothing else may go into the page unescaped."""
    return Markup(text)  # noqa: S704


@functools.cache
def _inlined() -> dict[str, Markup]:
    """The same in every report, and large: marked once."""
    return {
        "theme_script": _as_it_is(assets.text("theme.js")),
        "script": _as_it_is(assets.joined(*_SCRIPTS)),
        "plotly": _as_it_is(assets.plotly_js()),
        "style": _as_it_is(assets.joined(*_STYLES)),
    }


@functools.cache
def content_security_policy() -> str:
    """What a report may do, for its ``meta`` element and whoever serves it: its own scripts, no request."""
    scripts = (assets.text("theme.js"), assets.plotly_js(), assets.joined(*_SCRIPTS))
    hashes = " ".join(assets.csp_hash(script) for script in scripts)
    # Plotly writes style attributes and one style element; styles can fetch nothing here.
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(PROJECT_DIR / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
