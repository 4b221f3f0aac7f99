"""Python's search for garbage, put off while very many objects are made that all stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_MANY = 100_000
"""New objects: to walk over fewer takes a few milliseconds."""


@contextmanager
def collection_paused() -> Iterator[None]:
    """No search for garbage: the many objects that are made here stay, and would be walked over and over.

    Of 100,000 disciplines that takes longer than making them (measured). Threads may overlap: whoever found
    it switched on switches it on again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            _count_as_old()
            gc.enable()


def _count_as_old() -> None:
    """Move what is new past the two searches among new objects, which would walk over all of it at once.

    It is still found by the search among all. Who has frozen objects of its own keeps them frozen; they are
    counted one by one, which few new objects are not worth.
    """
    if gc.get_count()[0] > _MANY and not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
