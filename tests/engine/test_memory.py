import subprocess
import sys

REPEATED = """
import resource
import numpy as np
from sostrades_api.engine.memory import keep_freed_memory
if {keep}:
    assert keep_freed_memory()
for _ in range(200):
    kept = [np.ones(100_000) for _ in range(20)]
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def page_faults(*, keep):
    given = {"MALLOC_TRIM_THRESHOLD_": "1048576", "MALLOC_MMAP_THRESHOLD_": "1048576"}
    done = subprocess.run(
        [sys.executable, "-c", REPEATED.format(keep=keep)],
        env=given,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def test_memory_of_freed_arrays_is_used_again():
    assert page_faults(keep=True) < page_faults(keep=False) / 3
