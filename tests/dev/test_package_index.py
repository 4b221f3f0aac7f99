"""How ``./dev`` finds packages: pip's and uv's settings, and pip fetched from a real index server."""

import functools
import hashlib
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

WHEEL = "pip-26.0-py3-none-any.whl"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        self.server.authorizations.add(self.headers.get("Authorization"))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    """An index server over ``tmp_path/index``."""
    (tmp_path / "index" / "simple" / "pip").mkdir(parents=True)
    handler = functools.partial(Quiet, directory=str(tmp_path / "index"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.authorizations = set()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def offer(tmp_path: Path, *, content: bytes, digest: str) -> None:
    folder = tmp_path / "index" / "simple" / "pip"
    (folder / WHEEL).write_bytes(content)
    (folder / "pip-9.0.1-py3-none-any.whl").write_bytes(b"old")
    links = [
        '<a href="pip-9.0.1-py3-none-any.whl">',
        f'<a href="{WHEEL}#sha256={digest}">',
        '<a href="pip-27.0b1-py3-none-any.whl">',
        '<a href="pip-28.0-py3-none-any.whl" data-yanked="broken">',
        '<a href="pip-29.0.tar.gz">',
    ]
    (folder / "index.html").write_text("</a>\n".join(links))


def url(index: ThreadingHTTPServer, user: str = "") -> str:
    return f"http://{user}127.0.0.1:{index.server_port}/simple"


def test_the_newest_released_wheel_is_fetched_and_verified(dev, index, tmp_path, monkeypatch) -> None:
    offer(tmp_path, content=b"a wheel", digest=hashlib.sha256(b"a wheel").hexdigest())
    monkeypatch.setenv("PIP_INDEX_URL", url(index))
    wheel = dev.fetch_pip(str(tmp_path))
    assert (wheel.name, wheel.read_bytes()) == (WHEEL, b"a wheel")


def test_a_damaged_download_is_refused(dev, index, tmp_path, monkeypatch) -> None:
    offer(tmp_path, content=b"damaged", digest=hashlib.sha256(b"a wheel").hexdigest())
    monkeypatch.setenv("PIP_INDEX_URL", url(index))
    with pytest.raises(dev.FailureError, match="damaged"):
        dev.fetch_pip(str(tmp_path))


def test_an_index_may_be_a_folder(dev, tmp_path, monkeypatch) -> None:
    (tmp_path / "index" / "simple" / "pip").mkdir(parents=True)
    offer(tmp_path, content=b"a wheel", digest=hashlib.sha256(b"a wheel").hexdigest())
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "index" / "simple").as_uri())
    assert dev.fetch_pip(str(tmp_path)).read_bytes() == b"a wheel"


def test_credentials_of_the_index_become_a_header_and_are_never_shown(
    dev, index, tmp_path, monkeypatch, capfd
) -> None:
    offer(tmp_path, content=b"a wheel", digest=hashlib.sha256(b"a wheel").hexdigest())
    monkeypatch.setenv("PIP_INDEX_URL", url(index, "joe:se%40cret@"))
    dev.fetch_pip(str(tmp_path))
    assert "Basic am9lOnNlQGNyZXQ=" in index.authorizations
    assert "cret" not in capfd.readouterr().err


def test_a_missing_index_is_named(dev, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    with pytest.raises(dev.FailureError, match=r"http://127\.0\.0\.1:9/simple/pip/ .*PIP_INDEX_URL"):
        dev.fetch_pip(str(tmp_path))


def test_an_index_without_pip_is_named(dev, index, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", url(index))
    with pytest.raises(dev.FailureError, match="has no pip"):
        dev.fetch_pip(str(tmp_path))


def test_the_settings_of_pip_reach_uv(dev: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://mirror/simple/\nextra-index-url = https://a/simple\n  https://b/simple\n"
        "find-links = /wheels\n  /more\ntrusted-host = mirror\n"
    )
    environment = dev.installer_environment()
    assert environment["UV_DEFAULT_INDEX"] == environment["PIP_INDEX_URL"] == "https://mirror/simple"
    assert environment["UV_INDEX"] == "https://a/simple https://b/simple"
    assert environment["UV_FIND_LINKS"] == "/wheels,/more"
    assert environment["UV_INSECURE_HOST"] == "mirror"


def test_the_environment_is_stronger_than_the_files(dev, tmp_path, monkeypatch) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://file/simple\n")
    monkeypatch.setenv("PIP_INDEX_URL", "https://environment/simple")
    assert dev.index_url() == "https://environment/simple"


def test_the_index_of_uv_reaches_pip(dev, monkeypatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv/simple")
    assert dev.installer_environment()["PIP_INDEX_URL"] == "https://uv/simple"


def test_a_home_that_cannot_be_written_to_is_left_alone(dev, monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/dev/null/home")
    environment = dev.installer_environment()
    assert environment["UV_NO_CACHE"] == environment["PIP_NO_CACHE_DIR"] == "1"


def test_an_older_python_says_what_is_needed(dev, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/dev/null")
    monkeypatch.setattr(dev.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(dev.sys, "version", "3.9.2 (main, Feb 28 2021)")
    with pytest.raises(dev.FailureError, match=r"Python 3\.11 or newer is needed; this is 3\.9"):
        dev.require_python()
