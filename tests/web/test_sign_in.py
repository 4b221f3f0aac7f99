"""Signing in and out."""

import pytest

from sostrades_api.models import ApiKey
from sostrades_api.services.passwords import hash_password
from sostrades_api.web.sign_in import REFUSAL
from tests.web.conftest import PASSWORD


def test_pages_ask_for_signing_in_and_lead_back(new_pages, member):
    browser = new_pages()
    answer = browser.get("/study-cases?search=x")
    assert answer.status_code == 302
    assert answer.location == "/sign-in?next=/study-cases?search%3Dx"
    entered = browser.sign_in("alice", next="/study-cases?search=x")
    assert entered.location == "/study-cases?search=x"


def test_a_user_signs_in_with_a_password_and_out_again(pages):
    assert pages.get("/study-cases").status_code == 200
    assert pages.get("/sign-in").location == "/study-cases"
    assert pages.post("/sign-out").location == "/sign-in"
    assert pages.get("/study-cases").status_code == 302


@pytest.mark.parametrize(("username", "password"), [("alice", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_one_refusal_says_nothing_about_which_part_was_wrong(new_pages, member, username, password):
    browser = new_pages()
    answer = browser.sign_in(username, password)
    assert answer.status_code == 401
    assert REFUSAL in answer.get_data(as_text=True)


def test_a_key_signs_in_as_its_owner_and_a_revoked_one_ends_the_session(new_pages, member, make_key, session):
    browser = new_pages()
    browser.get("/sign-in")
    key = make_key(member.groups[0])
    assert browser.post("/sign-in", {"api_key": f" {key} "}).status_code == 302
    assert "group:team" in browser.get("/study-cases").get_data(as_text=True)
    row = session.query(ApiKey).one()
    row.revoked_at = row.created_at
    session.commit()
    assert browser.get("/study-cases").status_code == 302


def test_the_key_is_never_in_the_page_or_the_cookie(new_pages, member, make_key):
    browser = new_pages()
    browser.get("/sign-in")
    key = make_key(member)
    answer = browser.post("/sign-in", {"api_key": key})
    assert key not in str(answer.headers)
    assert key not in browser.get("/study-cases").get_data(as_text=True)


def test_a_malformed_key_is_refused(new_pages, member):
    browser = new_pages()
    browser.get("/sign-in")
    assert browser.post("/sign-in", {"api_key": "sos_nonsense"}).status_code == 401


def test_a_new_password_or_a_deactivation_ends_every_session(pages, member, session):
    member.password_hash = hash_password("another long password")
    session.commit()
    assert pages.get("/study-cases").status_code == 302
    assert pages.sign_in("alice", "another long password").status_code == 302
    member.is_active = False
    session.commit()
    assert pages.get("/study-cases").status_code == 302


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:alert(1)",
        "/\n/x",
        "x",
    ],
)
def test_signing_in_leads_to_no_other_site(new_pages, member, address):
    assert new_pages().sign_in("alice", next=address).location == "/study-cases"


def test_signing_in_needs_the_token_of_the_form(new_pages, member):
    browser = new_pages()
    browser.get("/sign-in")
    browser.token = "forged"
    assert browser.post("/sign-in", {"username": "alice", "password": PASSWORD}).status_code == 400
    assert browser.get("/study-cases").status_code == 302


def test_signing_out_needs_a_token_and_a_post(pages):
    pages.token = "forged"
    assert pages.post("/sign-out").status_code == 400
    assert pages.client.get("/sign-out").status_code == 405
    assert pages.get("/study-cases").status_code == 200


def test_the_session_is_new_after_signing_in(new_pages, member):
    browser = new_pages()
    browser.get("/sign-in")
    before = browser.token
    browser.post("/sign-in", {"username": "alice", "password": PASSWORD})
    browser.get("/study-cases")
    answer = browser.post("/sign-out", {"csrf_token": before})
    assert answer.status_code == 400


def test_cookies_are_for_this_site_and_not_for_scripts(new_pages, member):
    browser = new_pages()
    browser.get("/sign-in")
    cookie = browser.post("/sign-in", {"username": "alice", "password": PASSWORD}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_guessing_a_password_is_slowed_down(new_pages, member):
    browser = new_pages()
    answers = [browser.sign_in("alice", f"guess {number}").status_code for number in range(10)]
    assert answers[:8] == [401] * 8
    assert answers[8:] == [429] * 2
    refused = browser.sign_in("alice", "guess")
    assert int(refused.headers["Retry-After"]) > 0


def test_another_spelling_of_a_name_gives_no_further_guesses(new_pages):
    browser = new_pages()
    spellings = ("Zo\u00eb", "Zoe\u0308", " zo\u00eb ")
    answers = [browser.sign_in(spellings[number % 3], "guess").status_code for number in range(9)]
    assert answers == [401] * 8 + [429]


def test_success_does_not_count_as_guessing(new_pages, member):
    for _ in range(10):
        assert new_pages().sign_in("alice").status_code == 302


def test_failures_with_keys_of_strangers_do_not_shut_out_a_key(new_pages, member, make_key):
    stranger, owner = new_pages(), new_pages()
    key = make_key(member.groups[0])
    stranger.get("/sign-in", environ_base={"REMOTE_ADDR": "192.0.2.1"})
    wrong = [
        stranger.post(
            "/sign-in", {"api_key": f"sos_{number % 2}{'x' * 40}"}, environ_base={"REMOTE_ADDR": "192.0.2.1"}
        ).status_code
        for number in range(18)
    ]
    assert wrong[:16] == [401] * 16
    assert wrong[16:] == [429] * 2
    for _ in range(9):
        stranger.post("/sign-in", {"api_key": key[:-1]}, environ_base={"REMOTE_ADDR": "192.0.2.2"})
    owner.get("/sign-in")
    assert owner.post("/sign-in", {"api_key": key}).status_code == 302
