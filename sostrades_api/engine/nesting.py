"""Loops inside loops: what lies below a node with couplings of its own is solved inside."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sostrades_api.engine.graph import Edges, ordered_components, sweep_order


@dataclass(frozen=True)
class Nest:
    """A loop in order of sweep: disciplines by number, and loops inside; ``at`` is its coupling node."""

    at: str
    blocks: tuple["int | Nest", ...]

    @property
    def members(self) -> tuple[int, ...]:
        """All disciplines, those of inner loops too, in order of sweep."""
        return tuple(
            number
            for block in self.blocks
            for number in (block.members if isinstance(block, Nest) else (block,))
        )


def nest(members: Sequence[int], edges: Edges, *, paths: Sequence[str], couplings: Sequence[str]) -> Nest:
    """The loop of these disciplines, with what lies below each coupling node solved inside.

    Args:
        members: numbers of the disciplines, a strongly connected component.
        edges: couplings between them.
        paths: of all disciplines, by number.
        couplings: paths of the nodes that have couplings of their own.
    """
    return _nest(members, edges, paths, sorted(couplings, key=len), at="")


def _nest(
    members: Sequence[int], edges: Edges, paths: Sequence[str], couplings: Sequence[str], at: str
) -> Nest:
    below = [node for node in couplings if node != at and (not at or node.startswith(f"{at}."))]
    for node in below:
        if all(_lies_below(paths[member], node) for member in members):
            return _nest(members, edges, paths, below, node)
    group_of = {
        member: next((node for node in below if _lies_below(paths[member], node)), None) for member in members
    }
    groups: dict[str, list[int]] = defaultdict(list)
    for member, node in group_of.items():
        if node is not None:
            groups[node].append(member)
    head = {member: groups[node][0] if node else member for member, node in group_of.items()}
    between: dict[tuple[int, int], tuple[int, int]] = {}
    for (a, b), (count, unset) in edges.items():
        key = head[a], head[b]
        before = between.get(key, (0, 0))
        between[key] = before[0] + count, before[1] + unset
    blocks: list[int | Nest] = []
    for first in sweep_order(sorted(set(head.values())), between):
        node = group_of[first]
        if node is None:
            blocks.append(first)
        else:
            blocks.extend(_inside(groups[node], edges, paths, below, node))
    return Nest(at, tuple(blocks))


def _inside(
    members: Sequence[int], edges: Edges, paths: Sequence[str], couplings: Sequence[str], at: str
) -> list[int | Nest]:
    """The disciplines below one node: its own loops, and what lies before, between and after them."""
    number = {member: i for i, member in enumerate(members)}
    own = {pair: count for pair, count in edges.items() if pair[0] in number and pair[1] in number}
    blocks: list[int | Nest] = []
    renumbered = [(number[a], number[b]) for a, b in own]
    for component in ordered_components(len(members), renumbered):
        looped = [members[i] for i in component]
        if len(looped) == 1 and (looped[0], looped[0]) not in own:
            blocks.append(looped[0])
        else:
            inside = {pair: n for pair, n in own.items() if pair[0] in looped and pair[1] in looped}
            blocks.append(_nest(looped, inside, paths, couplings, at))
    return blocks


def _lies_below(path: str, node: str) -> bool:
    return path == node or path.startswith(f"{node}.")
