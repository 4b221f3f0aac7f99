"""A discipline compiled into a plan: its run, and where its inputs and outputs lie among the slots."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

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
from sostrades_api.engine.outputs import BadOutput, NotANumber, checker_of, has_limits
from sostrades_api.engine.protection import hand_out
from sostrades_api.engine.value_types import VariableType
from sostrades_api.engine.variable import Variable


class Node:
    """One discipline of a plan; ``index`` is its place in the order of execution."""

    __slots__ = (
        "_checks",
        "_expected",
        "_get",
        "_handed_out",
        "_limited",
        "_run",
        "discipline",
        "in_names",
        "in_slots",
        "index",
        "out_names",
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
        slots: tuple[Sequence[int], Sequence[int]],
    ) -> None:
        self.path = path
        self.index = index
        self.discipline = discipline
        self.in_names = tuple(discipline.inputs)
        self.out_names = tuple(discipline.outputs)
        self.in_slots, self.out_slots = tuple(slots[0]), tuple(slots[1])
        self.started = DisciplineStarted(path, index, total)
        self._run = discipline.run
        self._get = _getter(self.in_slots)
        self._handed_out = tuple(
            name
            for name, variable in discipline.inputs.items()
            if variable.value_type.holds(VariableType.DATAFRAME)
        )
        self._checks = tuple((name, checker_of(variable)) for name, variable in discipline.outputs.items())
        self._expected = discipline.outputs.keys()
        self._limited = tuple(
            (slot, name, variable)
            for slot, (name, variable) in zip(self.out_slots, discipline.outputs.items(), strict=True)
            if has_limits(variable)
        )

    def compute(self, values: Sequence[Any]) -> list[Any]:
        """The checked and frozen outputs, in the order of ``out_slots``, of the inputs among the values."""
        inputs = dict(zip(self.in_names, self._get(values), strict=True))
        for name in self._handed_out:
            inputs[name] = hand_out(inputs[name])
        try:
            outputs = self._run(inputs)
        except SystemExit as error:
            raise DisciplineExited(discipline=self.path, error=repr(error)) from error
        except Exception as error:
            raise DisciplineRaised(discipline=self.path, error=f"{type(error).__name__}: {error}") from error
        if not isinstance(outputs, Mapping) or outputs.keys() != self._expected:
            self._wrong_names(outputs)
        name = ""
        try:
            return [check(outputs[name]) for name, check in self._checks]
        except BadOutput:
            raise self._wrong_value(outputs) from None

    def check_limits(self, values: Sequence[Any]) -> None:
        """Check declared ranges and possible values of the outputs, once they are final."""
        for slot, name, variable in self._limited:
            try:
                variable.check(values[slot])
            except InvalidValue as error:
                raise InvalidOutput(discipline=self.path, variable=name, detail=str(error)) from None

    def _wrong_value(self, outputs: Mapping[str, Any]) -> InvalidOutput:
        for name, check in self._checks:
            try:
                check(outputs[name])
            except NotANumber as error:
                return NotFinite(discipline=self.path, variable=name, detail=str(error))
            except BadOutput as error:
                return InvalidOutput(discipline=self.path, variable=name, detail=str(error))
        msg = "an output failed its check only the first time"
        raise AssertionError(msg)

    def _wrong_names(self, outputs: Any) -> None:
        if not isinstance(outputs, Mapping):
            got = type(outputs).__name__
            raise InvalidOutput(
                discipline=self.path, variable="", detail=f"run must return a dict, not {got}"
            )
        for name in outputs:
            if name not in self._expected:
                near = difflib.get_close_matches(str(name), self.out_names, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise UndeclaredOutput(discipline=self.path, variable=str(name), hint=hint)
        for name in self.out_names:
            if name not in outputs:
                raise MissingOutput(discipline=self.path, variable=name)

    def variable_in(self, name: str) -> Variable:
        """The declaration of one input."""
        return self.discipline.inputs[name]


def _getter(slots: tuple[int, ...]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    if len(slots) > 1:
        return itemgetter(*slots)
    if slots:
        only = slots[0]
        return lambda values: (values[only],)
    return lambda _values: ()
