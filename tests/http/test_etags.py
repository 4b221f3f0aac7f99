"""Entity tags: what a caller has, and what a change is meant for."""

import pytest
from flask import Flask

from sostrades_api.errors import PreconditionFailedError
from sostrades_api.http.etags import if_match_revisions, study_etag

app = Flask(__name__)


def revisions_of(header):
    headers = {} if header is None else {"If-Match": header}
    with app.test_request_context(headers=headers):
        return if_match_revisions()


@pytest.mark.parametrize(
    ("header", "revisions"),
    [
        (None, None),
        ("", None),
        ("*", None),
        ('"r5"', {5}),
        ('"r5-abc"', {5}),
        ('"r5", "r7-x"', {5, 7}),
        ('"other", "r3"', {3}),
    ],
)
def test_the_revisions_a_change_is_meant_for(header, revisions):
    assert revisions_of(header) == revisions


@pytest.mark.parametrize("header", ['"other"', 'W/"r5"', '"r"', '"5"', '"r99999999999999999999"', "r"])
def test_a_tag_that_cannot_match_fails_the_precondition(header):
    with pytest.raises(PreconditionFailedError):
        revisions_of(header)


def test_a_tag_names_its_revision_whatever_the_variant():
    assert revisions_of(f'"{study_etag(12, variant="in.inline")}"') == {12}
    assert study_etag(12) != study_etag(12, variant="x")
