"""Short ways to declare disciplines and processes in tests."""

from sostrades_api.engine import Discipline, Process, run

FLOAT = {"type": "float"}


def discipline(reads, makes, compute):
    """A discipline class; names map to descriptors, or to None for a shared float without default."""

    def shared(descriptors):
        return {
            name: {"namespace": "ns", **(FLOAT if descriptor is None else descriptor)}
            for name, descriptor in descriptors.items()
        }

    return type(
        "Made",
        (Discipline,),
        {"DESC_IN": shared(reads), "DESC_OUT": shared(makes), "run": lambda self, inputs: compute(inputs)},
    )


def process(disciplines, **options):
    """A process whose namespace ``ns`` is the study itself."""
    return Process("tested", disciplines=disciplines, namespaces={"ns": ""}, **options)


def returning(descriptor, value):
    """What is made of a value that a discipline returns as its only output, declared so."""
    made = discipline({}, {"y": descriptor}, lambda _inputs: {"y": value})
    return run(process({"A": made})).values["y"]
