"""All figures of a platform, as Prometheus reads them."""

import platform as host
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from sostrades_api.probes.execution_counts import ExecutionCounts
from sostrades_api.probes.shared_figures import SharedFigures
from sostrades_api.services.execution_figures import active_figures, queue_figures
from sostrades_api.services.webhook_figures import delivery_figures
from sostrades_api.services.worker_figures import worker_figures
from sostrades_api.settings import Settings


class PlatformMetrics:
    """Collects when Prometheus asks; what the database knows is told by whichever process is asked."""

    def __init__(self, figures: SharedFigures, *, folder: Path, engine: Engine, settings: Settings) -> None:
        self._figures, self._engine, self._settings = figures, engine, settings
        self._counts = ExecutionCounts(folder)

    def collect(self) -> Iterator[Any]:
        """Everything; without the database, what this web server knows itself."""
        yield InfoMetricFamily("sostrades_build", "What runs here", value=_build())
        yield from self._figures.collect()
        yield from self._of_database()

    def _of_database(self) -> Iterator[Any]:
        answers = GaugeMetricFamily("sostrades_database_up", "Whether the database answers: 1 or 0")
        try:
            with Session(self._engine) as session:
                found = list(self._figures_of(session))
        except Exception:  # noqa: BLE001 - the other figures are told all the same
            found = []
        answers.add_metric([], float(bool(found)))
        yield answers
        yield from found

    def _figures_of(self, session: Session) -> Iterator[Any]:
        yield _gauge(
            "sostrades_executions", "Executions that have not ended", "state", active_figures(session)
        )
        queued = dict.fromkeys(self._settings.worker_profiles, (0.0, 0.0))
        for profile, queue in queue_figures(session).items():
            queued[profile] = (queue.waiting, queue.oldest_seconds)
        lengths = {profile: waiting for profile, (waiting, _) in queued.items()}
        ages = {profile: oldest for profile, (_, oldest) in queued.items()}
        yield _gauge("sostrades_queue_length", "Executions that wait for a worker", "profile", lengths)
        yield _gauge("sostrades_queue_oldest_seconds", "How long the oldest of them waits", "profile", ages)
        workers = worker_figures(session, silent_seconds=self._settings.worker_silence_seconds)
        yield _gauge("sostrades_workers", "Workers by what they do", "state", vars(workers))
        deliveries = vars(delivery_figures(session))
        yield _gauge("sostrades_webhook_deliveries", "Messages to webhooks", "state", deliveries)
        yield from self._counts.collect(session)


def _gauge(name: str, text: str, label: str, values: dict[str, Any]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, figure in values.items():
        family.add_metric([value], figure)
    return family


def _build() -> dict[str, str]:
    try:
        own = version("sostrades-api")
    except PackageNotFoundError:  # it runs from a clone
        own = "unknown"
    return {"version": own, "python": host.python_version()}
