"""What runs steps at the same time, as the numerical parameters say."""

from contextlib import AbstractContextManager

from sostrades_api.engine.dependencies import Dependencies
from sostrades_api.engine.execution import Execution
from sostrades_api.engine.forked import Renew, processes
from sostrades_api.engine.numerical import PARALLEL_BY, THREADS
from sostrades_api.engine.observer import Observer
from sostrades_api.engine.parallel import Crew, threads
from sostrades_api.engine.runner import ShouldStop


def crew_for(
    execution: Execution,
    steps: Dependencies,
    *,
    renew: Renew,
    observer: Observer | None,
    should_stop: ShouldStop | None,
) -> AbstractContextManager[Crew] | None:
    """The crew of one execution, None when its steps run one after the other.

    Args:
        execution: on slots filled with inputs.
        steps: of its plan.
        renew: another execution on the same slots, for another observer.
        observer: of the execution.
        should_stop: of the execution.
    """
    size = execution.numerical(THREADS)
    if size == 1:
        return None
    if execution.numerical(PARALLEL_BY) == "threads":
        return threads(execution, steps, size=size)
    return processes(execution, steps, size=size, renew=renew, observer=observer, should_stop=should_stop)
