from __future__ import annotations

import pytest

from legato.exceptions import Disconnect
from legato.realtime.protocol.json import JSON
from legato.realtime.protocol.messages import Command
from legato.realtime.protocol.session import Session, State

CONNECT = '{"id":1,"connect":{}}'
SUBSCRIBE = '{"id":2,"subscribe":{"channel":"a"}}'


def new_session(rate: float = 100, burst: int = 500) -> Session:
    return Session(JSON, rate=rate, burst=burst, now=0.0)


def connected_session() -> Session:
    session = new_session()
    receive(session, CONNECT)
    session.connected()
    return session


def receive(session: Session, message: str, now: float = 0.0) -> list[Command]:
    return list(session.receive(message, now))


def test_commands_behind_connect_wait_for_its_success() -> None:
    session = new_session()
    commands = session.receive(f"{CONNECT}\n{SUBSCRIBE}", 0.0)
    assert next(commands).connect is not None
    session.connected()
    assert next(commands).subscribe is not None


def test_commands_behind_a_refused_connect_are_dropped() -> None:
    session = new_session()
    commands = session.receive(f"{CONNECT}\n{SUBSCRIBE}", 0.0)
    next(commands)
    session.refused()
    assert list(commands) == []


def test_a_refused_client_may_say_nothing_more() -> None:
    session = new_session()
    receive(session, CONNECT)
    session.refused()
    with pytest.raises(Disconnect, match="3501"):
        receive(session, CONNECT)


@pytest.mark.parametrize(
    "message",
    [SUBSCRIBE, "{}", '{"connect":{}}', '{"id":1}', '{"id":1,"ping":{}}'],
)
def test_the_first_command_has_to_be_connect(message: str) -> None:
    with pytest.raises(Disconnect, match="3501"):
        receive(new_session(), message)


@pytest.mark.parametrize(
    "message",
    [
        CONNECT,
        '{"id":2}',
        '{"id":2,"ping":{}}',
        '{"id":2,"refresh":{"token":"x"}}',
        '{"id":2,"subscribe":{}}',
        '{"id":2,"unsubscribe":{}}',
        '{"id":2,"publish":{"data":1}}',
        '{"id":2,"presence":{}}',
        '{"id":2,"presence_stats":{}}',
        '{"id":2,"history":{}}',
        '{"id":2,"sub_refresh":{}}',
        '{"id":2,"unheard_of":{}}',
    ],
)
def test_a_connected_client_may_not_send(message: str) -> None:
    with pytest.raises(Disconnect, match="3501"):
        receive(connected_session(), message)


def test_send_needs_no_id() -> None:
    (command,) = receive(connected_session(), '{"send":{"data":1}}')
    assert command.send is not None


def test_one_pong_answers_one_ping() -> None:
    session = connected_session()
    session.ping()
    assert receive(session, "{}") == []
    assert not session.awaiting_pong
    with pytest.raises(Disconnect, match="3501"):
        receive(session, "{}")


def test_pongs_that_waited_behind_a_command_answer_their_pings() -> None:
    session = connected_session()
    session.ping()
    session.ping()
    assert receive(session, "{}\n{}") == []
    assert not session.awaiting_pong


def test_a_pong_nobody_asked_for_is_a_bad_request() -> None:
    with pytest.raises(Disconnect, match="3501"):
        receive(connected_session(), "{}")


def test_a_closed_session_gives_no_more_commands() -> None:
    session = connected_session()
    commands = session.receive(f"{SUBSCRIBE}\n{SUBSCRIBE}", 0.0)
    next(commands)
    session.close()
    assert list(commands) == []


def test_more_commands_than_the_rate_allows_end_the_connection() -> None:
    session = new_session(rate=10, burst=5)
    receive(session, CONNECT)
    session.connected()
    for _ in range(4):
        receive(session, SUBSCRIBE)
    with pytest.raises(Disconnect, match="3013"):
        receive(session, SUBSCRIBE)


def test_the_rate_lets_commands_through_again_as_time_passes() -> None:
    session = new_session(rate=10, burst=5)
    receive(session, CONNECT)
    session.connected()
    for second in range(1, 200):
        receive(session, SUBSCRIBE, now=second / 10)


def test_connecting_twice_over_is_a_mistake_of_the_caller() -> None:
    session = connected_session()
    assert session.state is State.CONNECTED
    with pytest.raises(RuntimeError, match="CONNECTED cannot happen while CONNECTED"):
        session.connected()
