import errno
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from sostrades_api.errors import UnavailableError
from sostrades_api.models import StoredValue
from sostrades_api.storage import CorruptValueError, MissingValueError, UnstorableValueError, ValueStore
from tests.storage.sameness import same

LARGE = np.linspace(0.0, 1.0, 100_000)


def blob(url: str, digest: str) -> Path:
    return Path(url.removeprefix("file://")) / digest[:2] / digest


def count_queries(session: Session) -> list[str]:
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_others):
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    return statements


def test_values_of_every_kind_come_back(session, store):
    values = {
        "float": -0.0,
        "nan": float("nan"),
        "text": "NA",
        "list": [1, 2.5, "x", None],
        "array": np.arange(6).reshape(2, 3),
        "frame": pd.DataFrame({"a": [1.5, np.nan], "s": ["", "007"]}),
        "frames": {"one": pd.DataFrame({"a": [1]}), "two": [np.zeros(2), 3]},
        "large": LARGE,
    }
    digests = store.put_many(session, values)
    session.commit()
    assert list(digests) == list(values)
    back = store.get_many(session, digests.values())
    assert all(same(back[digests[name]], value) for name, value in values.items())


def test_another_process_reads_what_this_one_wrote(session, store, url):
    digest = store.put(session, LARGE)
    small = store.put(session, {"a": 1})
    session.commit()
    other = ValueStore(url)
    assert same(other.get(session, digest), LARGE)
    assert other.get(session, small) == {"a": 1}


def test_equal_values_are_stored_once(session, store):
    first = store.put_many(session, {"a": 1.0, "b": 1.0, "c": LARGE})
    second = store.put_many(session, {"x": 1.0, "y": LARGE.copy()})
    assert first["a"] == first["b"] == second["x"]
    assert session.scalar(select(func.count()).select_from(StoredValue)) == 2


def test_small_values_live_in_the_row_and_large_ones_beside_it(session, store, url):
    digests = store.put_many(session, {"small": [1, 2], "large": LARGE})
    rows = {row.digest: row for row in session.scalars(select(StoredValue))}
    assert rows[digests["small"]].payload == b"[1,2]"
    assert rows[digests["large"]].payload is None
    assert blob(url, digests["large"]).stat().st_size == rows[digests["large"]].size


def test_nothing_is_stored_when_one_value_is_refused(session, store):
    with pytest.raises(UnstorableValueError):
        store.put_many(session, {"good": 1.0, "bad": object()})
    assert session.scalar(select(func.count()).select_from(StoredValue)) == 0


def test_storing_nothing_and_reading_nothing_asks_nothing(session, store):
    statements = count_queries(session)
    assert store.put_many(session, {}) == {}
    assert store.get_many(session, []) == {}
    assert statements == []


def test_ten_thousand_values_take_one_query_and_then_none(session, store, url):
    digests = store.put_many(session, {f"v{number}": number / 7 for number in range(10_000)})
    session.commit()
    statements = count_queries(session)
    reader = ValueStore(url)
    values = reader.get_many(session, digests.values())
    assert [values[digest] for digest in digests.values()] == [number / 7 for number in range(10_000)]
    assert len(statements) == 1
    reader.get_many(session, digests.values())
    assert len(statements) == 1


def test_a_reader_cannot_change_what_others_read(session, store):
    digest = store.put(session, {"list": [1], "frame": pd.DataFrame({"a": [1.0]}), "array": LARGE})
    for _ in range(2):
        value = store.get(session, digest)
        assert value["list"] == [1]
        assert value["frame"].to_dict("list") == {"a": [1.0]}
        value["list"].append(2)
        value["frame"].loc[0, "a"] = 5.0
        with pytest.raises(ValueError, match="read-only"):
            value["array"][0] = 1.0


