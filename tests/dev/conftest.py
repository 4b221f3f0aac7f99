from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The script as a module, in a world without settings for pip, uv, certificates and proxies."""
    import os
    import sys

    for name in os.environ:
        if name.startswith(("PIP_", "UV_", "XDG_")) or name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = SourceFileLoader("dev_script", str(ROOT / "dev"))
    module = module_from_spec(spec_from_loader("dev_script", loader))
    loader.exec_module(module)
    monkeypatch.setattr(module, "pip_config_files", lambda: [str(tmp_path / "pip.conf")])
    return module
