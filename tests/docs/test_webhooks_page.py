"""``docs/webhooks.md`` is true: its receiver runs, and takes what is signed and nothing else."""

import importlib.util
import re
import threading
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from sostrades_api.access.webhook_secrets import new_salt, secret_of, signature
from sostrades_api.models.execution import ExecutionState
from sostrades_api.services.webhook_deliver import RETRY_SECONDS, Parcel
from sostrades_api.settings import Settings
from sostrades_api.worker.courier import deliver

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text("utf-8")
KEY = "the platform's key"


@pytest.fixture
def salt():
    return new_salt(KEY)


@pytest.fixture
def receiver(salt, tmp_path, monkeypatch):
    """The application of the page."""
    (code,) = re.findall(r'^```python title="receiver.py"\n(.*?)^```', PAGE, re.DOTALL | re.MULTILINE)
    path = tmp_path / "receiver.py"
    path.write_text(code, encoding="utf-8")
    monkeypatch.setenv("WEBHOOK_SECRET", secret_of(salt, secret_key=KEY))
    spec = importlib.util.spec_from_file_location("receiver_of_the_page", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.app


@pytest.fixture
def address(receiver):
    """Where it listens."""
    server = make_server("127.0.0.1", 0, receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/sostrades"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_receiver_of_the_page_takes_what_a_courier_sends_and_prints_it_once(
    address, salt, tmp_path, capsys
):
    settings = Settings(data_dir=tmp_path, webhook_private_addresses="127.0.0.0/8")
    payload = {"type": "execution.finished", "timestamp": "now", "data": {"execution_id": 34}}
    parcel = Parcel(
        delivery_id=1,
        webhook_id=1,
        attempt=1,
        url=address,
        salts=(salt,),
        message_id="msg_1",
        payload=payload,
    )
    for _ in range(2):
        assert deliver(parcel, settings=settings, secret_key=KEY).status == 204
    assert capsys.readouterr().out.splitlines() == ["execution.finished {'execution_id': 34}"]
    other = Parcel(**{**vars(parcel), "salts": (new_salt(KEY),), "message_id": "msg_2"})
    assert deliver(other, settings=settings, secret_key=KEY).status == 401
    both = Parcel(**{**vars(parcel), "salts": (new_salt(KEY), salt), "message_id": "msg_3"})
    assert deliver(both, settings=settings, secret_key=KEY).status == 204


def test_the_receiver_of_the_page_refuses_an_old_message(receiver, salt):
    signed = signature(secret_of(salt, secret_key=KEY), message_id="msg_1", timestamp=1_000_000, body=b"{}")
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1000000", "webhook-signature": signed}
    answer = receiver.test_client().post("/sostrades", data=b"{}", headers=headers)
    assert answer.status_code == 401


def test_the_page_names_every_state_and_every_wait():
    assert all(f"`{state}`" in PAGE for state in ExecutionState)
    waits = (f"{seconds} s" for seconds in (5, 30)), (f"{minutes} min" for minutes in (2, 10, 30))
    shown = [text for group in (*waits, (f"{hours} h" for hours in (1, 3, 6, 12))) for text in group]
    units = {"s": 1, "min": 60, "h": 3600}
    assert tuple(int(text.split()[0]) * units[text.split()[1]] for text in shown) == RETRY_SECONDS
    assert f"after {', '.join(shown[:-1])} and {shown[-1]}" in " ".join(PAGE.split())
