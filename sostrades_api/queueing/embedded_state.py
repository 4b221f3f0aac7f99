"""Where the embedded server listens: one small file, readable by its owner only, written whole."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from sostrades_api.settings import Settings


@dataclass(frozen=True)
class EmbeddedState:
    """Address, password and process of the embedded server."""

    port: int
    password: str
    pid: int
    flavour: str  # "valkey-9": the folder of its data

    @property
    def url(self) -> str:
        """The address with the password; never log it."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


def queue_dir(settings: Settings) -> Path:
    """Everything of the embedded server."""
    return settings.data_dir / "queue"


def read_state(settings: Settings) -> EmbeddedState | None:
    """The last server started, running or not; None when there never was one."""
    try:
        return EmbeddedState(**json.loads((queue_dir(settings) / "server.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_state(settings: Settings, *, state: EmbeddedState) -> None:
    """Remember it; readers see the old or the new file, never half of one."""
    write_private(queue_dir(settings) / "server.json", content=json.dumps(asdict(state)))


def write_private(path: Path, *, content: str) -> None:
    """Write a file for its owner only, at once (``mkstemp`` makes it 0600)."""
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(content)
    Path(temporary).replace(path)
