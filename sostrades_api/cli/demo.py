"""``./dev demo``: a complete platform on this machine, in one process tree that ends with this process."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from filelock import FileLock, Timeout

from sostrades_api.cli.children import Child, Children
from sostrades_api.cli.serve import gunicorn_command, run_command
from sostrades_api.queueing.embedded import ensure_server
from sostrades_api.settings import PROJECT_DIR, Settings, read_settings

DEFAULT_PORT = 8000
_PORTS_TRIED = 100
_ANSWER_SECONDS = 60.0
_EXECUTION_SECONDS = 300.0
_STOP_SECONDS = 8.0
_WEB_PROCESSES = 1  # each imports everything, and loads every study case, for itself
_THREADS = 16
_SHOWN_PROCESS = "dice2016r"  # the one that is executed, so that there are results to look at
_WORKER = "worker"
_QUICK_SECONDS = 60.0
_MOST_QUICK_DEATHS = 3  # in that time; one more ends the demo

_worker_deaths: list[float] = []
_stopping = threading.Event()  # set once: stopping takes seconds, and nothing interrupts it


class StopDemo(BaseException):
    """SIGTERM, SIGINT or SIGHUP arrived."""


@dataclass(frozen=True)
class Options:
    """What the command line chose."""

    as_json: bool
    host: str
    port: int | None
    settings: Settings
    workers: int

    @property
    def data_dir(self) -> Path:
        """Where everything is kept."""
        return self.settings.data_dir


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One line of JSON on standard output once all answers.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Default: 8000, or the next free one.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Default: instance/.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Worker processes.")
def demo(*, as_json: bool, host: str, port: int | None, data_dir: Path | None, workers: int) -> None:
    """Migrate, start queue, workers and web server, make example studies, serve until Ctrl-C or SIGTERM."""
    settings = read_settings()
    data_dir = (data_dir or settings.data_dir).resolve()
    settings = settings.model_copy(update={"data_dir": data_dir})
    options = Options(as_json, host, port, settings, workers)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _on_stop_signal)
    try:
        with _data_dir_alone(data_dir):
            _run(options)
    except StopDemo:
        _say("stopped; everything is kept in " + str(data_dir))


def _on_stop_signal(_number: int, _frame: object) -> None:
    if not _stopping.is_set():
        _stopping.set()
        raise StopDemo  # may be swallowed (in a finalizer, at a fork): _require_running() looks at the flag


def _say(text: str) -> None:
    click.echo(f"demo: {text}", err=True)


@contextmanager
def _data_dir_alone(data_dir: Path) -> Iterator[None]:
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(data_dir / "demo.lock", timeout=0):
            yield
    except Timeout:
        raise click.ClickException(
            f"a demo is running on {data_dir} already; stop it or choose another --data-dir"
        ) from None


def _run(options: Options) -> None:
    configured = [name for name in ("DATABASE_URL", "REDIS_URL", "VALUE_STORE_URL") if os.environ.get(name)]
    _say(f"data in {options.data_dir}{', and where these say: ' * bool(configured)}{', '.join(configured)}")
    listener = _listen(options)
    env = {
        **os.environ,
        "SOSTRADES_DATA_DIR": str(options.data_dir),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT_DIR), os.environ.get("PYTHONPATH", "")])),
        "PYTHONUNBUFFERED": "1",
    }
    children = Children(options.data_dir / "logs")
    server = None
    try:
        _say("preparing database and example studies")
        access = json.loads(_flask(env, "demo_seed").splitlines()[-1])
        _say("starting queue, workers and web server")
        server = ensure_server(options.settings)
        url = _start_children(options, children, listener=listener, env=env)
        _wait_for_answer(url, children)
        _execute_shown(url, access, children)
        _announce(options, url=url, access=access, logs=children.logs)
        _watch(children)
    finally:
        _stopping.set()
        _say("stopping")
        children.stop(seconds=_STOP_SECONDS)
        if server is not None:
            server.stop()


def _flask(env: dict[str, str], *arguments: str) -> str:
    """Run a ``flask`` command; what it printed."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    done = subprocess.run(command, env=env, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        click.echo(done.stderr, err=True, nl=False)
        raise click.ClickException(f"flask {' '.join(arguments)} failed (see above)")
    return done.stdout


def _listen(options: Options) -> socket.socket:
    """The listening socket: the port asked for, or the first free one from the default on."""
    ports = range(DEFAULT_PORT, DEFAULT_PORT + _PORTS_TRIED) if options.port is None else (options.port,)
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    reason, port = "", ports[0]
    for port in ports:
        try:
            listener = socket.create_server((options.host, port), family=family, backlog=512)
        except OSError as error:
            reason = (error.strerror or str(error)).partition(" (while ")[0]
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):  # no other port would help
                break
            continue
        if options.port is None and port != DEFAULT_PORT:
            _say(f"port {DEFAULT_PORT} is in use; taking {port}")
        return listener
    tried = f"port {port}" if port == ports[0] else f"any of the ports {ports[0]} to {port}"
    raise click.ClickException(f"cannot listen on {options.host} {tried}: {reason}")


