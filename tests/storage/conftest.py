"""A database without the application around it, and a value store beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from sostrades_api.models.engine import WRITING, configure_engine
from sostrades_api.storage import ValueStore


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    """A writing session."""
    engine = create_engine(database_url, execution_options={WRITING: True})
    configure_engine(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where the blobs of this test are."""
    return f"file://{tmp_path / 'values'}"


@pytest.fixture
def store(url: str) -> ValueStore:
    """A value store with nothing in it."""
    return ValueStore(url)
