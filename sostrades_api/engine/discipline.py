"""A discipline: declared inputs and outputs, and a pure function between them."""

from collections.abc import Mapping, Sequence
from time import time
from typing import Any, ClassVar

from sostrades_api.charts import Chart, ChartFilter, Figure, Table
from sostrades_api.engine.descriptor import parse_descriptors
from sostrades_api.engine.errors import SettingsError
from sostrades_api.engine.structure import NOTHING_DECLARED, Declared
from sostrades_api.engine.variable import Variable


class Discipline:
    """Base of every model; a subclass declares DESC_IN and DESC_OUT and writes ``run``.

    The descriptors are read when the class is made: a wrong one raises ``DescriptorError`` there.
    """

    LABEL: ClassVar[str] = ""
    VERSION: ClassVar[str] = "1"
    DETERMINISTIC: ClassVar[bool] = True  # false: never re-used, always run again
    MAX_SECONDS: ClassVar[float | None] = None  # of one run; one that takes longer fails the execution
    DATA_FILES: ClassVar[Sequence[str]] = ()  # what it reads beside its inputs, relative to its own file
    DESC_IN: ClassVar[Mapping[str, Any]] = {}
    DESC_OUT: ClassVar[Mapping[str, Any]] = {}
    COMPLEX_SAFE: ClassVar[bool] = False
    """Whether ``run`` computes as well with complex numbers: no abs, max, math module or comparisons."""

    inputs: ClassVar[Mapping[str, Variable]] = {}
    outputs: ClassVar[Mapping[str, Variable]] = {}
    made_at: ClassVar[float] = 0.0  # seconds since 1970; its source was read before

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.made_at = time()
        cls.inputs = parse_descriptors(cls.DESC_IN, owner=cls.__name__, side="DESC_IN")
        cls.outputs = parse_descriptors(cls.DESC_OUT, owner=cls.__name__, side="DESC_OUT")
        limit = cls.MAX_SECONDS
        if limit is not None and (type(limit) not in (int, float) or not limit > 0):
            detail = f"MAX_SECONDS of {cls.__name__} is a number of seconds above 0, not {limit!r}"
            raise SettingsError(detail=detail)

    def structure(self, values: Mapping[str, Any]) -> Declared:  # noqa: ARG002 - for those who override
        """The inputs, outputs and defaults to add for these values of the structuring inputs.

        ``values`` holds every structuring input of DESC_IN, and those that ``structure`` itself declared,
        once they have a value (``values.get``). It is called again until nothing changes, and must depend
        on nothing else.
        """
        return NOTHING_DECLARED

    def check_inputs(
        self,
        inputs: Mapping[str, Any],  # noqa: ARG002 - for those who override
    ) -> Mapping[str, str | Sequence[str]] | None:
        """What is wrong with inputs that each are right alone: ``{short name: what, and what to do}``.

        Called before anything runs; what it finds fails the execution. ``inputs`` are those of ``run``, but
        what another discipline makes is not there yet.
        """
        return {}

    def run(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The outputs, by short name, of the inputs, by short name; inputs are read-only."""
        raise NotImplementedError

    def jacobian(self, inputs: Mapping[str, Any]) -> Mapping[tuple[Any, Any], Any]:
        """The derivatives of the outputs at these inputs, ``{(output, input): entry}``; left out is zero.

        An output or input is a short name, or ``(short name, column or key)`` for a column of a table or a
        key of a dict. An entry of m numbers by n is a scalar (for m = n a multiple of the identity), a 1-D
        array (the only row or column, or the diagonal for m = n), a 2-D array or a SciPy sparse array, m by
        n.

        A discipline that does not override this is differentiated by complex step (``COMPLEX_SAFE``) or by
        finite differences.
        """
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
