"""The secret that signs cookies: configured, or made once and kept readable for its owner only."""

import os
import secrets
from pathlib import Path

from filelock import FileLock

_BYTES = 32


def secret_key(configured: str, *, data_dir: Path) -> str:
    """The configured key, or the one in ``data_dir``, which two processes starting at once share."""
    if configured:
        return configured
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = data_dir / "secret_key"
    with FileLock(f"{path}.lock", timeout=30):
        if not path.exists() or not path.read_text("ascii").strip():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(_BYTES))
        return path.read_text("ascii").strip()
