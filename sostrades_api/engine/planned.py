"""The variables of a plan as they are shown: each is put together when somebody asks for it.

An execution needs none of them, and of 100,000 disciplines they would take half of the time of a build.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from sostrades_api.engine.variable import Variable


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class PlanVariable:
    """A variable of a plan.

    Attributes:
        name: full name relative to the study.
        variable: its declaration; for a shared input, what all its consumers agree on.
        io: "in" when users give it, "out" when a discipline makes it.
        owner: path of the discipline that makes it; for an input, of its discipline or its namespace's node.
        consumers: paths of the disciplines that read it.
        coupled: made by one discipline and read by another.
        in_loop: made and read within one loop; a value given for it is where the loop starts.
        default: the value taken when none is given, ``MISSING`` if there is none; of a loop's coupling, the
            value to start from.
    """

    name: str
    variable: Variable
    io: Literal["in", "out"]
    owner: str
    consumers: tuple[str, ...]
    coupled: bool
    in_loop: bool
    default: Any


class PlanVariables(Mapping[str, PlanVariable]):
    """All variables of a plan by full name, in order of their slots; one that was asked for stays the same.

    Attributes:
        slots: by full name.
        declared: by slot, what all who declare it agree on.
        in_loop: slots that are made and read within one loop.
        outputs: by slot, whether it is made.
    """

    def __init__(
        self,
        *,
        parameters: Mapping[str, PlanVariable],
        slots: Mapping[str, int],
        declared: Sequence[Variable],
        paths: Sequence[str],
        makers: np.ndarray,
        starts: np.ndarray,
        readers: np.ndarray,
        in_loop: Collection[int],
    ) -> None:
        """Take what is known by slot.

        Args:
            parameters: the numerical ones, which come first.
            slots: by full name.
            declared: by slot, what all who declare it agree on.
            paths: of disciplines by rank.
            makers: by slot, the rank of who makes it, or -1.
            starts: by slot, where its readers begin, and one more.
            readers: their ranks, slot after slot.
            in_loop: slots that are made and read within one loop.
        """
        self.slots, self.declared, self.in_loop = slots, declared, in_loop
        self.outputs = makers >= 0
        for slot, parameter in enumerate(parameters.values()):
            self.outputs[slot] = parameter.io == "out"
        self._paths, self._makers = paths, makers.astype(np.int32)
        self._starts, self._readers = starts.astype(np.int32), readers.astype(np.int32)
        self._known = dict(parameters)

    def __getitem__(self, name: str) -> PlanVariable:
        known = self._known.get(name)
        if known is None:
            known = self._known.setdefault(name, self._put_together(name, self.slots[name]))
        return known

    def __contains__(self, name: object) -> bool:
        return name in self.slots

    def __iter__(self) -> Iterator[str]:
        return iter(self.slots)

    def __len__(self) -> int:
        return len(self.slots)

    def _put_together(self, name: str, slot: int) -> PlanVariable:
        readers: list[int] = self._readers[self._starts[slot] : self._starts[slot + 1]].tolist()
        maker, paths, variable = int(self._makers[slot]), self._paths, self.declared[slot]
        if maker < 0:
            readers.sort()  # ranks are in order of paths; users see no order of declaration
        return PlanVariable(
            name=name,
            variable=variable,
            io="in" if maker < 0 else "out",
            owner=name.rpartition(".")[0] if maker < 0 else paths[maker],
            consumers=tuple([paths[rank] for rank in readers]),
            coupled=maker >= 0 and bool(readers),
            in_loop=slot in self.in_loop,
            default=variable.default,
        )
