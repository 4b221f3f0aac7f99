"""How the tests are shared out among the processes of pytest-xdist."""

from xdist.scheduler import LoadGroupScheduling

_TOGETHER = ("tests/browser/", "tests/hosts/")  # one Chromium, one set of servers


class FoldersInOneProcess(LoadGroupScheduling):
    """Every test for itself, but those of the browser together, and those of hosts: they share servers.

    By their addresses: the marks of groups reach nobody with pytest 9, which has no ``_nodeid`` to change.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in _TOGETHER if nodeid.startswith(folder)), nodeid)
