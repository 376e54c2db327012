"""Who is here: connections by user and session, subscribers by channel.

The hub knows names and outboxes. Which user may do what is none of its business.
"""

from __future__ import annotations

from typing import Protocol

from legato.realtime.node.feed import Feed
from legato.realtime.protocol.codes import DisconnectCode

__all__ = ["Hub", "Member"]


class Member(Protocol):
    """A connection as the hub sees it."""

    id: str
    user_id: str
    session_key: str

    def disconnect(self, code: DisconnectCode) -> None: ...


class Hub:
    """The connections and channels of one node."""

    __slots__ = ("_by_session", "_by_user", "feeds", "members")

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.feeds: dict[str, Feed] = {}
        self._by_user: dict[str, set[Member]] = {}
        self._by_session: dict[str, set[Member]] = {}

    def add(self, member: Member) -> None:
        self.members[member.id] = member
        _put(self._by_user, member.user_id, member)
        _put(self._by_session, member.session_key, member)

    def remove(self, member: Member) -> None:
        """Forget a connection; unknown ones are fine."""
        if self.members.pop(member.id, None) is None:
            return
        _take(self._by_user, member.user_id, member)
        _take(self._by_session, member.session_key, member)

    def of_user(self, user_id: str) -> list[Member]:
        """The user's connections; anonymous ones are nobody's."""
        return list(self._by_user.get(user_id, ()))

    def of_session(self, session_key: str) -> list[Member]:
        return list(self._by_session.get(session_key, ()))


def _put(index: dict[str, set[Member]], key: str, member: Member) -> None:
    if key:
        index.setdefault(key, set()).add(member)


def _take(index: dict[str, set[Member]], key: str, member: Member) -> None:
    members = index.get(key)
    if members is not None:
        members.discard(member)
        if not members:
            del index[key]
