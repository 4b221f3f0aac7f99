"""A value store that takes nothing is told to clients as what it is: try again."""

import errno

from sostrades_api.models import StudyParameter


def test_an_edit_while_the_disk_is_full_is_answered_with_503_and_changes_nothing(
    client, make_key, make_group, make_study, bearer, session, monkeypatch, installed_test_processes
):
    def full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    group = make_group()
    study = make_study(group, process_name="test_storm")
    update = {"variableId": f"{study.name}.weights", "newValue": [0.1] * 2000}
    path, headers = f"/api/v0/study-case/{study.id}/parameters", bearer(make_key(group))
    with monkeypatch.context() as disk:
        disk.setattr("sostrades_api.storage.blobs.os.fsync", full)
        answer = client.post(path, json=update, headers=headers)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "No space left on device" in answer.json["detail"]
    session.rollback()
    assert session.query(StudyParameter).filter_by(study_case_id=study.id).count() == 0
    assert client.post(path, json=update, headers=headers).status_code == 200
