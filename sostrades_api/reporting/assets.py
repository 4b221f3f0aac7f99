"""Scripts and style sheets, read once: ours for charts and reports, and the plotly.js in Plotly's wheel."""

import base64
import functools
import hashlib
import re
from importlib import resources

STYLES = ("base.css", "charts.css")
CHART_SCRIPTS = ("dom.js", "numbers.js", "plots.js", "filters.js", "charts.js")
PLOTLY = "plotly.min.js"


@functools.cache
def text(name: str) -> str:
    """A shared file of ours."""
    return (resources.files("sostrades_api.reporting") / "static" / name).read_text(encoding="utf-8")


def joined(*names: str) -> str:
    """Several of them, one after the other."""
    return "\n".join(text(name) for name in names)


@functools.cache
def plotly_js() -> str:
    """plotly.js as Plotly's wheel ships it (4.8 MB), so that figures and script are always of one version.

    Raises:
        RuntimeError: The script holds an end tag and could not stand inside a page.
    """
    source = (resources.files("plotly") / "package_data" / PLOTLY).read_text(encoding="utf-8")
    if "</script" in source.lower() or "<!--" in source:
        msg = "this plotly.js cannot be inlined: it holds an HTML end tag or comment"
        raise RuntimeError(msg)
    # ASCII takes a byte a character in memory, else every copy of the page would be twice as large.
    return re.sub(r"[^\x00-\x7f]", lambda found: f"\\u{ord(found[0]):04x}", source)


@functools.cache
def map_style_id() -> str | None:
    """The id under which plotly.js looks for the styles of maps before adding them, which our policy forbids.

    Maps ask other hosts for their tiles, so nothing of ours draws one.
    """
    found = re.search(r'document\.getElementById\("([0-9a-f]{64})"\)', plotly_js())
    return found[1] if found else None


def csp_hash(source: str) -> str:
    """What a Content-Security-Policy calls this exact text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
