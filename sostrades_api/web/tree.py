"""Dotted names as a tree."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Branch:
    """A node with the part of its name that its parent does not have."""

    path: str
    label: str
    exists: bool = False
    children: dict[str, "Branch"] = field(default_factory=dict)


def tree_of(paths: Iterable[str]) -> Branch:
    """All paths under one root, whose own path is empty; ``exists`` tells given nodes from those between."""
    root = Branch("", "")
    for path in paths:
        branch = root
        for part in path.split(".") if path else ():
            below = f"{branch.path}.{part}" if branch.path else part
            branch = branch.children.setdefault(part, Branch(below, part))
        branch.exists = True
    return root
