"""Full names: where each variable of each discipline of a process lies, relative to the study."""

from collections.abc import Mapping
from dataclasses import dataclass

from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.errors import PlaceError, UnknownNamespace
from sostrades_api.engine.process import Place, Process
from sostrades_api.engine.variable import Variable


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """One input or output of a placed discipline."""

    path: str
    node: str
    full_name: str
    variable: Variable


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A discipline at its path, with its declarations by short name."""

    path: str
    discipline: Discipline
    inputs: Mapping[str, Declaration]
    outputs: Mapping[str, Declaration]


def place_all(process: Process) -> list[Placed]:
    """Every discipline of a process, in declared order.

    Raises:
        BuildError: a path, a place or a namespace is wrong.
    """
    if not process.disciplines:
        raise PlaceError(
            process=process.name, discipline="", detail="a process needs at least one discipline"
        )
    return [_placed(process, path, place) for path, place in process.disciplines.items()]


def _placed(process: Process, path: str, entry: type[Discipline] | Place) -> Placed:
    place = entry if isinstance(entry, Place) else Place(entry)
    if not isinstance(path, str) or not all(part and part == part.strip() for part in path.split(".")):
        raise PlaceError(process=process.name, discipline=path, detail="a path is names joined by dots")
    if not (isinstance(place.discipline, type) and issubclass(place.discipline, Discipline)):
        raise PlaceError(
            process=process.name, discipline=path, detail=f"{place.discipline!r} is no Discipline class"
        )
    namespaces = {**process.namespaces, **place.namespaces}
    try:
        discipline = place.discipline()
    except Exception as error:
        raise PlaceError(
            process=process.name, discipline=path, detail=f"cannot be made: {error!r}"
        ) from error

    def declared(variables: Mapping[str, Variable]) -> dict[str, Declaration]:
        return {
            name: _declaration(process, path, variable, namespaces) for name, variable in variables.items()
        }

    return Placed(
        path=path,
        discipline=discipline,
        inputs=declared(place.discipline.inputs),
        outputs=declared(place.discipline.outputs),
    )


def _declaration(
    process: Process, path: str, variable: Variable, namespaces: Mapping[str, str]
) -> Declaration:
    node = path
    if variable.namespace is not None:
        if variable.namespace not in namespaces:
            raise UnknownNamespace(
                process=process.name,
                discipline=path,
                namespace=variable.namespace,
                variable=variable.name,
                known=tuple(namespaces) or ("none",),
            )
        node = namespaces[variable.namespace]
    full_name = f"{node}.{variable.name}" if node else variable.name
    return Declaration(path=path, node=node, full_name=full_name, variable=variable)
