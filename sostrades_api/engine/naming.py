"""Full names: where each variable of each discipline of a process lies, relative to the study."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sostrades_api.engine.descriptor import parse_descriptors
from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.errors import DescriptorError, InvalidValue, PlaceError, UnknownNamespace
from sostrades_api.engine.protection import freeze
from sostrades_api.engine.structure import Declared
from sostrades_api.engine.variable import Variable

LONGEST_NAME = 512
"""Characters of a full name, and of a path."""


class Declaration(NamedTuple):
    """One input or output of a placed discipline, or an input of a process.

    There are several a discipline: a tuple is made in a fifth of the time of a frozen dataclass.
    """

    path: str
    node: str
    full_name: str
    variable: Variable


class Placed(NamedTuple):
    """A discipline at its path, with its declarations by short name.

    ``is_static`` when they are exactly those of its class.
    """

    path: str
    discipline: Discipline
    inputs: Mapping[str, Declaration]
    outputs: Mapping[str, Declaration]
    is_static: bool = True


class Scope(NamedTuple):
    """Where names are looked up: the process that places, and its namespaces, relative to the study."""

    process: str
    namespaces: Mapping[str, str]


def below(node: str, name: str) -> str:
    """A name relative to a node, relative to the study."""
    return f"{node}.{name}" if node and name else node or name


def placed(path: str, cls: type[Discipline], *, scope: Scope) -> Placed:
    """A discipline with the declarations of its class.

    Raises:
        BuildError: it cannot be made, or a namespace is missing.
    """
    try:
        discipline = cls()
    except (Exception, SystemExit) as error:
        raise PlaceError(
            process=scope.process, discipline=path, detail=f"cannot be made: {error!r}"
        ) from error
    return Placed(
        path=path,
        discipline=discipline,
        inputs=declarations(cls.inputs, path=path, scope=scope),
        outputs=declarations(cls.outputs, path=path, scope=scope),
    )


def with_declared(place: Placed, declared: Declared, *, scope: Scope) -> Placed:
    """A discipline as its class declares it, with what its ``structure`` adds.

    Raises:
        BuildError: a declaration of ``structure`` is wrong.
    """
    owner = type(place.discipline).__name__
    inputs, outputs = dict(place.inputs), dict(place.outputs)
    for side, known, added in (("inputs", inputs, declared.inputs), ("outputs", outputs, declared.outputs)):
        variables = parse_descriptors(added, owner=owner, side=f"structure.{side}")
        for name in variables:
            if name in known:
                raise DescriptorError(
                    owner=owner,
                    side=f"structure.{side}",
                    variable=name,
                    key="name",
                    detail="is declared already",
                )
        known.update(declarations(variables, path=place.path, scope=scope))
    for name, default in declared.defaults.items():
        inputs[name] = _with_default(inputs.get(name), name, default, owner=owner)
    return place._replace(inputs=inputs, outputs=outputs, is_static=False)


def _with_default(declaration: Declaration | None, name: str, default: Any, *, owner: str) -> Declaration:
    fault = "there is no such input"
    if declaration is not None:
        try:
            checked = freeze(declaration.variable.check(default))
            return declaration._replace(variable=replace(declaration.variable, default=checked))
        except InvalidValue as error:
            fault = str(error)
    raise DescriptorError(owner=owner, side="structure.defaults", variable=name, key="default", detail=fault)


def declarations(
    variables: Mapping[str, Variable], *, path: str, scope: Scope, node: str | None = None
) -> dict[str, Declaration]:
    """The declarations of these variables at ``node``, which is the path itself unless it is given."""
    home = path if node is None else node
    found = {}
    for name, variable in variables.items():
        at = home if variable.namespace is None else _namespace(variable, path=path, scope=scope)
        full = f"{at}.{variable.name}" if at else variable.name
        if len(full) > LONGEST_NAME:
            detail = f"the full name of {name[:100]!r} has {len(full)} characters; {LONGEST_NAME} is the most"
            raise PlaceError(process=scope.process, discipline=f"{path[:100]}...", detail=detail)
        found[name] = Declaration(path, at, full, variable)
    return found


def _namespace(variable: Variable, *, path: str, scope: Scope) -> str:
    found = scope.namespaces.get(variable.namespace or "")
    if found is None:
        raise UnknownNamespace(
            process=scope.process,
            discipline=path,
            namespace=variable.namespace,
            variable=variable.name,
            known=tuple(scope.namespaces) or ("none",),
        )
    return found
