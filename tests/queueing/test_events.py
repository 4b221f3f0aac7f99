"""Streams of events in Redis."""

import time

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sostrades_api.queueing.events import (
    KEEP_SECONDS,
    MAX_EVENTS,
    Event,
    EventType,
    ExecutionEvents,
    is_event_id,
    order_of,
)


@pytest.fixture
def events(redis_url):
    with Redis.from_url(redis_url) as redis:
        yield ExecutionEvents(redis, queue_name="test")


def line(number):
    return Event.make(EventType.LOG, {"n": number}, public=None)


def test_who_knows_an_event_gets_those_after_it_as_they_were_published(events):
    start = events.cursor(1)
    state = Event.make(EventType.STATE, {"reason": "x"}, public={"reason": None})
    assert events.publish(1, [line(1), state, Event.make(EventType.PROGRESS, {"progress": 0.5})])
    found = events.after(1, event_id=start)
    assert [(event.type, event.data, event.public) for event in found] == [
        ("log", b'{"n":1}', None),
        ("state", b'{"reason":"x"}', b'{"reason":null}'),
        ("progress", b'{"progress":0.5}', b'{"progress":0.5}'),
    ]
    assert [event.id for event in events.after(1, event_id=found[0].id)] == [event.id for event in found[1:]]
    assert events.after(1, event_id=found[-1].id) == []
    assert events.cursor(1) == found[-1].id


def test_iterations_are_told_again_without_what_somebody_else_wrote(events):
    told = Event.make(EventType.ITERATION, {"iteration": 1})
    events.publish(
        1, [told, Event(EventType.ITERATION, b"{", b"{"), Event(EventType.ITERATION, b"[1]", b"[1]")]
    )
    assert [data for _, data in events.iterations(1)] == [{"iteration": 1}]


def test_an_event_that_the_stream_does_not_hold_is_not_known(events):
    events.publish(1, [line(1)])
    known = events.cursor(1)
    assert events.after(1, event_id="1-0") is None
    assert events.after(2, event_id=known) is None
    events.redis.flushdb()
    time.sleep(0.002)  # ids are milliseconds: within one, the next event would have the id of the first
    events.publish(1, [line(2)])
    assert events.after(1, event_id=known) is None


def test_an_end_has_the_id_end_and_nothing_goes_on_from_it(events):
    events.publish(1, [line(1), Event.make(EventType.END, {})])
    cursor = events.cursor(1)
    assert [event.id for event in events.after(1, event_id=cursor)] == ["end"]
    assert order_of("end") > order_of(cursor)
    assert not is_event_id("end")


def test_a_stream_is_capped_and_goes_away_by_itself(events):
    for _ in range(MAX_EVENTS // 100 + 5):
        events.publish(1, [line(number) for number in range(100)])
    (key,) = events.redis.keys("*:1")
    assert MAX_EVENTS <= events.redis.xlen(key) < MAX_EVENTS + 200
    assert 0 < events.redis.ttl(key) <= KEEP_SECONDS


def test_without_redis_nothing_is_published_and_the_next_time_nobody_waits():
    with Redis(port=1, retry=Retry(NoBackoff(), 0)) as redis:
        events = ExecutionEvents(redis, queue_name="test")
        assert not events.publish(1, [line(1)])
        events.redis = None
        assert not events.publish(1, [line(1)])


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "x-1", "1-0 ", "1-0\n", "٣-0", "9" * 30 + "-0"])
def test_what_is_no_id_is_not_sent_to_redis(text):
    assert not is_event_id(text)
