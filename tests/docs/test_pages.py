"""What the documents point to exists."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub and GitLab make of a page's headings."""
    text = FENCE.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_link_of_a_page_resolves(page: Path) -> None:
    text = FENCE.sub("", page.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_file_of_the_project_that_a_page_names_exists(page: Path) -> None:
    names = re.findall(
        r"`((?:sostrades_api|tests|docs|benchmarks|migrations|templates)/[\w./-]*)`", page.read_text("utf-8")
    )
    missing = [name for name in names if not (ROOT / name).exists() and "<" not in name]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_command_of_dev_that_a_page_names_exists(page: Path) -> None:
    used = set(re.findall(r"\./dev (\w+)", page.read_text("utf-8")))
    listed = subprocess.run(
        [sys.executable, ROOT / "dev", "--help"], capture_output=True, text=True, check=True
    )
    assert used <= set(re.findall(r"^  (\w+)  ", listed.stdout, re.MULTILINE)) | {"COMMAND"}


def test_the_readme_leads_to_every_page_of_the_documentation() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    pages = {str(page.relative_to(ROOT)) for page in ROOT.glob("docs/*.md")}
    assert {page for page in pages if f"({page})" not in readme} == set()
