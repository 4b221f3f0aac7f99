"""Users, groups and keys."""

import itertools
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.models import Group, User
from sostrades_api.services.actor_of_user import actor_of_user
from sostrades_api.services.api_key_create import api_key_create


@dataclass
class AccountFactory:
    """Makes committed rows in the session's database."""

    session: Session
    _numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    def user(self, username: str | None = None, *, groups: tuple[Group, ...] = (), **columns) -> User:
        """A user without a password."""
        user = User(username=username or f"user-{next(self._numbers)}", groups=list(groups), **columns)
        return self._saved(user)

    def group(self, name: str | None = None, *, members: tuple[User, ...] = ()) -> Group:
        """A group."""
        return self._saved(Group(name=name or f"group-{next(self._numbers)}", members=list(members)))

    def key(self, owner: User | Group, *, name: str = "test", **options) -> str:
        """The secret of a new key."""
        return api_key_create(self.session, owner=owner, name=name, **options).secret

    def actor(self, owner: User | Group) -> Actor:
        """Who acts through a key of that user or group."""
        if isinstance(owner, User):
            return actor_of_user(self.session, owner)
        return Actor(label=f"group:{owner.name}", group_ids=frozenset({owner.id}))

    def _saved(self, row):
        self.session.add(row)
        self.session.commit()
        return row
