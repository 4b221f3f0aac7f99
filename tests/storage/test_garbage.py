import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from sostrades_api.models import Group, StoredValue, StudyCase, StudyParameter, utc_now
from sostrades_api.storage import MissingValueError, ValueStore
from sostrades_api.storage.garbage import (
    delete_orphans,
    delete_unused_values,
    find_orphans,
    find_unused_values,
)
from tests.storage.sameness import same

NOW = dt.timedelta(0)
LARGE = np.arange(10_000)


def blobs(url: str) -> set[str]:
    return {path.name for path in Path(url.removeprefix("file://")).rglob("*") if path.is_file()}


def sweep(session, store, *, older_than: dt.timedelta) -> tuple[int, int]:
    """Rows and blobs that one collection deletes; not committed."""
    before = utc_now() - older_than
    orphans = find_orphans(session, digests=list(store.blobs.older_than(before)))
    dropped = delete_unused_values(session, digests=find_unused_values(session, before=before))
    return len(dropped), delete_orphans(session, store, digests=orphans)


def refer(session, digest: str) -> None:
    group = Group(name="group")
    session.add(group)
    session.flush()
    study = StudyCase(name="study", process_name="sellar", group_id=group.id, created_by="test")
    session.add(study)
    session.flush()
    session.add(StudyParameter(study_case_id=study.id, name="x", digest=digest))
    session.commit()


def test_values_in_use_stay_and_others_go_blob_last(session, store, url):
    used, unused, small = store.put_many(session, {"a": LARGE, "b": LARGE + 1, "c": 1.0}).values()
    refer(session, used)
    assert sweep(session, store, older_than=NOW) == (2, 0)
    session.commit()
    assert set(session.scalars(select(StoredValue.digest))) == {used}
    assert blobs(url) == {used, unused}
    assert sweep(session, store, older_than=NOW) == (0, 1)
    session.commit()
    assert blobs(url) == {used}
    reader = ValueStore(url)
    assert same(reader.get(session, used), LARGE)
    with pytest.raises(MissingValueError):
        reader.get_many(session, [unused, small])


def test_young_values_stay(session, store):
    store.put(session, LARGE)
    session.commit()
    assert sweep(session, store, older_than=dt.timedelta(hours=1)) == (0, 0)


def test_a_sweep_that_is_rolled_back_loses_nothing(session, store, url):
    digest = store.put(session, LARGE)
    session.commit()
    sweep(session, store, older_than=NOW)
    session.rollback()
    assert same(ValueStore(url).get(session, digest), LARGE)


def test_a_value_stored_again_after_its_row_was_swept_survives_the_next_sweep(session, store, url):
    digest = store.put(session, LARGE)
    session.commit()
    sweep(session, store, older_than=NOW)
    session.commit()
    store.put(session, LARGE)
    refer(session, digest)
    assert sweep(session, store, older_than=NOW) == (0, 0)
    session.commit()
    assert same(ValueStore(url).get(session, digest), LARGE)


def test_a_blob_without_a_row_is_swept(session, store, url):
    store.put(session, LARGE)
    session.rollback()
    assert len(blobs(url)) == 1
    assert sweep(session, store, older_than=NOW) == (0, 1)
    assert blobs(url) == set()


def test_sweeping_an_empty_store_is_nothing(session, store):
    assert sweep(session, store, older_than=NOW) == (0, 0)
