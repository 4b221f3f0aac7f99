"""How the tests are shared out among the processes of pytest-xdist."""

from xdist.scheduler import LoadGroupScheduling

_TOGETHER = "tests/browser/"


class BrowserInOneProcess(LoadGroupScheduling):
    """Every test for itself, but those of the browser together: one Chromium and one platform serve them all.

    By their addresses: the marks of groups reach nobody with pytest 9, which has no ``_nodeid`` to change.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _TOGETHER if nodeid.startswith(_TOGETHER) else nodeid
