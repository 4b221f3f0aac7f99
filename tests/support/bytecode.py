"""Importing this makes Python keep what it compiles, where it was told not to (PYTHONDONTWRITEBYTECODE).

Import it before the application. Some forty processes start in these tests, servers, workers and commands,
and each would compile pandas, SQLAlchemy and all the rest again: 5 s of processor time, for 2 s of work.
"""

import atexit
import os
import shutil
import sys
import tempfile


def _keep_bytecode() -> None:
    """Compile into a folder of this run alone; the processes that it starts use it too."""
    folder = tempfile.mkdtemp(prefix="bytecode-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    del os.environ["PYTHONDONTWRITEBYTECODE"]
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = folder
    sys.dont_write_bytecode = False


# What starts pytest-xdist's workers comes first: they find the variables changed.
if os.environ.get("PYTHONDONTWRITEBYTECODE"):
    _keep_bytecode()
