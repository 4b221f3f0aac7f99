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

    Made where somebody asks for it: most are looked at by nobody, since they fit what others declare.
    """

    path: str
    node: str
    full_name: str
    variable: Variable


class Placed(NamedTuple):
    """A discipline at its path: its variables by short name, and their full names in the same order.

    ``is_static`` when they are exactly those of its class.
    """

    path: str
    discipline: Discipline
    inputs: Mapping[str, Variable]
    outputs: Mapping[str, Variable]
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    is_static: bool = True

    def declared_inputs(self) -> dict[str, Declaration]:
        """Its inputs by short name, each with where it lies; few places are ever asked for them."""
        named = zip(self.inputs.items(), self.reads, strict=True)
        return {name: declaration(self.path, full, variable) for (name, variable), full in named}


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
        path,
        discipline,
        cls.inputs,
        cls.outputs,
        full_names(cls.inputs, path=path, home=path, scope=scope),
        full_names(cls.outputs, path=path, home=path, scope=scope),
    )


def with_declared(place: Placed, declared: Declared, *, scope: Scope) -> Placed:
    """A discipline as its class declares it, with what its ``structure`` adds.

    Raises:
        BuildError: a declaration of ``structure`` is wrong.
    """
    owner = type(place.discipline).__name__
    inputs, outputs = dict(place.inputs), dict(place.outputs)
    names = {"inputs": place.reads, "outputs": place.makes}
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
        known.update(variables)
        names[side] += full_names(variables, path=place.path, home=place.path, scope=scope)
    for name, default in declared.defaults.items():
        inputs[name] = _with_default(inputs.get(name), name, default, owner=owner)
    return Placed(
        place.path,
        place.discipline,
        inputs,
        outputs,
        reads=names["inputs"],
        makes=names["outputs"],
        is_static=False,
    )


def _with_default(variable: Variable | None, name: str, default: Any, *, owner: str) -> Variable:
    fault = "there is no such input"
    if variable is not None:
        try:
            return replace(variable, default=freeze(variable.check(default)))
        except InvalidValue as error:
            fault = str(error)
    raise DescriptorError(owner=owner, side="structure.defaults", variable=name, key="default", detail=fault)


def declarations(
    variables: Mapping[str, Variable], *, path: str, node: str, scope: Scope
) -> dict[str, Declaration]:
    """The declarations of a process at ``node``, by short name."""
    names = full_names(variables, path=path, home=node, scope=scope)
    named = zip(variables.items(), names, strict=True)
    return {name: declaration(path, full, variable) for (name, variable), full in named}


def declaration(path: str, full_name: str, variable: Variable) -> Declaration:
    """What somebody declares of a full name, which is that of its node and a short name without dots."""
    return Declaration(path, full_name.rpartition(".")[0], full_name, variable)


def full_names(variables: Mapping[str, Variable], *, path: str, home: str, scope: Scope) -> tuple[str, ...]:
    """The full names of these variables, which lie at ``home`` unless they say a namespace.

    Several a discipline, and so nothing but texts; who needs more of one asks for its declaration.
    """
    found, namespaces = [], scope.namespaces
    for variable in variables.values():
        namespace = variable.namespace
        at = home if namespace is None else namespaces.get(namespace)
        if at is None:
            raise _unknown(variable, path=path, scope=scope)
        full = f"{at}.{variable.name}" if at else variable.name
        if len(full) > LONGEST_NAME:
            short, size = variable.name[:100], len(full)
            detail = f"the full name of {short!r} has {size} characters; {LONGEST_NAME} is the most"
            raise PlaceError(process=scope.process, discipline=f"{path[:100]}...", detail=detail)
        found.append(full)
    return tuple(found)


def _unknown(variable: Variable, *, path: str, scope: Scope) -> UnknownNamespace:
    return UnknownNamespace(
        process=scope.process,
        discipline=path,
        namespace=variable.namespace,
        variable=variable.name,
        known=tuple(scope.namespaces) or ("none",),
    )
