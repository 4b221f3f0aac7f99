"""The secret that signs cookies."""

import stat
import threading

from sostrades_api.http.secret_key import secret_key


def test_a_configured_key_is_used_and_nothing_is_written(tmp_path):
    assert secret_key("configured", data_dir=tmp_path / "new") == "configured"
    assert not (tmp_path / "new").exists()


def test_a_key_is_made_once_for_its_owner_only(tmp_path):
    first = secret_key("", data_dir=tmp_path)
    assert len(first) == 64
    assert secret_key("", data_dir=tmp_path) == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_an_empty_file_left_by_a_crash_is_filled(tmp_path):
    (tmp_path / "secret_key").touch()
    assert len(secret_key("", data_dir=tmp_path)) == 64


def test_many_first_starts_at_once_agree(tmp_path):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(secret_key("", data_dir=tmp_path))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 1


def test_a_new_data_folder_is_its_owners_only(tmp_path):
    secret_key("", data_dir=tmp_path / "instance")
    assert stat.S_IMODE((tmp_path / "instance").stat().st_mode) == 0o700
