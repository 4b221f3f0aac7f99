"""Values in an S3 store, over HTTP: whole or not there, and never taken for a fault of whoever asks."""

import datetime as dt
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pytest

from sostrades_api.models import utc_now
from sostrades_api.settings import PROJECT_DIR
from sostrades_api.storage import CorruptValueError, MissingValueError, StoreUnavailableError, ValueStore
from sostrades_api.storage import remote as remote_module
from sostrades_api.storage.blob_cache import BlobCache
from sostrades_api.storage.blobs import BlobStore
from sostrades_api.storage.garbage import delete_orphans, find_orphans
from tests.servers.s3 import s3_server
from tests.storage.sameness import same
from tests.support.live import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite"), pytest.mark.xdist_group("s3")]

LARGE = np.linspace(0.0, 1.0, 100_000)
TO_COME = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def server():
    with s3_server() as server:
        yield server


@pytest.fixture
def bucket(server, monkeypatch):
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    return server.new_bucket()


@pytest.fixture
def url(bucket):
    return f"s3://{bucket}/values"


def keys_in(server, bucket):
    return [found["Key"] for found in server.client().list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_values_come_back_on_another_host_and_are_stored_once(session, store, url, server, bucket):
    digests = store.put_many(session, {"large": LARGE, "again": LARGE, "small": 1.5})
    session.commit()
    assert keys_in(server, bucket) == [f"values/{digests['large'][:2]}/{digests['large']}"]
    other = ValueStore(url)
    assert same(other.get(session, digests["large"]), LARGE)
    assert other.get(session, digests["small"]) == 1.5
    other.put(session, LARGE)
    assert len(keys_in(server, bucket)) == 1


def test_what_another_host_removed_is_written_again(session, store, url):
    digest = store.put(session, LARGE)
    session.commit()
    assert list(store.blobs.older_than(utc_now() + TO_COME)) == [digest]
    ValueStore(url).blobs.delete([digest])
    with pytest.raises(MissingValueError):
        ValueStore(url).get(session, digest)
    store.put(session, LARGE)
    assert same(ValueStore(url).get(session, digest), LARGE)


def test_garbage_is_found_and_removed(session, store, server, bucket):
    digest = store.put(session, LARGE)
    session.rollback()  # the blob is there, no row names it
    old = list(store.blobs.older_than(utc_now() + TO_COME))
    assert find_orphans(session, digests=old) == [digest]
    assert list(store.blobs.older_than(utc_now() - TO_COME)) == []
    assert delete_orphans(session, store, digests=old) == 1
    assert keys_in(server, bucket) == []


def test_a_forked_process_reads_and_writes(store, url):
    """The work-horses: what their worker has opened is not theirs."""
    store.blobs.write_many({"a" * 64: b"x" * 5000})
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store.blobs.write_many({"b" * 64: b"y" * 5000})
            code = 0
        finally:
            os._exit(code)
    wait_until(lambda: os.waitpid(child, os.WNOHANG) == (child, 0), seconds=30)
    assert set(BlobStore(url).older_than(utc_now() + TO_COME)) == {"a" * 64, "b" * 64}


def test_a_writer_killed_in_mid_upload_leaves_nothing_that_counts(session, url, server, bucket):
    digest = "c" * 64
    code = (
        "import sys; from sostrades_api.storage.blobs import BlobStore;"
        "BlobStore(sys.argv[1]).write_many({sys.argv[2]: b'z' * 150_000_000})"
    )
    command = [sys.executable, "-c", code, url, digest]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_DIR)}
    client = server.client()

    def uploads():
        return client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])

    with subprocess.Popen(command, env=environment) as writer:
        wait_until(uploads, seconds=60, pause=0.005)
        writer.send_signal(signal.SIGKILL)
    store = BlobStore(url)
    assert list(store.older_than(utc_now() + TO_COME)) == []
    assert store.delete_unfinished(before=dt.datetime(2009, 1, 1, tzinfo=dt.UTC)) == 0  # it may be going on
    assert store.delete_unfinished(before=utc_now()) == 1  # this server says of all that they began in 2010
    assert uploads() == []


def test_a_damaged_object_is_noticed(session, store, url, server, bucket):
    digest = store.put(session, LARGE)
    session.commit()
    server.client().put_object(Bucket=bucket, Key=f"values/{digest[:2]}/{digest}", Body=b"rubbish")
    with pytest.raises(CorruptValueError):
        ValueStore(url).get(session, digest)


def test_a_hosts_cache_answers_while_the_store_is_away_and_is_never_trusted(
    session, store, url, server, tmp_path, monkeypatch
):
    digest = store.put(session, LARGE)
    session.commit()

    def fresh():
        return ValueStore(url, blob_cache=BlobCache(tmp_path / "blobs", max_bytes=10_000_000))

    assert same(fresh().get(session, digest), LARGE)
    (kept,) = (tmp_path / "blobs").glob("*/*")
    kept.write_bytes(b"rubbish")
    assert same(fresh().get(session, digest), LARGE)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert same(fresh().get(session, digest), LARGE)


def test_a_store_that_is_away_is_said_to_be_away(session, store, url, monkeypatch):
    digest = store.put(session, LARGE)
    session.commit()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    away = ValueStore(url)
    for ask in (
        lambda: away.get(session, digest),
        lambda: away.put(session, LARGE + 1),
        lambda: list(away.blobs.older_than(utc_now())),
        lambda: away.blobs.delete([digest]),
    ):
        with pytest.raises(StoreUnavailableError):
            ask()


def test_a_bucket_that_is_not_there_is_not_a_missing_value(session, store, bucket):
    digest = store.put(session, LARGE)
    session.commit()
    with pytest.raises(StoreUnavailableError, match="bucket"):
        ValueStore("s3://no-such-bucket/values").get(session, digest)


def test_a_store_that_does_not_answer_in_time_is_given_up(session, monkeypatch, url):
    monkeypatch.setitem(remote_module._S3_OPTIONS["config_kwargs"], "read_timeout", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(StoreUnavailableError):
            ValueStore(url).put(session, LARGE)


class _Full(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.send_error(404)

    def do_GET(self):
        self._answer(200, b"<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>")

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(507, b"<Error><Code>XMinioStorageFull</Code><Message>full</Message></Error>")

    def _answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class _Stuck(_Full):
    protocol_version = "HTTP/1.0"  # and so it never says that the body may come


@contextmanager
def _serving(handler):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_full_store_takes_nothing_and_says_so(session, monkeypatch, url):
    with _serving(_Full) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        with pytest.raises(StoreUnavailableError):
            ValueStore(url).put(session, LARGE)


def test_a_store_that_stops_listening_in_mid_request_is_given_up(session, monkeypatch, url):
    monkeypatch.setattr(remote_module, "_WRITE_SECONDS", 1)
    with _serving(_Stuck) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        with pytest.raises(StoreUnavailableError):
            ValueStore(url).put(session, LARGE)
