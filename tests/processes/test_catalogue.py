"""The catalogue: shipped processes, third-party ones, broken ones."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sostrades_api.engine import BuildError
from sostrades_api.errors import NotFoundError
from sostrades_api.processes import catalogue
from sostrades_api.processes.catalogue import BrokenProcess, Catalogue, UnknownProcess

GOOD = """
from sostrades_api.engine import Discipline, Process

class Double(Discipline):
    DESC_IN = {"x": {"type": "float", "default": 2.0}}
    DESC_OUT = {"y": {"type": "float"}}

    def run(self, inputs):
        return {"y": 2.0 * inputs["x"]}

process = Process("NAME", disciplines={"Double": Double})
"""
TWO_PRODUCERS = GOOD.replace(
    '{"Double": Double}', '{"One": Double, "Two": Double}, namespaces={"ns": ""}'
).replace('{"type": "float"}', '{"type": "float", "namespace": "ns"}')

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a package of one module with an entry point, the way pip leaves it on disk."""
    monkeypatch.syspath_prepend(tmp_path)
    modules: list[str] = []

    def install(module: str, *, source: str, entry_point: str, group: str) -> None:
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{entry_point}\n")
        modules.append(module)

    yield install
    for module in modules:
        sys.modules.pop(module, None)


def test_the_shipped_processes_are_listed_and_whole():
    assert "dice2016r" in catalogue.names()
    assert not dict(catalogue.broken())
    for name in catalogue.names():
        process = catalogue.get(name)
        assert process.name == name
        assert process.label
        assert process.references
        assert process.documentation
        assert process.documentation.read_text(encoding="utf-8").startswith("# ")


def test_names_are_those_of_the_processes_sorted():
    assert list(catalogue.names()) == sorted(catalogue.names())


def test_an_unknown_name_says_which_ones_are_close():
    with pytest.raises(UnknownProcess, match="did you mean 'dice2016r'") as caught:
        catalogue.get("dice2016")
    assert caught.value.close == ("dice2016r",)
    assert isinstance(caught.value, NotFoundError)


def test_an_unknown_name_far_from_all_suggests_nothing():
    with pytest.raises(UnknownProcess) as caught:
        catalogue.plan_of("<script>")
    assert str(caught.value) == "no process named '<script>' is installed"


def test_a_third_party_package_adds_a_process_by_an_entry_point_to_it(install):
    install(
        "thirdone",
        source=GOOD.replace("NAME", "doubling"),
        entry_point="d = thirdone:process",
        group="test.one",
    )
    found = Catalogue(group="test.one")
    assert "doubling" in found.names()
    assert found.plan_of("doubling").execute({"Double.x": 21.0}).values["Double.y"] == 42.0


def test_a_third_party_package_adds_a_process_by_an_entry_point_to_its_module(install):
    install("thirdtwo", source=GOOD.replace("NAME", "doubling"), entry_point="d = thirdtwo", group="test.two")
    assert Catalogue(group="test.two").get("doubling").name == "doubling"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("def broken(:", "SyntaxError"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("process = 'text'", "no attribute `process` that is a Process"),
        (GOOD.replace("NAME", "dice2016r"), "another package already provides a process named 'dice2016r'"),
    ],
)
def test_a_broken_package_is_listed_with_its_reason_and_takes_nothing_down(install, source, reason):
    install("broken", source=source, entry_point="theirs = broken", group="test.broken")
    found = Catalogue(group="test.broken")
    assert "theirs" not in found.names()
    assert "dice2016r" in found.names()
    assert reason in found.broken()["theirs"]
    with pytest.raises(BrokenProcess) as caught:
        found.get("theirs")
    assert reason in str(caught.value)


def test_a_process_that_cannot_be_built_fails_alone_and_with_its_reason(install):
    install(
        "unfit", source=TWO_PRODUCERS.replace("NAME", "unfit"), entry_point="u = unfit", group="test.unfit"
    )
    found = Catalogue(group="test.unfit")
    with pytest.raises(BuildError, match=r"One.*Two"):
        found.plan_of("unfit")
    assert found.plan_of("dice2016r").disciplines


def test_a_plan_is_built_once_however_many_threads_ask_for_it():
    found = Catalogue()
    together = threading.Barrier(8)
    plans: list[object] = []

    def ask() -> None:
        together.wait()
        plans.append(found.plan_of("dice2016r"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(plans) == 8
    assert len(set(map(id, plans))) == 1


def test_one_plan_executes_in_several_threads_at_once_with_equal_results():
    plan = catalogue.plan_of("dice2016r")
    results: dict[int, float] = {}

    def execute(year_end: int) -> None:
        results[year_end] = plan.execute({"year_end": year_end}).values["Economy.Welfare.welfare"]

    threads = [threading.Thread(target=execute, args=(year,)) for year in (2050, 2100, 2150, 2200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = {year: plan.execute({"year_end": year}).values["Economy.Welfare.welfare"] for year in results}
    assert results == alone
