"""Fixtures of the tracing tests."""

from tests.support.cases import actor, make_case, owner, queue

__all__ = ["actor", "make_case", "owner", "queue"]
