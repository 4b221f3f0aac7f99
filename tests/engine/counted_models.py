"""Models that stand in a module, as those whose outputs may be re-used must; they count their runs."""

from sostrades_api.engine import Discipline

RUNS: list[str] = []
DRAWS: list[tuple[float, float]] = []  # what was read, and drawn
CLOCK = [0.0]

FLOAT = {"type": "float", "namespace": "ns"}


class Doubles(Discipline):
    """y = 2 x."""

    DESC_IN = {"x": {**FLOAT, "default": 1.0}}
    DESC_OUT = {"y": FLOAT}

    def run(self, inputs):
        RUNS.append("Doubles")
        return {"y": 2 * inputs["x"]}


class Adds(Discipline):
    """z = y + u."""

    DESC_IN = {"y": FLOAT, "u": {**FLOAT, "default": 1.0}}
    DESC_OUT = {"z": FLOAT}

    def run(self, inputs):
        RUNS.append("Adds")
        return {"z": inputs["y"] + inputs["u"]}


class Random(Discipline):
    """Other outputs each time."""

    DETERMINISTIC = False
    DESC_OUT = {"y": FLOAT}

    def run(self, inputs):
        RUNS.append("Random")
        return {"y": float(len(RUNS))}


class Left(Discipline):
    """a = b / 2 + y."""

    DESC_IN = {"b": {**FLOAT, "default": 0.0}, "y": FLOAT}
    DESC_OUT = {"a": FLOAT}

    def run(self, inputs):
        RUNS.append("Left")
        return {"a": inputs["b"] / 2 + inputs["y"]}


class Right(Discipline):
    """b = a / 2."""

    DESC_IN = {"a": FLOAT}
    DESC_OUT = {"b": FLOAT}

    def run(self, inputs):
        RUNS.append("Right")
        return {"b": inputs["a"] / 2}


class Chained(Discipline):
    """x + 1, in another namespace."""

    DESC_IN = {"x": {"type": "float", "namespace": "before"}}
    DESC_OUT = {"x": {"type": "float", "namespace": "after"}}

    def run(self, inputs):
        return {"x": inputs["x"] + 1.0}


class OfOthers(Discipline):
    """made = others / 10 + outside; in a ring, each with its own place and its own outside."""

    DESC_IN = {
        "outside": {"type": "float", "namespace": "outside"},
        "x": {"type": "float", "namespace": "before", "default": 0.0},
    }
    DESC_OUT = {"x": {"type": "float", "namespace": "after"}}

    def run(self, inputs):
        return {"x": inputs["x"] / 10 + inputs["outside"]}


class Slow(Discipline):
    """Halves its way to two."""

    DESC_IN = {"x": {"type": "float", "default": 0.0, "namespace": "ns"}}
    DESC_OUT = {"x": {"type": "float", "namespace": "ns"}}

    def run(self, inputs):
        return {"x": inputs["x"] / 2 + 1}


class After(Discipline):
    """A loop that ends at once."""

    DESC_IN = {
        "x": {"type": "float", "namespace": "ns"},
        "y": {"type": "float", "default": 0.0, "namespace": "ns"},
    }
    DESC_OUT = {"y": {"type": "float", "namespace": "ns"}}

    def run(self, inputs):
        return {"y": 0.0 * inputs["y"] + inputs["x"]}


class Steady(Discipline):
    """x + 1, in another namespace; ``cost`` is what it adds to a clock of the test's own."""

    DESC_IN = {"x": {"type": "float", "namespace": "before"}, "cost": {"type": "float", "default": 0.0}}
    DESC_OUT = {"x": {"type": "float", "namespace": "after"}}

    def run(self, inputs):
        RUNS.append("Steady")
        CLOCK[0] += inputs["cost"]
        return {"x": inputs["x"] + 1.0}


class Drawn(Steady):
    """Another number each time, that nobody has drawn before."""

    DETERMINISTIC = False

    def run(self, inputs):
        RUNS.append("Drawn")
        CLOCK[0] += inputs["cost"]
        made = 1000.0 * len(DRAWS) + 1000.0
        DRAWS.append((inputs["x"], made))
        return {"x": made}
