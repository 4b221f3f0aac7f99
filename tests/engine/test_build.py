import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import (
    MISSING,
    BuildError,
    DeclarationMisfit,
    Discipline,
    InvalidReference,
    Place,
    PlaceError,
    Process,
    Reference,
    ReservedName,
    TwoProducers,
    TypeMisfit,
    UnitMisfit,
    UnknownNamespace,
    build,
)
from sostrades_api.engine.graph import ordered_components, sweep_order
from tests.engine.making import discipline, process


def nothing(_inputs):
    return {}


class Local(Discipline):
    """Doubles ``a``; both names are local."""

    DESC_IN = {"a": {"type": "float", "default": 1.0}}
    DESC_OUT = {"b": {"type": "float"}}

    def run(self, inputs):
        return {"b": 2 * inputs["a"]}


def test_a_local_variable_is_named_by_its_discipline_and_a_shared_one_by_its_namespace():
    maker = discipline({}, {"y": None}, nothing)
    plan = build(
        Process(
            "named",
            disciplines={"Climate.Carbon": Local, "Economy": Place(maker, namespaces={"ns": "Climate"})},
            namespaces={"ns": ""},
        )
    )
    assert "Climate.Carbon.a" in plan.variables
    assert plan.variables["Climate.y"].owner == "Economy"
    assert plan.variables["Climate.Carbon.a"].owner == "Climate.Carbon"
    assert plan.short_values("Climate.Carbon", {"Climate.Carbon.b": 2.0}) == {"a": 1.0, "b": 2.0}


def test_an_output_and_an_input_of_one_full_name_are_coupled():
    plan = build(
        process({"B": discipline({"y": None}, {}, nothing), "A": discipline({}, {"y": None}, nothing)})
    )
    found = plan.variables["y"]
    assert (found.io, found.owner, found.consumers, found.coupled) == ("out", "A", ("B",), True)
    assert plan.disciplines == ("A", "B")
    assert plan.loops == ()


def test_two_producers_of_a_name_are_named():
    maker = discipline({}, {"y": None}, nothing)
    with pytest.raises(TwoProducers) as caught:
        build(process({"A": maker, "B": maker}))
    assert (caught.value.variable, caught.value.first, caught.value.second) == ("y", "A", "B")


def test_types_that_do_not_fit_name_both_ends():
    with pytest.raises(TypeMisfit) as caught:
        build(
            process(
                {
                    "A": discipline({}, {"y": {"type": "array"}}, nothing),
                    "B": discipline(
                        {"y": {"type": "dict", "subtype_descriptor": {"dict": "int"}}}, {}, nothing
                    ),
                }
            )
        )
    assert (caught.value.first, caught.value.first_type) == ("A", "array")
    assert (caught.value.second, caught.value.second_type) == ("B", "dict of int")


def test_an_int_may_be_made_where_a_float_is_read_but_not_the_reverse():
    whole, real = {"y": {"type": "int"}}, {"y": {"type": "float"}}
    build(process({"A": discipline({}, whole, nothing), "B": discipline(real, {}, nothing)}))
    with pytest.raises(TypeMisfit):
        build(process({"A": discipline({}, real, nothing), "B": discipline(whole, {}, nothing)}))


def test_units_that_do_not_fit_name_both_ends():
    def built(made, read):
        return build(
            process(
                {
                    "A": discipline({}, {"y": {"type": "float", "unit": made}}, nothing),
                    "B": discipline({"y": {"type": "float", "unit": read}}, {}, nothing),
                }
            )
        )

    built("W/m2", "W/m^2")
    built("only we know", "only we know")
    built("m", None)
    for made, read in [("2005 USD", "2010 USD"), ("m", "kg"), ("only we know", "m")]:
        with pytest.raises(UnitMisfit) as caught:
            built(made, read)
        assert (caught.value.first_unit, caught.value.second_unit) == (made, read)


def test_units_of_shared_inputs_must_fit_though_the_first_reader_declares_none():
    def reader(unit):
        return discipline({"x": {"type": "float", "unit": unit, "namespace": "ns"}}, {}, nothing)

    def built(*units):
        names = [f"D{number}" for number in range(len(units))]
        readers = dict(zip(names, map(reader, units), strict=True))
        return build(Process("tested", disciplines=readers, namespaces={"ns": ""}))

    assert built(None, "m", "km").variables["x"].variable.unit == "m"
    with pytest.raises(UnitMisfit) as caught:
        built(None, "m", "kg")
    assert (caught.value.first, caught.value.second) == ("D1", "D2")


def test_columns_that_are_read_must_be_made():
    def frame(**columns):
        return {"y": {"type": "dataframe", "dataframe_descriptor": columns}}

    made = frame(years={"type": "int"}, gdp={"type": "float", "unit": "USD"})

    def built(read):
        return build(process({"A": discipline({}, made, nothing), "B": discipline(read, {}, nothing)}))

    built(frame(gdp={"type": "float", "unit": "USD"}, years={"type": "float"}))
    with pytest.raises(DeclarationMisfit, match="'B' reads column 'income', which 'A' does not declare"):
        built(frame(income={"type": "float"}))
    with pytest.raises(DeclarationMisfit, match="column 'gdp' is float in 'A' and string in 'B'"):
        built(frame(gdp={"type": "string"}))
    with pytest.raises(UnitMisfit, match="column 'gdp'"):
        built(frame(gdp={"type": "float", "unit": "EUR"}))


