"""Load in the parent what every run needs: a fork then finds it there, in memory shared with the others."""

import gc
import importlib
import logging

from sostrades_api.errors import DomainError
from sostrades_api.processes import catalogue
from sostrades_api.services.default_digests import default_digests
from sostrades_api.services.study_plan import study_plan
from sostrades_api.worker.rehearsal import rehearse
from sostrades_api.worker.runtime import Runtime

logger = logging.getLogger(__name__)

_MODULES = ("numpy", "pandas", "scipy.sparse", "scipy.sparse.linalg", "psutil", "pyarrow.ipc")


def warm_up(runtime: Runtime) -> None:
    """Import the libraries, build the plans, and keep the collector from touching (copying) these pages."""
    for module in _MODULES:
        importlib.import_module(module)
    importlib.import_module("sostrades_api.worker.run")
    for name in catalogue.names():
        try:
            plan = study_plan(name).plan
            plan.prepare_addresses()
            default_digests(plan)
        except DomainError:
            logger.warning("process %s cannot be used", name)
    rehearse(runtime)
    gc.collect()
    gc.freeze()
