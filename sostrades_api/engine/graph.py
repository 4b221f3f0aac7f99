"""The coupling graph: loops (strongly connected components), their order, and the sweep inside a loop."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Edges = Mapping[tuple[int, int], tuple[int, int]]
"""(producer, consumer) -> (number of couplings, how many of them have no initial value)."""


def ordered_components(size: int, edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Strongly connected components in an order of execution.

    Nodes are numbered by the caller in a canonical order; of several components that could come next, the
    one with the smallest node does, so that the result depends on nothing else.
    """
    pairs = np.array(list(edges), dtype=np.int64).reshape(-1, 2)
    matrix = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    _, labels = connected_components(matrix.tocsr(), directed=True, connection="strong")
    members: dict[int, list[int]] = defaultdict(list)
    for node, label in enumerate(labels.tolist()):
        members[label].append(node)
    between = {(int(labels[a]), int(labels[b])) for a, b in pairs.tolist() if labels[a] != labels[b]}
    return [members[label] for label in _topological(members, between)]


def _topological(members: Mapping[int, Sequence[int]], edges: Iterable[tuple[int, int]]) -> list[int]:
    after: dict[int, list[int]] = defaultdict(list)
    waiting = dict.fromkeys(members, 0)
    for before, then in edges:
        after[before].append(then)
        waiting[then] += 1
    ready = [(members[label][0], label) for label, count in waiting.items() if not count]
    heapq.heapify(ready)
    order = []
    while ready:
        _, label = heapq.heappop(ready)
        order.append(label)
        for then in after[label]:
            waiting[then] -= 1
            if not waiting[then]:
                heapq.heappush(ready, (members[then][0], then))
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
