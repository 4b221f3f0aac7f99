"""A discipline compiled into a plan: its run, and where its inputs and outputs lie among the slots."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.errors import (
    DisciplineExited,
    DisciplineRaised,
    InvalidOutput,
    InvalidValue,
    MissingOutput,
    NotFinite,
    UndeclaredOutput,
)
from sostrades_api.engine.observer import DisciplineStarted
from sostrades_api.engine.output_faults import NotFiniteError, OutputFaultError
from sostrades_api.engine.outputs import checker_of, finite_float, has_limits
from sostrades_api.engine.protection import hand_out, own_arrays
from sostrades_api.engine.value_types import VariableType


class Node:
    """One discipline of a plan; ``index`` is its place in the order of execution."""

    __slots__ = (
        "_arrays",
        "_handed_out",
        "_inputs",
        "_outputs",
        "_run",
        "discipline",
        "in_slots",
        "index",
        "limited",
        "out_slots",
        "path",
        "started",
    )

    def __init__(
        self,
        path: str,
        *,
        index: int,
        total: int,
        discipline: Discipline,
        in_slots: Sequence[int],
        out_slots: Sequence[int],
    ) -> None:
        self.path = path
        self.index = index
        self.discipline = discipline
        self.in_slots, self.out_slots = tuple(in_slots), tuple(out_slots)
        self.started = DisciplineStarted(path, index, total)
        self._run = discipline.run
        declared = type(discipline)  # an object may have attributes of the same names
        self._inputs = tuple(zip(declared.inputs, self.in_slots, strict=True))
        self._handed_out = tuple(
            name
            for name, variable in declared.inputs.items()
            if variable.value_type.holds(VariableType.DATAFRAME)
        )
        made = tuple(zip(declared.outputs.items(), self.out_slots, strict=True))
        self._outputs = tuple((name, slot, checker_of(variable)) for (name, variable), slot in made)
        self._arrays = tuple(
            name
            for name, variable in declared.outputs.items()
            if variable.value_type.kind is VariableType.ARRAY
        )
        self.limited = tuple(
            (name, slot, variable) for (name, variable), slot in made if has_limits(variable)
        )

    def compute(self, values: Sequence[Any], target: list[Any]) -> None:
        """Read the inputs among ``values``, put the outputs, checked and frozen, into ``target``.

        Raises:
            DisciplineError: a subclass says what the discipline did wrong.
        """
        inputs = {}
        for name, slot in self._inputs:
            inputs[name] = values[slot]
        for name in self._handed_out:
            inputs[name] = hand_out(inputs[name])
        try:
            outputs = self._run(inputs)
        except SystemExit as error:
            raise DisciplineExited(discipline=self.path, error=repr(error)) from error
        except Exception as error:
            raise DisciplineRaised(discipline=self.path, error=_described(error)) from error
        if type(outputs) is not dict or len(outputs) != len(self._outputs):
            outputs = self._as_dict(outputs)
        if self._arrays:
            outputs = own_arrays(outputs, self._arrays)
        for name, slot, check in self._outputs:
            try:
                value = outputs[name]
            except KeyError:
                self._wrong_names(outputs)
            # a finite float, by far the most frequent output, needs no call
            if type(value) is not float or check is not None or value - value != 0.0:
                value = self._checked(name, check, value)
            target[slot] = value

    def check_limits(self, values: Sequence[Any]) -> None:
        """Check declared ranges and possible values of the outputs, once they are final."""
        for name, slot, variable in self.limited:
            try:
                variable.check(values[slot])
            except InvalidValue as error:
                raise InvalidOutput(discipline=self.path, variable=name, detail=str(error)) from None

    def _checked(self, name: str, check: Any, value: Any) -> Any:
        try:
            return (check or finite_float)(value)
        except NotFiniteError as error:
            raise NotFinite(discipline=self.path, variable=name, detail=str(error)) from None
        except OutputFaultError as error:
            raise InvalidOutput(discipline=self.path, variable=name, detail=str(error)) from None

    def _as_dict(self, outputs: Any) -> dict[str, Any]:
        if not isinstance(outputs, Mapping):
            detail = f"run must return a dict of outputs, not {type(outputs).__name__}"
            raise InvalidOutput(discipline=self.path, variable="", detail=detail)
        if len(outputs) != len(self._outputs):
            self._wrong_names(outputs)
        return dict(outputs)

    def _wrong_names(self, outputs: Mapping[str, Any]) -> NoReturn:
        declared = [name for name, _, _ in self._outputs]
        for name in outputs:
            if name not in declared:
                near = difflib.get_close_matches(str(name), declared, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise UndeclaredOutput(discipline=self.path, variable=str(name), hint=hint)
        missing = next(name for name in declared if name not in outputs)
        raise MissingOutput(discipline=self.path, variable=missing)


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
