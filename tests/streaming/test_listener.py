"""What one client is sent: everything once, in order, and no more than fits."""

import random
import socket
from collections import deque

import pytest

from sostrades_api.models import ExecutionState
from sostrades_api.queueing.events import Event, EventType
from sostrades_api.streaming.hub import Followers
from sostrades_api.streaming.listener import MAX_WAITING_BYTES, Caller, Listener
from sostrades_api.streaming.sse import as_json, frame
from sostrades_api.streaming.writer import Writer


def listener():
    return Listener(1, caller=Caller("somebody", lambda _session: None), may_read=True)


def log(number):
    return Event.make(EventType.LOG, {"n": number}, public=None, event_id=f"{number}-0")


def numbers(events):
    return [event.id for event in events]


def test_what_was_collected_meanwhile_comes_after_the_beginning_and_nothing_twice():
    one = listener()
    one.offer([log(2), log(3)])
    one.begin([log(1), log(2)], after="2-0")
    one.offer([log(3), log(4)])
    assert numbers(one.take()) == ["1-0", "2-0", "3-0", "4-0"]


def test_whatever_overlaps_each_event_is_sent_once_and_in_order():
    for seed in range(50):
        rng = random.Random(seed)
        one, sent, known = listener(), [], rng.randrange(10)
        one.begin([], after=f"{known}-0")
        at = known
        while at < 60:
            first = rng.randint(
                max(1, at - 5), at + 1
            )  # a reader that begins anywhere in what was read before
            at = max(at, rng.randint(first, first + 8))
            one.offer([log(number) for number in range(first, at + 1)])
            if rng.random() < 0.5:
                sent += numbers(one.take())
        sent += numbers(one.take())
        assert sent == [f"{number}-0" for number in range(known + 1, at + 1)]


def test_a_snapshot_after_a_gap_begins_anew_even_when_ids_went_back():
    one = listener()
    one.begin([], after="50-0")
    one.offer([Event.make(EventType.SNAPSHOT, {}, event_id="7-0"), log(8)])
    assert numbers(one.take()) == ["7-0", "8-0"]


def test_a_client_that_reads_nothing_is_sent_away():
    one = listener()
    one.begin([], after="0-0")
    large = Event.make(EventType.LOG, {"x": "x" * (MAX_WAITING_BYTES // 2)}, event_id="1-0")
    one.offer([large])
    assert not one.is_closed
    one.offer([Event.make(EventType.LOG, {"x": "x" * (MAX_WAITING_BYTES // 2)}, event_id="2-0")])
    assert one.is_closed


def test_who_may_only_view_is_sent_the_other_form_or_nothing():
    event = Event.make(EventType.STATE, {"reason": "secret"}, public={"reason": None}, event_id="1-0")
    assert frame(event, may_read=True) == b'id: 1-0\nevent: state\ndata: {"reason":"secret"}\n\n'
    assert b"secret" not in frame(event, may_read=False)
    assert frame(log(1), may_read=False) == b""
    assert as_json([log(1)], may_read=False, last_event_id="1-0") == b'{"events":[],"last_event_id":"1-0"}'


@pytest.mark.parametrize("data", [b"{", b"[]", b"{}", b'{"state":"?","attempt":1}'])
def test_a_state_that_somebody_else_wrote_in_redis_keeps_nothing_from_other_listeners(data):
    group = Followers(1, told=(ExecutionState.QUEUED, 0))
    group.offer([Event(EventType.STATE, data, data, "1-0")])
    assert group.told == (ExecutionState.QUEUED, 0)


class JustAfterTheLook(deque):
    """What is put in is there only at the second look, as from a thread that comes in between."""

    looks = 0

    def __bool__(self):
        self.looks += 1
        return self.looks > 1 and len(self) > 0


def test_a_client_that_arrives_while_others_are_taken_in_is_told_all_the_same():
    writer, one = Writer(), listener()
    writer._arrived = JustAfterTheLook()
    one.begin([log(1)], after="1-0")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        writer.adopt(ours, one, chunked=False, gone=lambda _: None)
        writer._take_in()
        writer._take_in()
        theirs.settimeout(5)
        assert b"id: 1-0" in theirs.recv(4096)
