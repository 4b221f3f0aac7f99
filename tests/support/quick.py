"""What thousands of tests would pay for again and again, without proving anything by it."""

import functools
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask_openapi3 import openapi
from werkzeug.routing import Rule

from sostrades_api.services import passwords

_BUILDERS = ("_build", "_build_unknown")


def compile_routes_once(patch: pytest.MonkeyPatch) -> None:
    """Keep what werkzeug makes of the text of a route: it depends on nothing but its definition.

    Most tests make an application of their own, of more than a hundred routes: 40 ms each time.
    """
    compiled: dict[tuple, dict[str, Any]] = {}
    compile_rule = Rule.compile

    def once(rule: Rule) -> None:
        key = (rule.rule, rule.subdomain, rule.merge_slashes)
        if rule.defaults:
            compile_rule(rule)
        elif key in compiled:
            kept = compiled[key]
            rule.__dict__ |= {name: kept[name] for name in ("_parts", "_trace", "_converters")}
            rule.arguments = rule.arguments | kept["arguments"]
            for name in _BUILDERS:
                setattr(rule, name, kept[name].__get__(rule, None))
        else:
            compile_rule(rule)
            functions = {name: getattr(rule, name).__func__ for name in _BUILDERS}
            compiled[key] = {**rule.__dict__, **functions}

    patch.setattr(Rule, "compile", once)


def look_for_plugins_once(patch: pytest.MonkeyPatch) -> None:
    """The packages that bring a page for the description of the API: each application reads all for it."""
    patch.setattr(openapi, "entry_points", functools.cache(openapi.entry_points))


def hash_passwords_quickly(patch: pytest.MonkeyPatch) -> None:
    """Argon2id as always, in this process with parameters that take no 64 MB and four threads."""
    patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
