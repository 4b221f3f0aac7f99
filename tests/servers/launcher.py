"""``python -m MODULE`` without the imports: a process that has the application loaded forks what tests start.

Importing the application takes 2 s of processor time and more, and the tests start some forty servers and
worker pools. Nothing else is shared: each has an environment, a session and a life of its own. That these
start from a shell too is shown by the tests of the demo and of the commands.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.servers.processes import dies_with_parent, end

ROOT = Path(__file__).resolve().parents[2]
_LOADED = (
    "flask.cli",
    "gunicorn.app.wsgiapp",
    "gunicorn.workers.gthread",
    "sostrades_api.app",
    "sostrades_api.worker.pool",
)
# What ``flask worker`` would set and then start itself again for.
TUNED = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
}


class Launched:
    """A started process; what tests need of ``subprocess.Popen``."""

    def __init__(self, launcher: "Launcher", pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._launcher = launcher

    def poll(self) -> int | None:
        """The exit status; None while it runs."""
        if self.returncode is None:
            self.returncode = self._launcher.ask({"status_of": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, when it has ended."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.01)
        return status

    def send_signal(self, sig: signal.Signals) -> None:
        """Send a signal, unless it is known to have ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Launcher:
    """The process that has the application loaded; everything it started ends with it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.servers.launcher", str(theirs.fileno())],
                env={**os.environ, **TUNED, "PYTHONPATH": str(ROOT)},
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
            )
        self._stream = ours.makefile("rw", encoding="utf-8")
        ours.close()

    def start(
        self, module: str, arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, output: Path
    ) -> Launched:
        """``python -m module arguments``, in a session of its own; both outputs are added to a file."""
        start = {"module": module, "arguments": list(arguments), "env": dict(env)}
        return Launched(self, self.ask({**start, "cwd": str(cwd), "output": str(output)}))

    def ask(self, question: dict[str, Any]) -> Any:
        """The answer of the process."""
        self._stream.write(json.dumps(question) + "\n")
        self._stream.flush()
        answer = self._stream.readline()
        assert answer, "the launcher has died"
        return json.loads(answer)

    def stop(self) -> None:
        """End it."""
        end(self._process)
        self._stream.close()


@functools.cache
def launcher() -> Launcher:
    """The launcher of this test process."""
    made = Launcher()
    atexit.register(made.stop)
    return made


def _serve(stream: Any) -> dict[str, Any] | None:
    """Start what is asked for; in a started process, what it is to become."""
    for line in stream:
        question = json.loads(line)
        if "status_of" in question:
            pid, status = os.waitpid(question["status_of"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if answer == 0:
                return question
        stream.write(json.dumps(answer) + "\n")
        stream.flush()
    return None


def _become(asked: dict[str, Any]) -> None:
    """Be that process, until its end."""
    os.setsid()
    if die := dies_with_parent(signal.SIGTERM):
        die()
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    output = os.open(asked["output"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for target, handle in ((0, os.open(os.devnull, os.O_RDONLY)), (1, output), (2, output)):
        os.dup2(handle, target)
    sys.path[:0] = asked["env"].get("PYTHONPATH", "").split(os.pathsep)
    sys.argv = [asked["module"], *asked["arguments"]]
    sys.orig_argv = [sys.executable, "-m", *sys.argv]
    runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)


def _main() -> None:
    for module in _LOADED:
        importlib.import_module(module)
    gc.freeze()  # as wsgi.py does for what it has imported
    with socket.socket(fileno=int(sys.argv[1])) as connection, connection.makefile("rw") as stream:
        asked = _serve(stream)
    if asked is not None:
        _become(asked)


if __name__ == "__main__":
    _main()
