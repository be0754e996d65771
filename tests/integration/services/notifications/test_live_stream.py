"""Live events over real gRPC: from a topic to a gateway's stream."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import grpc
import pytest

from kit import auth, clock, errors, events_postgres
from kit.events import Event
from kit.grpc_errors import from_rpc_error
from kit.testing.service import SUBJECT_KEY, served, staff
from services.notifications.consume import TOPICS, Follower
from services.notifications.domain import CHANNEL_KINDS
from services.notifications.flows import Hub
from services.notifications.rpc import NotificationsServicer
from tests.support.events import make_event
from xoai.invoices.v1 import invoices_events_pb2 as events_pb
from xoai.notifications.v1 import notifications_service_pb2 as pb
from xoai.notifications.v1 import notifications_service_pb2_grpc as pb_grpc


@pytest.fixture
def hub() -> Hub:
    return Hub(most_waiting=100)


@pytest.fixture
def channel(hub: Hub) -> Iterator[grpc.Channel]:
    descriptor = pb.DESCRIPTOR.services_by_name["NotificationsService"]
    with served(
        descriptor, NotificationsServicer(hub), pb_grpc.add_NotificationsServiceServicer_to_server
    ) as channel:
        yield channel
        hub.close()


@pytest.fixture
def log(scratch: str, hub: Hub) -> Iterator[events_postgres.PostgresLog]:
    """Topics in PostgreSQL, followed into the hub."""
    events_postgres.create_schema(scratch)
    log = events_postgres.PostgresLog(scratch)
    log.create_topics(TOPICS)
    stop = threading.Event()
    early = hub.open(CHANNEL_KINDS)
    follower = Follower(lambda: log.subscribe("live.1", TOPICS, from_end=True), hub)
    thread = threading.Thread(target=follower.run, args=(stop,))
    thread.start()
    # The follower ends earlier streams when it has subscribed: from here on nothing is missed.
    assert list(early) == []
    hub.leave(early)
    yield log
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def listen(channel: grpc.Channel, subject: auth.Subject, *kinds: str) -> grpc.Future:
    return pb_grpc.NotificationsServiceStub(channel).StreamLiveEvents(  # type: ignore[no-any-return]
        pb.StreamLiveEventsRequest(channel_kinds=kinds),
        timeout=30,
        metadata=[("authorization", f"Bearer {auth.sign(subject, SUBJECT_KEY)}")],
    )


def fact(sequence: int) -> Event:
    payload = events_pb.InvoiceChanged(
        reference="XDK7M4P9RT3HQ", sequence=sequence, state=events_pb.InvoiceChanged.STATE_PAID
    ).SerializeToString()
    return make_event("invoice", sequence, topic=TOPICS[0], event_type="InvoiceChanged", payload=payload)


def test_a_fact_reaches_the_stream_at_once(channel: grpc.Channel, log: events_postgres.PostgresLog) -> None:
    """What is published after the stream stands comes out of it, in order, without waiting for a poll's end."""
    stream = listen(channel, auth.service("gateway"))
    stream.initial_metadata()
    publisher = log.publisher()
    seen, seconds = [], []
    for sequence in range(1, 21):
        began = clock.monotonic()
        publisher.publish([fact(sequence)])
        seen += [event.sequence for event in next(stream).events]
        seconds.append(clock.monotonic() - began)
    publisher.close()
    stream.cancel()
    assert seen == list(range(1, 21))
    # The fall-back poll is half a second: a median this far below it was woken.
    assert sorted(seconds)[10] < 0.2


def test_only_the_gateway_may_listen(channel: grpc.Channel) -> None:
    """A stream carries every bill's channel, so no person and no visitor gets one."""
    for subject in (auth.public(), staff("invoices.read"), auth.service("schools")):
        with pytest.raises(grpc.RpcError) as refused:
            next(listen(channel, subject))
        assert isinstance(from_rpc_error(refused.value), errors.PermissionDenied)


def test_unknown_kind_is_refused(channel: grpc.Channel) -> None:
    """A kind of channel that does not exist is an error, not silence."""
    with pytest.raises(grpc.RpcError) as refused:
        next(listen(channel, auth.service("gateway"), "weather"))
    assert from_rpc_error(refused.value).reason == "UNKNOWN_CHANNEL_KIND"


def test_a_gateway_that_leaves_frees_its_thread(channel: grpc.Channel, hub: Hub) -> None:
    """After a cancelled call nothing of it is left."""
    stream = listen(channel, auth.service("gateway"))
    stream.initial_metadata()
    assert hub.streams == 1
    stream.cancel()
    deadline = clock.monotonic() + 10
    while hub.streams and clock.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert hub.streams == 0


def test_a_draining_process_ends_its_streams(channel: grpc.Channel, hub: Hub) -> None:
    """The gateway sees a normal end and connects elsewhere."""
    stream = listen(channel, auth.service("gateway"))
    stream.initial_metadata()
    hub.close()
    assert list(stream) == []
