"""Found by processes whose clock libfaketime changes: there, ``time.sleep`` fails."""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep
