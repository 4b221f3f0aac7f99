import math

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import (
    Discipline,
    DisciplineExited,
    DisciplineRaised,
    ExecutionStopped,
    InvalidInputs,
    InvalidOutput,
    MissingInputs,
    MissingOutput,
    NotFinite,
    Observer,
    PlaceError,
    Process,
    UndeclaredOutput,
    build,
    run,
)
from tests.engine.making import discipline, process

X = {"x": {"type": "float", "default": 1.0}}


def made(descriptor, value):
    """Run one discipline "Model" whose only output is ``y``."""
    return run(process({"Model": discipline(X, {"y": descriptor}, lambda _inputs: {"y": value})})).values["y"]


def test_values_flow_from_defaults_and_users_to_outputs():
    plan = build(
        process(
            {
                "Second": discipline({"y": None}, {"z": None}, lambda i: {"z": i["y"] + 1}),
                "First": discipline(X, {"y": None}, lambda i: {"y": 2 * i["x"]}),
            }
        )
    )
    assert plan.execute().values["z"] == 3.0
    result = plan.execute({"x": 5})
    assert (result.values["y"], result.values["z"]) == (10.0, 11.0)
    assert result.converged
    assert list(result.seconds) == ["First", "Second"]
    assert result.runs == {"First": 1, "Second": 1}
    assert set(result.values) == {"y", "z", "residuals_history"}


def test_every_missing_input_is_named_at_once():
    with pytest.raises(MissingInputs) as caught:
        run(process({"Model": discipline({"a": None, "b": None}, {}, lambda _i: {})}))
    assert caught.value.variables == ("a", "b")


def test_an_optional_input_without_value_is_none():
    optional = discipline(
        {"a": {"type": "float", "optional": True}}, {"y": None}, lambda i: {"y": 1.0 * (i["a"] is None)}
    )
    assert run(process({"Model": optional})).values["y"] == 1.0


def test_every_wrong_value_is_named_at_once():
    model = discipline({**X, "n": {"type": "int", "default": 1}}, {"y": None}, lambda _i: {"y": 1.0})
    with pytest.raises(InvalidInputs) as caught:
        run(process({"Model": model}), {"x": "1", "n": 2, "nowhere": 1, "y": 3.0})
    assert set(caught.value.faults) == {"x", "nowhere", "y"}
    assert "computed by 'Model'" in caught.value.faults["y"][0]


def test_an_exception_of_a_discipline_names_it_and_keeps_the_cause():
    def fail(_inputs):
        return {"y": {}["gdp"]}

    with pytest.raises(DisciplineRaised) as caught:
        run(process({"Model": discipline(X, {"y": None}, fail)}))
    assert caught.value.discipline == "Model"
    assert caught.value.error == "KeyError: 'gdp'"
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_discipline_that_calls_exit_does_not_end_the_program():
    def leave(_inputs):
        raise SystemExit(3)

    with pytest.raises(DisciplineExited) as caught:
        run(process({"Model": discipline(X, {"y": None}, leave)}))
    assert caught.value.discipline == "Model"


def test_an_interrupt_of_the_user_is_let_through():
    def interrupt(_inputs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(process({"Model": discipline(X, {"y": None}, interrupt)}))


@pytest.mark.parametrize(
    ("outputs", "error", "variable"),
    [
        ({}, MissingOutput, "y"),
        ({"y": 1.0, "z": 2.0}, UndeclaredOutput, "z"),
        ({"yy": 1.0}, UndeclaredOutput, "yy"),
        (None, InvalidOutput, ""),
        ([1.0], InvalidOutput, ""),
    ],
)
def test_outputs_must_be_exactly_those_declared(outputs, error, variable):
    with pytest.raises(error) as caught:
        run(process({"Model": discipline(X, {"y": None}, lambda _inputs: outputs)}))
    assert (caught.value.discipline, caught.value.variable) == ("Model", variable)


FRAME = {"type": "dataframe", "dataframe_descriptor": {"years": {"type": "int"}, "gdp": {"type": "float"}}}
FLOATS = {"type": "dataframe", "dataframe_descriptor": {"a": {"type": "float"}, "b": {"type": "float"}}}


@pytest.mark.parametrize(
    ("descriptor", "value", "detail"),
    [
        ({"type": "float"}, "1.0", "must be a float, not str"),
        ({"type": "float"}, True, "must be a float, not bool"),
        ({"type": "float"}, np.array([1.0]), "must be a float, not ndarray"),
        ({"type": "float"}, None, "must be a float, not NoneType"),
        ({"type": "int"}, 1.0, "must be an int, not float"),
        ({"type": "string"}, 1, "must be a string, not int"),
        ({"type": "bool"}, 1, "must be a bool, not int"),
        ({"type": "array"}, [1.0], "must be a numpy array, not list"),
        ({"type": "array"}, np.array(["a"]), "must be an array of numbers"),
        ({"type": "list"}, 1.0, "must be a list, not float"),
        ({"type": "list", "subtype_descriptor": {"list": "float"}}, [1.0, "a"], "element 1: must be a float"),
        (
            {"type": "dict", "subtype_descriptor": {"dict": "array"}},
            {"k": 1.0},
            "key 'k': must be a numpy array",
        ),
        ({"type": "dict"}, {1: 1.0}, "key 1 must be text"),
        ({"type": "dict"}, {"k": object()}, "key 'k': must be a value this platform can store"),
        (FRAME, {"years": [1]}, "must be a DataFrame, not dict"),
        (FRAME, pd.DataFrame({"years": [1]}), "missing: gdp, not declared: none"),
        (FRAME, pd.DataFrame({"years": [1], "gdp": [1.0], "x": [1]}), "missing: none, not declared: x"),
        (FRAME, pd.DataFrame({"years": [1.5], "gdp": [1.0]}), "column 'years' must hold int values"),
        (FRAME, pd.DataFrame({"years": [1], "gdp": ["a"]}), "column 'gdp' must hold float values"),
        (FRAME, pd.DataFrame({"gdp": [1.0]}, index=pd.Index([2020], name="years")), "missing: years"),
        (FLOATS, pd.DataFrame({"a": [1.0], "b": [2.0]}, index=[5]), "has an index of its own"),
        (FLOATS, pd.DataFrame({"a": [1.0], "b": ["x"]}), "column 'b' must hold float values"),
        ({"type": "float", "range": [0, 1]}, 2.0, "2.0 is outside [0, 1]"),
        ({"type": "string", "possible_values": ["a"]}, "b", "'b' is not one of 'a'"),
    ],
)
def test_an_output_of_the_wrong_kind_names_discipline_variable_and_what_it_must_be(descriptor, value, detail):
    with pytest.raises(InvalidOutput) as caught:
        made(descriptor, value)
    assert (caught.value.discipline, caught.value.variable) == ("Model", "y")
    assert detail in caught.value.detail


@pytest.mark.parametrize(
    ("descriptor", "value", "detail"),
    [
        ({"type": "float"}, math.nan, "it is nan"),
        ({"type": "float"}, np.float64("inf"), "it is inf"),
        ({"type": "array"}, np.array([[1.0, 2.0], [3.0, -math.inf]]), "element [1, 1] is -inf"),
        ({"type": "list"}, [1.0, math.nan], "element 1: it is nan"),
        ({"type": "dict"}, {"a": {"b": math.inf}}, "key 'a': key 'b': it is inf"),
        (FRAME, pd.DataFrame({"years": [1, 2], "gdp": [1.0, math.nan]}), "column 'gdp', row 2 is nan"),
        (FLOATS, pd.DataFrame({"a": [1.0], "b": [math.inf]}), "column 'b', row 1 is inf"),
        ({"type": "dataframe"}, pd.DataFrame({"k": ["a"], "v": [math.nan]}), "column 'v', row 1 is nan"),
    ],
)
def test_a_number_that_is_not_finite_names_discipline_variable_and_place(descriptor, value, detail):
    with pytest.raises(NotFinite) as caught:
        made(descriptor, value)
    assert (caught.value.discipline, caught.value.variable) == ("Model", "y")
    assert caught.value.detail == detail


def test_an_optional_output_may_be_missing_in_part_or_whole():
    assert math.isnan(made({"type": "float", "optional": True}, math.nan))
    assert made({"type": "array", "optional": True}, None) is None


def test_outputs_become_plain_values_with_columns_in_declared_order():
    assert type(made({"type": "float"}, np.float64(2))) is float
    assert made({"type": "int"}, np.int32(2)) == 2
    assert type(made({"type": "list"}, (1, 2))) is list
    shuffled = made(FRAME, pd.DataFrame({"gdp": [1.0], "years": [2020]}))
    assert list(shuffled.columns) == ["years", "gdp"]


def test_an_observer_sees_every_discipline_in_order():
    seen = []

    class Recorder(Observer):
        def on_execution_started(self, event):
            seen.append(("started", event.total))

        def on_discipline_started(self, event):
            seen.append((event.path, event.index, event.total))

        def on_discipline_ended(self, event):
            seen.append((event.path, "ended", event.seconds >= 0))

        def on_execution_ended(self, event):
            seen.append(("ended", event.converged))

    chain = process(
        {
            "B": discipline({"y": None}, {"z": None}, lambda i: {"z": i["y"]}),
            "A": discipline(X, {"y": None}, lambda i: {"y": i["x"]}),
        }
    )
    run(chain, observer=Recorder())
    assert seen == [
        ("started", 2),
        ("A", 0, 2),
        ("A", "ended", True),
        ("B", 1, 2),
        ("B", "ended", True),
        ("ended", True),
    ]


def test_an_observer_is_told_which_discipline_failed():
    seen = []

    class Recorder(Observer):
        def on_discipline_failed(self, event):
            seen.append((event.path, type(event.error)))

    with pytest.raises(NotFinite):
        run(
            process({"Model": discipline(X, {"y": None}, lambda _i: {"y": math.inf})}),
            observer=Recorder(),
        )
    assert seen == [("Model", NotFinite)]


def test_a_request_to_stop_is_seen_before_the_next_discipline():
    ran = []

    def noting(name):
        return lambda i: ran.append(name) or {name.lower(): 1.0}

    chain = build(
        process(
            {
                "A": discipline(X, {"a": None}, noting("A")),
                "B": discipline({"a": None}, {"b": None}, noting("B")),
            }
        )
    )
    with pytest.raises(ExecutionStopped) as caught:
        chain.execute(should_stop=lambda: bool(ran))
    assert ran == ["A"]
    assert caught.value.before == "B"


def test_executing_twice_gives_the_same_and_a_failure_leaves_nothing_behind():
    plan = build(process({"Model": discipline(X, {"y": None}, lambda i: {"y": 1 / i["x"]})}))
    with pytest.raises(DisciplineRaised):
        plan.execute({"x": 0.0})
    assert plan.execute({"x": 2.0}).values["y"] == 0.5
    assert plan.execute().values["y"] == 1.0


def test_tables_of_text_and_lists_are_checked_cell_by_cell():
    texts = {"type": "dataframe", "dataframe_descriptor": {"s": {"type": "string"}, "l": {"type": "list"}}}
    right = pd.DataFrame({"s": pd.Series(["a", "b"], dtype=object), "l": [[1], [2]]})
    assert made(texts, right)["l"].tolist() == [[1], [2]]
    with pytest.raises(InvalidOutput, match="column 's' must hold string values, not mixed"):
        made(texts, right.assign(s=pd.Series(["a", 1], dtype=object)))


def test_a_table_numbered_by_an_ordinary_index_is_taken_and_twice_named_columns_are_not():
    numbered = pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, 2.0]}, index=pd.Index([0, 1]))
    assert type(made(FLOATS, numbered).index) is pd.RangeIndex
    twice = pd.concat([numbered[["a"]], numbered[["a"]]], axis=1)
    with pytest.raises(InvalidOutput, match="different texts"):
        made({"type": "dataframe"}, twice)
    with pytest.raises(InvalidOutput, match="columns must be a, b"):
        made(FLOATS, twice)


