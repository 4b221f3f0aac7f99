"""What executions give when nothing happens to them, computed in this process."""

import sys
from collections.abc import Mapping
from importlib import import_module

from sqlalchemy.orm import Session

from sostrades_api.services.execution_inputs import input_digests, inputs_of
from sostrades_api.services.study_plan import study_plan
from sostrades_api.storage import ValueStore
from sostrades_api.storage.codecs import encode
from tests.support.live import TEST_PROCESSES


def install_processes() -> None:
    """Make the processes of the tests known to this process; their naps are left out."""
    if str(TEST_PROCESSES) not in sys.path:
        sys.path.insert(0, str(TEST_PROCESSES))
    import_module("sostrades_test_storm").nap = lambda _seconds: None


class Undisturbed:
    """Digests of results by the inputs of an execution; those computed are remembered."""

    def __init__(self, values: ValueStore) -> None:
        self._values = values
        self._known: dict[tuple[str, ...], dict[str, str]] = {}

    def digests(self, session: Session, execution_id: int, *, process_name: str) -> Mapping[str, str]:
        """Digest of every output by name: equal ones mean that the values are equal to the last bit."""
        given = input_digests(session, execution_id=execution_id)
        key = (process_name, *(f"{name} {digest}" for name, digest in sorted(given.items())))
        if key not in self._known:
            inputs = inputs_of(session, given, values=self._values)
            results = study_plan(process_name, inputs).plan.execute(inputs).values
            self._known[key] = {name: encode(value).digest for name, value in results.items()}
        return self._known[key]
