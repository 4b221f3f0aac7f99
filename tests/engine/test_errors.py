import inspect
import pickle
import string

import pytest

from sostrades_api.engine import (
    CouplingNotConverged,
    EngineError,
    InvalidInputs,
    InvalidValue,
    SettingsError,
    errors,
)
from sostrades_api.engine.solvers.gauss_seidel import GaussSeidelSettings
from sostrades_api.engine.solvers.jacobi import JacobiSettings

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, EngineError)]


def annotations_of(cls):
    return {name for base in cls.__mro__ for name in inspect.get_annotations(base)}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_message_of_an_error_names_only_data_that_it_carries(cls):
    named = {name for _, name, _, _ in string.Formatter().parse(cls.__doc__) if name}
    assert named <= annotations_of(cls) | {"detail"}


def test_an_error_carries_its_data_and_survives_a_pickle():
    error = CouplingNotConverged(
        residual=0.5, iterations=7, tolerance=1e-9, disciplines=("A", "B"), variable="y", history=()
    )
    again = pickle.loads(pickle.dumps(error))
    assert (again.residual, again.iterations, again.disciplines) == (0.5, 7, ("A", "B"))
    assert str(again) == str(error)
    assert "loop of A, B did not converge: residual 0.5 after 7 iterations" in str(error)


def test_braces_in_what_a_model_says_do_no_harm():
    assert "{x}" in str(InvalidValue(["{x} is wrong {0}"]))
    assert "{y}" in str(InvalidInputs({"{y}": ["no {z}"]}))
    assert pickle.loads(pickle.dumps(InvalidInputs({"a": ["b"]}))).faults == {"a": ("b",)}


@pytest.mark.parametrize("settings", [GaussSeidelSettings, JacobiSettings])
def test_settings_reject_what_they_do_not_know_and_cannot_be_changed(settings):
    with pytest.raises(SettingsError, match="did you mean 'tolerance'"):
        settings.of({"tolerence": 1e-3})
    with pytest.raises(SettingsError, match="relaxation_factor"):
        settings.of({"relaxation_factor": 2.0})
    with pytest.raises(AttributeError):
        settings.of({"tolerance": 1e-3}).tolerance = 1.0
