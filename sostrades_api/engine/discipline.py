"""A discipline: declared inputs and outputs, and a pure function between them."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sostrades_api.charts import Chart, ChartFilter, Figure, Table
from sostrades_api.engine.descriptor import parse_descriptors
from sostrades_api.engine.variable import Variable


class Discipline:
    """Base of every model; a subclass declares DESC_IN and DESC_OUT and writes ``run``.

    The descriptors are read when the class is made: a wrong one raises ``DescriptorError`` there.
    """

    LABEL: ClassVar[str] = ""
    VERSION: ClassVar[str] = "1"
    DESC_IN: ClassVar[Mapping[str, Any]] = {}
    DESC_OUT: ClassVar[Mapping[str, Any]] = {}

    inputs: ClassVar[Mapping[str, Variable]] = {}
    outputs: ClassVar[Mapping[str, Variable]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.inputs = parse_descriptors(cls.DESC_IN, owner=cls.__name__, side="DESC_IN")
        cls.outputs = parse_descriptors(cls.DESC_OUT, owner=cls.__name__, side="DESC_OUT")

    def run(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The outputs, by short name, of the inputs, by short name; inputs are read-only."""
        raise NotImplementedError

    def chart_filters(self, values: Mapping[str, Any]) -> Sequence[ChartFilter]:  # noqa: ARG002
        """The choices a reader has before the charts are drawn; values are inputs and outputs."""
        return ()

    def charts(
        self,
        values: Mapping[str, Any],  # noqa: ARG002 - for those who override
        selection: Mapping[str, tuple[str, ...]],  # noqa: ARG002
    ) -> Sequence[Chart | Table | Figure]:
        """The pictures of these values, for the choices made."""
        return ()

    @classmethod
    def label(cls) -> str:
        """The name readers see."""
        return cls.LABEL or cls.__name__
