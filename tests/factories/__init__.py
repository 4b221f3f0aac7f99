"""Rows for tests: every factory states what a row needs and makes up the rest."""

from tests.factories.accounts import AccountFactory
from tests.factories.studies import StudyFactory

__all__ = ["AccountFactory", "StudyFactory"]
