"""What every request, command and worker may use, put together once by ``create_app``."""

from dataclasses import dataclass

from flask import Flask, current_app

from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.study_case_loader import StudyLoader
from sostrades_api.settings import Settings
from sostrades_api.storage import ValueStore

EXTENSION = "sostrades"


@dataclass(frozen=True, kw_only=True)
class Platform:
    """The parts that live as long as the process."""

    settings: Settings
    values: ValueStore
    queue: ExecutionQueue
    loader: StudyLoader


def platform_of(app: Flask) -> Platform:
    """The platform of this application."""
    return app.extensions[EXTENSION]


def current_platform() -> Platform:
    """The platform of the running application."""
    return platform_of(current_app)