def _start_children(
    options: Options, children: Children, *, listener: socket.socket, env: dict[str, str]
) -> str:
    """Start workers and web server; the address of the latter."""
    worker = [sys.executable, "-m", "flask", "--app", "wsgi", "worker", "--count", str(options.workers)]
    children.start(_WORKER, command=worker, env=env)
    descriptor = listener.fileno()
    command = gunicorn_command([f"fd://{descriptor}"], processes=_WEB_PROCESSES, threads=_THREADS)
    children.start("web", command=command, env=env, pass_fds=[descriptor])
    port = listener.getsockname()[1]
    listener.close()  # gunicorn's copy is the only one left: nobody waits on a dead server
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _wait_for_answer(url: str, children: Children) -> None:
    deadline = time.monotonic() + _ANSWER_SECONDS
    while True:
        _require_running(children)
        try:
            urllib.request.urlopen(f"{url}/api/ping", timeout=5).close()  # noqa: S310
        except OSError as error:
            if time.monotonic() > deadline:
                raise click.ClickException(f"the web server does not answer: {error}") from error
            time.sleep(0.05)
        else:
            return


def _require_running(children: Children) -> None:
    if _stopping.is_set():
        raise StopDemo
    ended: Child | None = children.find_ended()
    if ended is not None and not _restarted(ended, children):
        click.echo(ended.last_lines(), err=True)
        raise click.ClickException(
            f"{ended.name} ended with status {ended.process.returncode} (log: {ended.log})"
        )


def _restarted(ended: Child, children: Children) -> bool:
    """Whether it was the worker, and not the last of several quick deaths: executions survive it."""
    now = time.monotonic()
    _worker_deaths[:] = [at for at in _worker_deaths if now - at < _QUICK_SECONDS]
    if ended.name != _WORKER or len(_worker_deaths) >= _MOST_QUICK_DEATHS:
        return False
    _worker_deaths.append(now)
    _say(f"the worker ended with status {ended.process.returncode}; starting it again (log: {ended.log})")
    children.restart(ended)
    return True


def _call(url: str, api_key: str, *, method: str = "GET") -> Any:
    headers = {"Authorization": f"Bearer {api_key}"}
    request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def _execute_shown(url: str, access: dict[str, Any], children: Children) -> None:
    """Execute one study case through the API unless it is finished; fill in every status."""
    key = access["api_key"]
    for study in access["study_cases"]:
        address = f"{url}/api/v0/calculation/status/{study['id']}"
        status = _call(address, key)
        study["status"] = status["study_case_execution_status"]
        if study["process"] != _SHOWN_PROCESS or study["status"] == "FINISHED":
            continue
        _say(f"executing {study['name']}")
        if study["status"] not in ("PENDING", "RUNNING"):
            _call(f"{url}/api/v0/calculation/execute/{study['id']}", key, method="POST")
        study["status"] = _await_end(address, key, children)
        _say(f"{study['name']} is {study['status']}")


def _await_end(address: str, key: str, children: Children) -> str:
    deadline = time.monotonic() + _EXECUTION_SECONDS
    status = ""
    while time.monotonic() < deadline:
        _require_running(children)
        status = str(_call(address, key)["study_case_execution_status"])
        if status not in ("PENDING", "RUNNING"):
            break
        time.sleep(0.1)
    return status


def _announce(options: Options, *, url: str, access: dict[str, Any], logs: Path) -> None:
    if options.as_json:
        line = {
            "url": url,
            "api_key": access["api_key"],
            "study_cases": access["study_cases"],
        }
        print(json.dumps(line), flush=True)  # noqa: T201
        return
    header = f'-H "Authorization: Bearer {access["api_key"]}"'
    first = access["study_cases"][0]
    finished = next((study for study in access["study_cases"] if study["status"] == "FINISHED"), first)
    api = f"{url}/api/v0"
    studies = "".join(
        f"  {study['id']:>4}  {study['name']:<12}{study['process']:<12}{study['status']}\n"
        for study in access["study_cases"]
    )
    click.echo(
        f"\nOpen      {url}/\nSign in   {access['username']} / {access['password'] or '(as set before)'}\n"
        f"API key   {access['api_key']}\n\nStudy cases\n{studies}\nTry\n"
        f"  curl {header} {api}/study-case/{first['id']}\n"
        f"  curl {header} -X POST {api}/calculation/execute/{first['id']}\n"
        f"  curl {header} {api}/calculation/status/{first['id']}\n"
        f"  curl {header} {api}/post-processing/{finished['id']}/html -o report.html\n\n"
        f"Logs are in {logs}. Ctrl-C stops everything.\n"
    )


def _watch(children: Children) -> None:
    while True:
        _require_running(children)
        time.sleep(0.5)


if __name__ == "__main__":
    run_command(demo, name="demo")
