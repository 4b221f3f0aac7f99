"""Loading a study case of 10,000 variables, against dumping the same dict with orjson.

Run: ``python -m benchmarks.load [--variables N]``. Server time without a socket: the whole request through
the application, key, role and revision included. Ratios within one run are what counts.
"""

import argparse
import logging
import tempfile
import time
from functools import partial
from pathlib import Path

import orjson

from benchmarks._timing import median_ms
from sostrades_api.access import Actor
from sostrades_api.app import create_app
from sostrades_api.engine import Discipline, Process, build
from sostrades_api.migration import migrate_database
from sostrades_api.models import Group, db
from sostrades_api.platform import platform_of
from sostrades_api.processes import catalogue
from sostrades_api.services.api_key_create import api_key_create
from sostrades_api.services.study_case_create import study_case_create
from sostrades_api.services.study_case_load import study_case_load
from sostrades_api.settings import Settings

PER_DISCIPLINE = 100
median = partial(median_ms, repeats=30)
NAME = "large"


def large_process(variables: int) -> Process:
    """Disciplines of 100 inputs each: floats, tables and lists by turns."""

    def descriptor(number: int) -> dict:
        shared = {"description": f"Input {number} of a discipline", "label": f"Input {number}"}
        if number % 10 == 9:
            return {"type": "list", "subtype_descriptor": {"list": "float"}, "default": [1.0, 2.0], **shared}
        return {"type": "float", "unit": "kg", "default": float(number), "range": [0, 1e9], **shared}

    inputs = {f"x_{number}": descriptor(number) for number in range(PER_DISCIPLINE)}
    kind = type(
        "Wide",
        (Discipline,),
        {"DESC_IN": inputs, "DESC_OUT": {"y": {"type": "float"}}, "run": lambda _self, _inputs: {"y": 1.0}},
    )
    return Process(NAME, disciplines={f"Node.Part{n}": kind for n in range(variables // PER_DISCIPLINE)})


def install(process: Process) -> float:
    """Put it into the catalogue; the seconds its plan took."""
    start = time.perf_counter()
    plan = build(process)
    seconds = time.perf_counter() - start
    get, plan_of = catalogue.get, catalogue.plan_of
    catalogue.names = lambda: (NAME,)
    catalogue.get = lambda name: process if name == NAME else get(name)
    catalogue.plan_of = lambda name: plan if name == NAME else plan_of(name)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variables", type=int, default=10_000)
    variables = parser.parse_args().variables
    logging.disable(logging.CRITICAL)
    print(f"plan of {variables} variables: {install(large_process(variables)) * 1e3:.0f} ms")
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder))


def measure(folder: Path) -> None:
    app = create_app(Settings(data_dir=folder, secret_key="benchmark", rate_limit=""))
    migrate_database(app)
    values = platform_of(app).values
    with app.app_context():
        session = db.session()
        group = Group(name="owners")
        session.add(group)
        session.commit()
        headers = {"Authorization": f"Bearer {api_key_create(session, owner=group, name='b').secret}"}
        actor = Actor(label="benchmark", group_ids=frozenset({group.id}))
        study = study_case_create(
            session, actor=actor, process_name=NAME, name="Large", group=group, values=values
        )
        path, study_id = f"/api/v0/study-case/{study.id}", study.id
        session.commit()
        loaded = study_case_load(session, study_id, values=values).variables
        session.rollback()
        cold = median(lambda: study_case_load(session, study_id, values=values))
        session.rollback()
    client = app.test_client()

    def get(query: str = "", **extra: str) -> bytes:
        return client.get(path + query, headers={**headers, **extra}).data

    def update_and_load() -> bytes:
        item = {"variableId": "Large.Node.Part0.x_0", "newValue": time.time() % 1e6}
        client.post(f"{path}/parameters", json=item, headers=headers)
        return get()

    etag = client.get(path, headers=headers).headers["ETag"]
    body = get()
    print(f"{len(loaded)} variables, {len(body) / 1e6:.1f} MB")
    floor = median(lambda: orjson.dumps(loaded))
    rows = {
        "orjson dump of the same dict (floor)": floor,
        "GET, warm": median(get),
        "GET, warm, If-None-Match": median(lambda: get(**{"If-None-Match": etag})),
        "GET, warm, a subtree": median(lambda: get("?prefix=Large.Node.Part0")),
        "GET, warm, a small route (url)": median(lambda: client.get(f"{path}/url", headers=headers).data),
        "service alone, nothing kept": cold,
        "update of one variable, then GET": median(update_and_load),
    }
    for name, milliseconds in rows.items():
        print(f"{name:42} {milliseconds:8.2f} ms   {milliseconds / floor:6.2f} x floor")


if __name__ == "__main__":
    main()
