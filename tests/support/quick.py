"""What thousands of tests would pay for again and again, without proving anything by it."""

import functools
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask_openapi3 import openapi
from werkzeug.routing import Rule

from sostrades_api.services import passwords


def compile_routes_once(patch: pytest.MonkeyPatch) -> None:
    """Keep the functions that build the address of a route: they depend on nothing but its definition.

    Most tests make an application of their own, and werkzeug compiles two functions a route: 15 ms each time.
    """
    compiled: dict[tuple, Any] = {}
    compile_builder = Rule._compile_builder

    def once(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    patch.setattr(Rule, "_compile_builder", once)


def look_for_plugins_once(patch: pytest.MonkeyPatch) -> None:
    """The packages that bring a page for the description of the API: each application reads all for it."""
    patch.setattr(openapi, "entry_points", functools.cache(openapi.entry_points))


def hash_passwords_quickly(patch: pytest.MonkeyPatch) -> None:
    """Argon2id as always, in this process with parameters that take no 64 MB and four threads."""
    patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
