"""What clients are told of a process that cannot be used."""

import pytest

from sostrades_api.errors import StudyNotLoadableError
from sostrades_api.processes import catalogue
from sostrades_api.services.study_plan import study_plan


def test_why_a_process_cannot_be_used_is_said_without_the_platforms_paths(monkeypatch):
    reason = "ImportError: cannot import name 'x' from 'model' (/srv/platform/site-packages/model.py)"

    def broken(name: str):
        raise catalogue.BrokenProcess(name, reason)

    monkeypatch.setattr(catalogue, "plan_of", broken)
    with pytest.raises(StudyNotLoadableError, match="cannot import name 'x' from 'model'") as caught:
        study_plan("model")
    assert "/srv" not in caught.value.detail
