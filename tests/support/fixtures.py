"""Fixtures of live platforms; ``tests/conftest.py`` makes them known to every test."""

from collections.abc import Iterator

import pytest

from sostrades_api.processes import catalogue
from sostrades_api.processes.catalogue import Catalogue
from sostrades_api.settings import Settings
from tests.support.live import TEST_PROCESSES, LivePlatform


@pytest.fixture
def live_settings(settings: Settings) -> Settings:
    """The test's settings with the queue server that users get, and quick leases."""
    quick = {"redis_url": "", "lease_seconds": 2.0, "heartbeat_seconds": 0.5, "sweep_seconds": 0.3}
    return settings.model_copy(update={**quick, "shutdown_grace_seconds": 1.0})


@pytest.fixture
def live_platform(live_settings: Settings) -> Iterator[LivePlatform]:
    """A platform with one worker and a web server (``.url``) on this test's database."""
    with LivePlatform(live_settings, test_processes=True) as platform:
        platform.start_workers()
        platform.start_web()
        yield platform


@pytest.fixture
def worker_pool(live_settings: Settings) -> Iterator[LivePlatform]:
    """A platform with one worker and no web server."""
    with LivePlatform(live_settings, test_processes=True) as platform:
        platform.start_workers()
        yield platform


def install_test_processes(patch: pytest.MonkeyPatch) -> Catalogue:
    """Install the processes of ``tests/support/site`` in this process until the patch is undone."""
    patch.syspath_prepend(str(TEST_PROCESSES))
    installed = Catalogue()
    for name in ("names", "broken", "get", "plan_of"):
        patch.setattr(catalogue, name, getattr(installed, name))
    return installed


@pytest.fixture
def installed_test_processes(monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """Install the processes of ``tests/support/site`` in the test's own process too."""
    return install_test_processes(monkeypatch)