def test_a_frame_from_a_mapped_blob_can_be_changed_by_its_reader(session, store, url):
    frame = pd.DataFrame({"a": LARGE, "b": LARGE * 2})
    digest = store.put(session, frame)
    mine = ValueStore(url).get(session, digest)
    mine.loc[0, "a"] = 5.0
    mine["c"] = mine["a"] + mine["b"]
    assert mine.loc[0, "c"] == 5.0
    assert same(store.get(session, digest), frame)


def test_an_unknown_digest_is_an_error(session, store):
    with pytest.raises(MissingValueError):
        store.get(session, "0" * 64)
    with pytest.raises(MissingValueError):
        store.summary(session, "0" * 64)


def test_a_lost_blob_is_an_error(session, store, url):
    digest = store.put(session, LARGE)
    blob(url, digest).unlink()
    with pytest.raises(MissingValueError, match=digest):
        store.get(session, digest)


def test_a_lost_blob_is_mended_by_storing_the_value_again(session, store, url):
    digest = store.put(session, LARGE)
    blob(url, digest).unlink()
    store.put(session, LARGE)
    assert same(store.get(session, digest), LARGE)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-8] + b"damaged!", lambda data: data[:100], lambda data: b""]
)
def test_a_damaged_blob_is_an_error_and_never_a_value(session, store, url, damage):
    digest = store.put(session, LARGE)
    path = blob(url, digest)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CorruptValueError, match=digest):
        store.get(session, digest)


def test_no_temporary_file_is_left_behind(session, store, url):
    digests = store.put_many(session, {str(number): LARGE + number for number in range(10)})
    files = [path.name for path in Path(url.removeprefix("file://")).rglob("*") if path.is_file()]
    assert sorted(files) == sorted(digests.values())


def test_a_failed_write_leaves_neither_blob_nor_row(session, store, url):
    Path(url.removeprefix("file://")).write_text("a file where the folder should be")
    with pytest.raises(UnavailableError):
        store.put(session, LARGE)
    assert session.scalar(select(func.count()).select_from(StoredValue)) == 0


def test_any_fsspec_url_will_do(session, tmp_path):
    url = f"memory://{tmp_path.name}"
    digest = ValueStore(url).put(session, LARGE)
    assert same(ValueStore(url).get(session, digest), LARGE)


def test_a_small_cache_forgets_and_still_answers(session, url):
    store = ValueStore(url, cache_bytes=2_000)
    digests = store.put_many(session, {str(number): float(number) for number in range(50)})
    for _ in range(2):
        values = store.get_many(session, digests.values())
        assert [values[digest] for digest in digests.values()] == [float(number) for number in range(50)]


def test_summaries_come_without_reading_blobs(session, store, url):
    frame = pd.DataFrame({"a": LARGE, "b": LARGE})
    digests = store.put_many(session, {"frame": frame, "scalar": 1.0})
    blob(url, digests["frame"]).unlink()
    assert ValueStore(url).summaries(session, digests.values()) == {
        digests["frame"]: {"kind": "dataframe", "shape": [100_000, 2], "columns": ["a", "b"]},
        digests["scalar"]: None,
    }


def test_writers_of_the_same_values_do_not_disturb_each_other(session, store, url):
    bind = session.get_bind()
    session.close()
    values = {str(number): [number, "x" * 5000] for number in range(40)}
    faults: list[Exception] = []

    def write(names):
        try:
            with Session(bind) as own:
                ValueStore(url).put_many(own, {name: values[name] for name in names})
                own.commit()
        except Exception as error:  # noqa: BLE001 - reported below
            faults.append(error)

    threads = [
        threading.Thread(target=write, args=(order,)) for order in (list(values), list(values)[::-1]) * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert session.scalar(select(func.count()).select_from(StoredValue)) == 40


def test_a_full_disk_takes_nothing_says_so_and_keeps_no_half_of_a_value(session, store, url, monkeypatch):
    def full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("sostrades_api.storage.blobs.os.fsync", full)
    with pytest.raises(UnavailableError, match="No space left on device"):
        store.put(session, LARGE)
    assert [path for path in Path(url.removeprefix("file://")).rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    assert same(store.get(session, store.put(session, LARGE)), LARGE)
