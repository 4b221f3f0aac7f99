"""Processes that behave badly on purpose; installed only where this folder is on the path."""

import ctypes
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np

from sostrades_api.engine import Discipline, Process


class Double(Discipline):
    """Twice its input."""

    DESC_IN = {"x": {"type": "float", "unit": "-", "default": 1.0, "namespace": "ns"}}
    DESC_OUT = {"double": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        return {"double": 2.0 * inputs["x"]}


class AddOne(Discipline):
    """One more than its input."""

    DESC_IN = {"double": {"type": "float", "unit": "-", "namespace": "ns"}}
    DESC_OUT = {"result": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        return {"result": inputs["double"] + 1.0}


class Sleep(Discipline):
    """Sleeps in short naps, or until a file exists; leaves a line in a journal when it starts and ends."""

    DESC_IN = {
        "seconds": {"type": "float", "unit": "s", "default": 1.0, "namespace": "ns"},
        "journal": {"type": "string", "default": "", "namespace": "ns"},
        "until": {"type": "string", "default": "", "namespace": "ns"},
    }
    DESC_OUT = {"slept": {"type": "float", "unit": "s", "namespace": "ns"}}

    def run(self, inputs):
        _write(inputs["journal"], "start")
        end, until = time.monotonic() + inputs["seconds"], inputs["until"]
        while time.monotonic() < end and not (until and Path(until).exists()):
            time.sleep(0.01)
        _write(inputs["journal"], "end")
        return {"slept": inputs["seconds"]}


class AfterSleep(Discipline):
    """What comes after the sleep."""

    DESC_IN = {"slept": {"type": "float", "unit": "s", "namespace": "ns"}}
    DESC_OUT = {"result": {"type": "float", "unit": "s", "namespace": "ns"}}

    def run(self, inputs):
        return {"result": inputs["slept"]}


class Fail(Discipline):
    """Raises an error that names a file."""

    DESC_IN = {"double": {"type": "float", "unit": "-", "namespace": "ns"}}
    DESC_OUT = {"failed": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        msg = f"cannot read /srv/secret/models/table.csv for {inputs['double']}"
        raise ValueError(msg)


class AfterFail(Discipline):
    """Never runs."""

    DESC_IN = {"failed": {"type": "float", "unit": "-", "namespace": "ns"}}
    DESC_OUT = {"result": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        return {"result": inputs["failed"]}


class Need(Discipline):
    """Has an input without a default."""

    DESC_IN = {
        "needed": {"type": "float", "unit": "m"},
        "double": {"type": "float", "unit": "-", "namespace": "ns"},
    }
    DESC_OUT = {"result": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        return {"result": inputs["needed"] + inputs["double"]}


class Stubborn(Discipline):
    """Swallows every exception and goes on."""

    DESC_IN = {"seconds": {"type": "float", "unit": "s", "default": 60.0, "namespace": "ns"}}
    DESC_OUT = {"result": {"type": "float", "unit": "s", "namespace": "ns"}}

    def run(self, inputs):
        end = time.monotonic() + inputs["seconds"]
        while time.monotonic() < end:
            try:
                time.sleep(0.01)
            except BaseException:  # noqa: BLE001
                continue
        return {"result": inputs["seconds"]}


class Exit(Discipline):
    """Ends its process as if all were well."""

    DESC_IN = {"x": {"type": "float", "unit": "-", "default": 1.0, "namespace": "ns"}}
    DESC_OUT = {"result": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        os._exit(0)


class End(Discipline):
    """Does not return, in the way that it is told."""

    MAX_SECONDS = 0.5
    DESC_IN = {
        "how": {"type": "string", "default": "", "namespace": "ns"},
        "double": {"type": "float", "unit": "-", "namespace": "ns"},
    }
    DESC_OUT = {"result": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        {
            "KeyboardInterrupt": self._interrupt,
            "RecursionError": lambda: self.run(inputs),
            "keeps the lock": lambda: sum(range(10**12)),
        }[inputs["how"]]()

    def _interrupt(self):
        raise KeyboardInterrupt


class Crash(Discipline):
    """Takes its process down as compiled code does, or never returns."""

    MAX_SECONDS = 0.5
    DESC_IN = {"how": {"type": "string", "default": "", "namespace": "ns"}}
    DESC_OUT = {"result": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        while inputs["how"] != "signal":
            time.sleep(0.01)
        time.sleep(0.2)  # what runs beside it has begun by then
        os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(60.0)


class AfterCrash(Discipline):
    """Never begins."""

    DESC_IN = {
        "result": {"type": "float", "unit": "-", "namespace": "ns"},
        "slept": {"type": "float", "unit": "s", "namespace": "ns"},
    }
    DESC_OUT = {"end": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        return {"end": inputs["result"] + inputs["slept"]}


class Hungry(Discipline):
    """Takes more memory than there is, in the way that it is told."""

    DESC_IN = {
        "how": {"type": "string", "default": "", "namespace": "ns"},
        "double": {"type": "float", "unit": "-", "namespace": "ns"},
    }
    DESC_OUT = {"result": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        {
            "an array": lambda: np.ones(2**27),
            "many objects": lambda: [[float(n)] for n in range(10**8)],
            "compiled code": lambda: ctypes.CDLL("libstdc++.so.6")._Znwm(ctypes.c_size_t(2**33)),
            "children together": self._feed_children,
            "nothing": lambda: None,
        }[inputs["how"]]()
        return {"result": inputs["double"]}

    def _feed_children(self):
        code = "import time; held = bytearray(b'x') * (100 * 2**20); time.sleep(60)"
        children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
        for child in children:
            child.wait()


class Threads(Discipline):
    """Tells how many threads each library of linear algebra may use."""

    DESC_IN = {"x": {"type": "float", "unit": "-", "default": 1.0, "namespace": "ns"}}
    DESC_OUT = {"threads": {"type": "array", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        import scipy.linalg  # noqa: F401

        from sostrades_api.worker.limits import threads

        return {"threads": np.array(threads(), dtype=float)}


class Chatty(Discipline):
    """Logs, warns, and starts a child process that uses a core."""

    DESC_IN = {"x": {"type": "float", "unit": "-", "default": 1.0, "namespace": "ns"}}
    DESC_OUT = {"result": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        logger = logging.getLogger("some.model")
        logger.info("reading %s rows", 12)
        logger.debug("not shown")
        warnings.warn("an old formula is used", stacklevel=1)
        subprocess.run([sys.executable, "-c", "sum(i * i for i in range(2_000_000))"], check=True)
        return {"result": inputs["x"]}


class Tell(Discipline):
    """Tells in which process it runs, and leaves something behind, as it is told."""

    DETERMINISTIC = False
    DESC_IN = {"leave": {"type": "string", "default": "", "namespace": "ns"}}
    DESC_OUT = {"pid": {"type": "int", "namespace": "ns"}}

    def run(self, inputs):
        {
            "": lambda: None,
            "thread": lambda: threading.Thread(target=time.sleep, args=(60,), daemon=True).start(),
            "child": lambda: subprocess.Popen(["sleep", "60"]),
            "folder": lambda: os.chdir("/"),
            "variable": lambda: os.environ.update(LEFT="behind"),
            "slowness": lambda: time.sleep(0.6),
        }[inputs["leave"]]()
        return {"pid": os.getpid()}


_WORK = {
    "seconds": {"type": "float", "unit": "s", "default": 0.0, "namespace": "ns"},
    "journal": {"type": "string", "default": "", "namespace": "ns"},
}


class Heat(Discipline):
    """The first of three that leave their names in a journal, and then work for so long."""

    DESC_IN = {"x": {"type": "float", "unit": "-", "default": 1.0, "namespace": "ns"}, **_WORK}
    DESC_OUT = {"heat": {"type": "array", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        _work("Heat", inputs)
        return {"heat": np.linspace(0.0, inputs["x"], 2000)}


class Cool(Discipline):
    """Needs the first."""

    DESC_IN = {
        "heat": {"type": "array", "unit": "-", "namespace": "ns"},
        "factor": {"type": "float", "unit": "-", "default": 0.1, "namespace": "ns"},
        **_WORK,
    }
    DESC_OUT = {"cold": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        _work("Cool", inputs)
        return {"cold": float(np.sum(inputs["heat"])) * inputs["factor"]}


class Aside(Discipline):
    """Needs neither."""

    DESC_IN = {"u": {"type": "float", "unit": "-", "default": 1.0, "namespace": "ns"}, **_WORK}
    DESC_OUT = {"aside": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        _work("Aside", inputs)
        return {"aside": inputs["u"] / 3.0}


class Draw(Discipline):
    """Something else each time, at once."""

    DETERMINISTIC = False
    DESC_IN = {"journal": {"type": "string", "default": "", "namespace": "ns"}}
    DESC_OUT = {"drawn": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        _write(inputs["journal"], "Draw")
        return {"drawn": random.random()}


class Weigh(Discipline):
    """Needs what was drawn."""

    DESC_IN = {"drawn": {"type": "float", "unit": "-", "namespace": "ns"}, **_WORK}
    DESC_OUT = {"weight": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        _work("Weigh", inputs)
        return {"weight": 2.0 * inputs["drawn"]}


class Judge(Discipline):
    """Nought, if both are of the same draw."""

    DESC_IN = {
        "drawn": {"type": "float", "unit": "-", "namespace": "ns"},
        "weight": {"type": "float", "unit": "-", "namespace": "ns"},
        **_WORK,
    }
    DESC_OUT = {"verdict": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        _work("Judge", inputs)
        return {"verdict": inputs["weight"] - 2.0 * inputs["drawn"]}


class Nap(Discipline):
    """One of many that take a moment each."""

    DESC_IN = {"seconds": {"type": "float", "unit": "s", "default": 0.02, "namespace": "ns"}}
    DESC_OUT = {"slept": {"type": "float", "unit": "s"}}

    def run(self, inputs):
        time.sleep(inputs["seconds"])
        return {"slept": inputs["seconds"]}


def _work(name, inputs):
    _write(inputs["journal"], name)
    time.sleep(inputs["seconds"])


def _write(journal, line):
    if journal:
        with Path(journal).open("a") as stream:
            stream.write(f"{line}\n")


_NS = {"ns": ""}
chain = Process("test_chain", disciplines={"First": Double, "Second": AddOne}, namespaces=_NS)
slow = Process("test_slow", disciplines={"Sleep": Sleep, "After": AfterSleep}, namespaces=_NS)
failing = Process(
    "test_failing", disciplines={"First": Double, "Broken": Fail, "After": AfterFail}, namespaces=_NS
)
needy = Process("test_needy", disciplines={"First": Double, "Needy": Need}, namespaces=_NS)
stubborn = Process("test_stubborn", disciplines={"Stubborn": Stubborn}, namespaces=_NS)
exiting = Process("test_exiting", disciplines={"Exit": Exit}, namespaces=_NS)
ending = Process("test_ending", disciplines={"First": Double, "End": End}, namespaces=_NS)
crashing = Process(
    "test_crashing", disciplines={"Crash": Crash, "Sleep": Sleep, "After": AfterCrash}, namespaces=_NS
)
telling = Process("test_telling", disciplines={"Tell": Tell}, namespaces=_NS)
hungry = Process("test_hungry", disciplines={"First": Double, "Hungry": Hungry}, namespaces=_NS)
threaded = Process("test_threaded", disciplines={"Threads": Threads}, namespaces=_NS)
chatty = Process("test_chatty", disciplines={"Chatty": Chatty}, namespaces=_NS)
steps = Process("test_steps", disciplines={"Heat": Heat, "Cool": Cool, "Aside": Aside}, namespaces={"ns": ""})
draws = Process("test_draws", disciplines={"Draw": Draw, "Weigh": Weigh, "Judge": Judge}, namespaces=_NS)
napping = Process("test_napping", disciplines={f"Nap{n}": Nap for n in range(500)}, namespaces=_NS)
