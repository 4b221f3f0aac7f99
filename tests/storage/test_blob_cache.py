"""Blobs on the disk of a host: those used last, within their bytes, and never in anybody's way."""

import os

from sostrades_api.storage.blob_cache import BlobCache


def digest(number):
    return f"{number:02d}" + "0" * 62


def held(folder):
    return {path.name for path in folder.glob("*/*")}


def test_what_was_added_is_found(tmp_path):
    cache = BlobCache(tmp_path, max_bytes=1000)
    assert cache.find(digest(1)) is None
    cache.add(digest(1), memoryview(b"abc"))
    assert bytes(BlobCache(tmp_path, max_bytes=1000).find(digest(1))) == b"abc"


def test_what_was_not_used_for_longest_makes_room(tmp_path):
    cache = BlobCache(tmp_path, max_bytes=1000)
    for number in range(9):
        cache.add(digest(number), memoryview(b"x" * 100))
        os.utime(tmp_path / digest(number)[:2] / digest(number), (number, number))
    assert cache.find(digest(0)) is not None  # used just now
    cache.add(digest(9), memoryview(b"x" * 100))
    assert held(tmp_path) == {digest(number) for number in (0, 3, 4, 5, 6, 7, 8, 9)}


def test_a_blob_that_would_take_most_of_it_is_not_kept(tmp_path):
    cache = BlobCache(tmp_path, max_bytes=1000)
    cache.add(digest(1), memoryview(b"x" * 251))
    assert held(tmp_path) == set()
    nothing = BlobCache(tmp_path, max_bytes=0)
    nothing.add(digest(1), memoryview(b"x"))
    assert held(tmp_path) == set()


def test_a_disk_that_takes_nothing_is_no_fault(tmp_path):
    (tmp_path / "file").write_text("where the folder should be")
    cache = BlobCache(tmp_path / "file", max_bytes=1000)
    cache.add(digest(1), memoryview(b"abc"))
    assert cache.find(digest(1)) is None


def test_halves_that_killed_writers_left_are_removed(tmp_path):
    half = tmp_path / "00" / ".writing-half"
    half.parent.mkdir()
    half.write_bytes(b"half")
    os.utime(half, (0, 0))
    BlobCache(tmp_path, max_bytes=1000).add(digest(1), memoryview(b"abc"))
    assert held(tmp_path) == {digest(1)}