def test_outputs_may_come_in_any_mapping_and_optional_lists_may_hold_none():
    class Other(dict):
        """A mapping that is not exactly a dict."""

    model = discipline(X, {"y": {"type": "list", "optional": True}}, lambda _i: Other(y=[None, 1]))
    assert run(process({"Model": model})).values["y"] == [None, 1]


def test_a_process_must_be_able_to_make_its_disciplines():
    model = discipline(X, {"y": None}, lambda _i: {"y": 1.0})

    def broken(self):
        raise OSError("no data file")

    model.__init__ = broken
    with pytest.raises(PlaceError, match="no data file"):
        build(process({"Model": model}))


def test_a_discipline_that_says_nothing_has_its_class_name_no_charts_and_no_run():
    class Silent(Discipline):
        """Declares nothing."""

    assert Silent.label() == "Silent"
    assert Silent().charts({}, {}) == ()
    assert Silent().chart_filters({}) == ()
    with pytest.raises(DisciplineRaised, match="NotImplementedError"):
        run(Process("silent", disciplines={"A": Silent}))


def test_a_result_is_one_line_and_its_values_show_themselves():
    result = run(process({"Model": discipline(X, {"y": None}, lambda _i: {"y": 1.0})}))
    assert "'y': 1.0" in repr(result.values)
    assert repr(result).startswith("<ExecutionResult: converged, 1 discipline in ")
    assert "values: y, " in repr(result)


def test_numbers_of_pandas_own_dtypes_are_refused_as_they_may_hide_missing_ones():
    nullable = pd.DataFrame({"a": pd.array([1.0, None], dtype="Float64"), "b": [1.0, 2.0]})
    with pytest.raises(InvalidOutput, match="column 'a' must hold float values, not Float64"):
        made(FLOATS, nullable)
    with pytest.raises(InvalidOutput, match="Int64"):
        made({"type": "dataframe"}, pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}))


def test_a_whole_number_that_cannot_be_stored_is_refused():
    with pytest.raises(InvalidOutput, match="does not fit 64 bits"):
        made({"type": "int"}, 2**63)


def test_a_model_may_have_attributes_called_inputs_and_outputs():
    model = discipline(X, {"y": None}, lambda i: {"y": i["x"]})

    def with_attributes(self):
        self.inputs = self.outputs = None

    model.__init__ = with_attributes
    assert run(process({"Model": model})).values["y"] == 1.0