def test_a_missing_namespace_names_discipline_and_variable():
    with pytest.raises(UnknownNamespace) as caught:
        build(Process("tested", disciplines={"A": discipline({"x": None}, {}, nothing)}))
    assert (caught.value.discipline, caught.value.namespace, caught.value.variable) == ("A", "ns", "x")


@pytest.mark.parametrize("path", ["", "a..b", ".a", "a.", "a. b"])
def test_a_path_is_names_joined_by_dots(path):
    with pytest.raises(PlaceError):
        build(process({path: Local}))


def test_what_is_no_discipline_class_is_refused():
    with pytest.raises(PlaceError, match="no Discipline class"):
        build(process({"A": Local()}))
    with pytest.raises(PlaceError, match="at least one"):
        build(process({}))


def test_names_of_numerical_parameters_are_taken():
    with pytest.raises(ReservedName) as caught:
        build(process({"A": discipline({"tolerance": None}, {}, nothing)}))
    assert caught.value.discipline == "A"


def test_numerical_parameters_are_variables_of_the_study_with_the_process_own_defaults():
    plan = build(process({"A": Local}, numerical={"tolerance": 1e-3}))
    parameter = plan.variables["tolerance"]
    assert (parameter.owner, parameter.io, parameter.default) == ("", "in", 1e-3)
    assert parameter.variable.numerical
    assert plan.variables["residuals_history"].io == "out"
    with pytest.raises(BuildError, match="no numerical parameters"):
        build(process({"A": Local}, numerical={"tolerence": 1e-3}))
    with pytest.raises(BuildError, match="outside"):
        build(process({"A": Local}, numerical={"tolerance": -1.0}))


def test_consumers_of_one_input_agree_on_its_limits():
    wide = discipline({"x": {"type": "float", "range": [0, 10], "default": 2.0}}, {}, nothing)
    narrow = discipline({"x": {"type": "float", "range": [1, 20]}}, {}, nothing)
    variable = build(process({"A": wide, "B": narrow})).variables["x"].variable
    assert variable.range == (1.0, 10.0)
    assert variable.default == 2.0


def test_consumers_that_cannot_agree_are_both_named():
    def reading(**descriptor):
        return discipline({"x": {"type": "float", **descriptor}}, {}, nothing)

    with pytest.raises(DeclarationMisfit, match="different defaults") as caught:
        build(process({"A": reading(default=1.0), "B": reading(default=2.0)}))
    assert (caught.value.first, caught.value.second) == ("A", "B")
    with pytest.raises(DeclarationMisfit, match="no value satisfies"):
        build(process({"A": reading(range=[0, 1]), "B": reading(range=[2, 3])}))
    with pytest.raises(DeclarationMisfit, match="outside"):
        build(process({"A": reading(range=[0, 1]), "B": reading(default=3.0)}))


def test_a_wrong_reference_names_reference_and_variable():
    def built(values):
        return build(process({"A": Local}, references=(Reference("usual", values=values),)))

    built({"A.a": 3.0, "tolerance": 1e-4})
    for values in ({"A.z": 1.0}, {"A.a": "1"}, {"A.b": 1.0}):
        with pytest.raises(InvalidReference) as caught:
            built(values)
        assert caught.value.reference == "usual"
        assert caught.value.variable in values


def test_a_coupling_in_a_loop_keeps_its_consumers_default_as_initial_value():
    plan = build(
        process(
            {
                "A": discipline({"b": {"type": "float", "default": 0.5}}, {"a": None}, nothing),
                "B": discipline({"a": None}, {"b": None}, nothing),
            }
        )
    )
    assert plan.loops == (("A", "B"),)
    assert plan.variables["b"].default == 0.5
    assert plan.variables["a"].default is MISSING
    assert plan.variables["a"].in_loop


def test_a_sweep_starts_where_an_initial_value_is_known():
    plan = build(
        process(
            {
                "A": discipline({"c": None}, {"a": None}, nothing),
                "B": discipline({"a": {"type": "float", "default": 1.0}}, {"b": None}, nothing),
                "C": discipline({"b": None}, {"c": None}, nothing),
            }
        )
    )
    assert plan.loops == (("B", "C", "A"),)


graphs = st.integers(2, 9).flatmap(
    lambda size: st.tuples(
        st.just(size),
        st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=24, unique=True),
    )
)


@settings(deadline=None)
@given(graphs, st.randoms())
def test_components_come_before_those_that_need_them_whatever_the_order_of_edges(graph, random):
    size, edges = graph
    components = ordered_components(size, edges)
    at = {node: i for i, members in enumerate(components) for node in members}
    assert sorted(at) == list(range(size))
    assert all(at[before] <= at[then] for before, then in edges)
    random.shuffle(edges)
    assert ordered_components(size, edges) == components


@settings(deadline=None)
@given(graphs)
def test_a_sweep_holds_every_discipline_once(graph):
    size, edges = graph
    order = sweep_order(range(size), {edge: (1, i % 2) for i, edge in enumerate(edges)})
    assert sorted(order) == list(range(size))


def test_a_ring_is_swept_with_a_single_feedback():
    size = 50
    ring = {(i, (i + 1) % size): (1, 0) for i in range(size)}
    at = {node: i for i, node in enumerate(sweep_order(range(size), ring))}
    assert sum(at[before] > at[then] for before, then in ring) == 1
