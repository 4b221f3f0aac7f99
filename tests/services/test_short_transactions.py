"""What takes time happens before a transaction begins: nobody waits for another one's disk."""

import sqlite3

import numpy as np
import pytest
from sqlalchemy import make_url

from tests.support.finished import execute, finished_study

pytestmark = pytest.mark.database("sqlite")


def test_large_results_are_written_before_the_database_is_locked(
    app, session, platform, make_group, monkeypatch
):
    study = finished_study(app, session, group=make_group("team"), name="study", process_name="sellar")
    database = make_url(platform.settings.resolved_database_url).database
    blobs, was_free = platform.values.blobs, []
    write = blobs.write_many

    def watched(written):
        if written:
            with sqlite3.connect(database, timeout=0, isolation_level=None) as other:
                try:
                    other.execute("BEGIN IMMEDIATE")
                    was_free.append(True)
                    other.execute("ROLLBACK")
                except sqlite3.OperationalError:
                    was_free.append(False)
            other.close()
        write(written)

    monkeypatch.setattr(blobs, "write_many", watched)
    execute(app, session, study, changed={"large": np.arange(5000.0)})
    assert was_free == [True, False]  # the second time it only looks whether they are still there
