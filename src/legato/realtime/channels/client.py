"""Who is on the other end, as hooks see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

__all__ = ["Client", "user_id_of"]


class Client:
    """One connection of one user; the first argument of every hook.

    Attributes:
        id: The connection's id, a random UUID; a second tab has another.
        user: The Django user of the session, or an ``AnonymousUser``.
        session_key: The key of the Django session, "" without one.
        name: What the SDK calls itself, for example "js". Not to be trusted.
    """

    __slots__ = ("id", "name", "session_key", "user")

    def __init__(
        self,
        id: str,
        *,
        user: AbstractBaseUser | AnonymousUser,
        session_key: str = "",
        name: str = "",
    ) -> None:
        self.id = id
        self.user = user
        self.session_key = session_key
        self.name = name

    def __repr__(self) -> str:
        return f"<Client {self.id} of {self.user!r}>"

    @property
    def user_id(self) -> str:
        """The user's primary key as text, as the protocol has it; "" if anonymous."""
        return user_id_of(self.user)


def user_id_of(user: AbstractBaseUser | AnonymousUser) -> str:
    """See ``Client.user_id``."""
    return str(user.pk) if user.is_authenticated else ""
