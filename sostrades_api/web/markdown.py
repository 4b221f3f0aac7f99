"""Documentation of processes as HTML: headings, lists, tables and code; HTML in it stays text."""

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_LOCAL_SCHEMES = ("https://", "http://", "mailto:", "#")


def rendered(text: str) -> Markup:
    """HTML to stand below a heading of its own: the title of the text is left out."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.disable("image")  # a page shows nothing of another host, and a process serves no files
    parser.add_render_rule("table_open", _open_table)
    parser.add_render_rule("table_close", _close_table)
    tokens = _without_title(parser.parse(text))
    for token in tokens:
        if token.type in {"heading_open", "heading_close"} and token.tag == "h1":
            token.tag = "h2"
        _drop_dead_links(token)
    # The renderer escapes all text, refuses javascript: and data: links, and HTML is switched off.
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704


def _without_title(tokens: list[Token]) -> list[Token]:
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        return tokens[3:]
    return tokens


def _drop_dead_links(token: Token) -> None:
    """A relative link leads to a file beside the documentation, which no server has: only its text stays."""
    kept, dropped = [], 0
    for child in token.children or ():
        if child.type == "link_open" and not str(child.attrGet("href")).startswith(_LOCAL_SCHEMES):
            dropped += 1
        elif child.type == "link_close" and dropped:
            dropped -= 1
        else:
            kept.append(child)
    if token.children is not None:
        token.children = kept


def _open_table(_self: Any, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    return '<div class="table-wrap" tabindex="0" role="region" aria-label="Table"><table>\n'


def _close_table(_self: Any, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    return "</table></div>\n"
