"""Full names: where each variable of each discipline of a process lies, relative to the study."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sostrades_api.engine.descriptor import parse_descriptors
from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.errors import DescriptorError, InvalidValue, PlaceError, UnknownNamespace
from sostrades_api.engine.protection import freeze
from sostrades_api.engine.structure import Declared
from sostrades_api.engine.variable import Variable


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """One input or output of a placed discipline, or an input of a process."""

    path: str
    node: str
    full_name: str
    variable: Variable


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A discipline at its path, with its declarations by short name.

    ``is_static`` when they are exactly those of its class.
    """

    path: str
    discipline: Discipline
    inputs: Mapping[str, Declaration]
    outputs: Mapping[str, Declaration]
    is_static: bool = True


@dataclass(frozen=True, kw_only=True)
class Scope:
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
    except Exception as error:
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
    return replace(place, inputs=inputs, outputs=outputs, is_static=False)


def _with_default(declaration: Declaration | None, name: str, default: Any, *, owner: str) -> Declaration:
    fault = "there is no such input"
    if declaration is not None:
        try:
            checked = freeze(declaration.variable.check(default))
            return replace(declaration, variable=replace(declaration.variable, default=checked))
        except InvalidValue as error:
            fault = str(error)
    raise DescriptorError(owner=owner, side="structure.defaults", variable=name, key="default", detail=fault)


def declarations(
    variables: Mapping[str, Variable], *, path: str, scope: Scope, node: str | None = None
) -> dict[str, Declaration]:
    """The declarations of these variables at ``node``, which is the path itself unless it is given."""
    home = path if node is None else node
    return {name: _declaration(path, home, variable, scope) for name, variable in variables.items()}


def _declaration(path: str, node: str, variable: Variable, scope: Scope) -> Declaration:
    if variable.namespace is not None:
        if variable.namespace not in scope.namespaces:
            raise UnknownNamespace(
                process=scope.process,
                discipline=path,
                namespace=variable.namespace,
                variable=variable.name,
                known=tuple(scope.namespaces) or ("none",),
            )
        node = scope.namespaces[variable.namespace]
    full_name = f"{node}.{variable.name}" if node else variable.name
    return Declaration(path=path, node=node, full_name=full_name, variable=variable)
