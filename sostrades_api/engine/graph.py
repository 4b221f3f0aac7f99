"""The coupling graph: loops (strongly connected components), their order, and the sweep inside a loop."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Edges = Mapping[tuple[int, int], tuple[int, int]]
"""(producer, consumer) -> (number of couplings, how many of them have no initial value)."""


def ordered_components(size: int, edges: Iterable[tuple[int, int]] | np.ndarray) -> list[list[int]]:
    """Strongly connected components in an order of execution.

    Nodes are numbered by the caller in a canonical order; of several components that could come next, the
    one with the smallest node does, so that the result depends on nothing else.

    Args:
        size: number of nodes.
        edges: (producer, consumer) pairs, possibly repeated, or an array with one a row.
    """
    pairs = edges if isinstance(edges, np.ndarray) else np.array(list(edges), dtype=np.int64)
    before, after = pairs.reshape(-1, 2).T
    order = _topological(np.arange(size), before, after)
    if len(order) == size:  # every node is alone
        return [[node] for node in order]
    matrix = coo_array((np.ones(len(before), dtype=np.int8), (before, after)), shape=(size, size))
    _, labels = connected_components(matrix.tocsr(), directed=True, connection="strong")
    _, first = np.unique(labels, return_index=True)
    heads = first[labels]  # of each node, the smallest one of its component
    order = _topological(heads, heads[before], heads[after])
    members: dict[int, list[int]] = defaultdict(list)
    for node, head in enumerate(heads.tolist()):
        members[head].append(node)
    return [members[head] for head in order]


def _topological(heads: np.ndarray, before: np.ndarray, after: np.ndarray) -> list[int]:
    """The components in order, each by its smallest node, without those that are in or behind a cycle.

    An edge that is repeated is waited for as often as it is met.
    """
    size = len(heads)
    outside = before != after
    before, after = before[outside], after[outside]
    starts = [0, *np.cumsum(np.bincount(before, minlength=size)).tolist()]
    counts = np.bincount(after, minlength=size)
    ready = np.flatnonzero((counts == 0) & (heads == np.arange(size))).tolist()  # in order, so a heap
    waiting, then = counts.tolist(), after[np.argsort(before, kind="stable")].tolist()
    order = []
    while ready:
        node = heapq.heappop(ready)
        order.append(node)
        for later in then[starts[node] : starts[node + 1]]:
            left = waiting[later] = waiting[later] - 1
            if not left:
                heapq.heappush(ready, later)
    return order


def sweep_order(nodes: Sequence[int], edges: Edges) -> list[int]:
    """An order of a loop's disciplines with few feedback couplings, by a greedy choice.

    Couplings without an initial value are kept forward first of all: feeding one back would need a value that
    nobody gave. Ties go to the smaller node.
    """
    inside = set(nodes)
    incoming: dict[int, list[tuple[int, int, int]]] = {node: [] for node in nodes}
    outgoing: dict[int, list[tuple[int, int, int]]] = {node: [] for node in nodes}
    for (a, b), (count, unset) in edges.items():
        if a != b and a in inside and b in inside:
            outgoing[a].append((b, count, unset))
            incoming[b].append((a, count, unset))
    # cost of placing a node now: couplings that become feedback, those without a value first
    cost = {
        node: [
            sum(unset for _, _, unset in incoming[node]),
            sum(count for _, count, _ in incoming[node]),
            -sum(count for _, count, _ in outgoing[node]),
        ]
        for node in nodes
    }
    heap = [(*cost[node], node) for node in nodes]
    heapq.heapify(heap)
    order: list[int] = []
    placed: set[int] = set()
    while heap:
        *at, node = heapq.heappop(heap)
        if node in placed or at != cost[node]:
            continue
        placed.add(node)
        order.append(node)
        for then, count, unset in outgoing[node]:
            cost[then][0] -= unset
            cost[then][1] -= count
            if then not in placed:
                heapq.heappush(heap, (*cost[then], then))
        for before, count, _ in incoming[node]:
            cost[before][2] += count
            if before not in placed:
                heapq.heappush(heap, (*cost[before], before))
    return order
