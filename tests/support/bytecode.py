"""Importing this makes Python keep what it compiles, where it was told not to (PYTHONDONTWRITEBYTECODE).

Import it before the application. Some sixty processes start in these tests, servers, workers and commands,
and each would compile pandas, SQLAlchemy and all the rest again: 5 s of processor time, for 2 s of work.
"""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path


def _keep_bytecode() -> None:
    """Keep it in the virtual environment, for the processes of this run and for the next run.

    No source folder gets anything, and of temporary ones nothing stays.
    """
    folder = str(Path(sys.prefix) / "bytecode-of-tests")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = folder
    sys.dont_write_bytecode = False
    atexit.register(shutil.rmtree, folder + tempfile.gettempdir(), ignore_errors=True)


# What starts pytest-xdist's workers comes first: they find the variables changed.
if sys.dont_write_bytecode and sys.prefix != sys.base_prefix:
    _keep_bytecode()
