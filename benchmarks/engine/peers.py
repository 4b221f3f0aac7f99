"""The environment of the peers, apart from the project's own: they pin older NumPy and pandas."""

import hashlib
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements-bench.txt"
FOLDER = ROOT / ".venv" / "peers"


class NoPeersError(Exception):
    """Their packages could not be installed; the text says why."""


def python_of_peers() -> str:
    """The interpreter that has them, installed now if need be.

    Raises:
        NoPeersError: for instance, there is no package index.
    """
    python, stamp = FOLDER / "bin" / "python", FOLDER / ".made-from"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return str(python)
    dev = _dev()
    environment = dev.installer_environment()
    print(f"installing {REQUIREMENTS.name} into {FOLDER} (once)", file=sys.stderr, flush=True)
    if _run([sys.executable, "-m", "venv", "--without-pip", "--clear", FOLDER]):
        raise NoPeersError("python -m venv failed")
    uv = dev.find_uv(environment)
    chosen = [uv, "pip", "install", "--python", python] if uv else _pip(python)
    if _run([*chosen, "-r", REQUIREMENTS], env=environment):
        raise NoPeersError(f"{REQUIREMENTS.name} could not be installed (see above)")
    stamp.write_text(wanted)
    return str(python)


def _pip(python: Path) -> list[str | Path]:
    return [sys.executable, "-m", "pip", "--python", python, "install"]


def _run(command: list, env: dict[str, str] | None = None) -> int:
    return subprocess.call([str(part) for part in command], stdout=2, cwd=ROOT, env=env or dict(os.environ))


def _dev() -> ModuleType:
    """The script ``dev`` knows this machine's package index, certificates and proxy."""
    loader = importlib.machinery.SourceFileLoader("dev_script", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev_script", loader)
    if spec is None:
        raise NoPeersError("the script dev cannot be read")
    module = importlib.util.module_from_spec(spec)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes
    return module
