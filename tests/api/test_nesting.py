"""JSON without a bottom."""

import pytest

pytestmark = pytest.mark.database("sqlite")


@pytest.mark.parametrize(("depth", "status"), [(33, 400), (100_000, 400), (3, 422)])
def test_a_body_nested_too_deeply_is_refused_before_it_is_read(
    client, bearer, accounts, studies, depth, status
):
    user = accounts.user("alice", groups=(accounts.group("team"),))
    study = studies.study(user.groups[0])
    body = "[" * depth + "]" * depth
    headers = {**bearer(accounts.key(user)), "Content-Type": "application/json"}
    answer = client.post(f"/api/v0/study-case/{study.id}/copy", data=body, headers=headers)
    assert answer.status_code == status
    if status == 400 and depth < 1000:
        assert "nested deeper than 32 levels" in answer.json["detail"]
