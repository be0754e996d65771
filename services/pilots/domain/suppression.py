"""Which figures of a tree of places may be shown, so that nobody's own can be found out from all of them together.

A published number is the sum over the leaves below its node. In a tree all numbers shown together say exactly this much:
each leaf belongs to its nearest shown node (itself, or the first one above), the leaves of one shown node make a *group*,
and what is known is the sum of each group and nothing finer. So it is enough that every group is safe:

- at least five owners stand behind it, none with more than half of it, and what is left without the two largest is at
  least a tenth of the largest (else the second largest could reckon the first);
- a cell that is below this rule by itself and lies in the group is hidden among others that make a tenth of it, even
  for somebody who knows the largest of them.

Values are never negative; an owner without any is not behind the sum. Counts have two measures, those that are and those
that are not, since a group in which everybody is says so of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

LEAST_OWNERS: Final = 5
# Of the largest owner, or of a hidden cell: what must lie beside it.
PROTECTION_PERCENT: Final = 10

# By owner (whatever names one): the value in each measure.
Shares = Mapping[Any, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes by name with the node above each; the root's is empty. Leaves hold what owners brought, see `Shares`."""

    parents: Mapping[str, str]
    leaves: Mapping[str, Shares]

    def above(self, node: str) -> list[str]:
        """The node and all above it, up to the root."""
        way = [node]
        while parent := self.parents[way[-1]]:
            way.append(parent)
        return way


def is_safe(shares: Shares) -> bool:
    """True if the sum of these may be known to everybody, in every measure."""
    values = list(shares.values())
    if not values:
        return False
    return all(_is_safe_measure([each[measure] for each in values]) for measure in range(len(values[0])))


def shown(tree: Tree, *, hide_root: bool = False, secondary: bool = True) -> frozenset[str]:
    """The nodes whose figures may be shown. Without `secondary` only the rule itself is kept, for showing why it is not
    enough.
    """
    sums = _sums(tree)
    below = {node for node, shares in sums.items() if not is_safe(shares)}
    seen = {node for node in tree.parents if node not in below and node in sums}
    if hide_root:
        seen -= {node for node, parent in tree.parents.items() if not parent}
    while secondary:
        victim = _victim(tree, sums, below, seen)
        if not victim:
            break
        seen.discard(victim)
    return frozenset(seen)


def _sums(tree: Tree) -> dict[str, dict[Any, tuple[int, ...]]]:
    """What owners brought below each node."""
    sums: dict[str, dict[Any, tuple[int, ...]]] = {node: {} for node in tree.parents}
    for leaf, shares in tree.leaves.items():
        for node in tree.above(leaf):
            _add(sums[node], shares)
    return sums


def _add(into: dict[Any, tuple[int, ...]], shares: Shares) -> None:
    for owner, values in shares.items():
        have = into.get(owner)
        into[owner] = values if have is None else tuple(a + b for a, b in zip(have, values, strict=True))


def _victim(tree: Tree, sums: Mapping[str, Shares], below: set[str], seen: set[str]) -> str:
    """A node that has to be hidden as well, so that a group becomes safe; empty if all groups are."""
    groups: dict[str, list[str]] = {}
    under: dict[str, list[str]] = {}
    for node in tree.parents:
        way = [at for at in tree.above(node) if at in seen]
        if node in tree.leaves and way:
            groups.setdefault(way[0], []).append(node)
        if node in seen and len(way) > 1:
            under.setdefault(way[1], []).append(node)
    for node, leaves in sorted(groups.items()):
        if leaves == [node] or _protects(tree, sums, below, leaves):
            continue
        # The smallest that is shown next below gives the group its cover; where there is none, the node itself goes.
        return min(under.get(node, [node]), key=lambda at: (_weight(sums[at]), at))
    return ""


def _weight(shares: Shares) -> int:
    return sum(values[0] for values in shares.values())


def _protects(tree: Tree, sums: Mapping[str, Shares], below: set[str], leaves: Sequence[str]) -> bool:
    group: dict[Any, tuple[int, ...]] = {}
    for leaf in leaves:
        _add(group, tree.leaves[leaf])
    if not is_safe(group):
        return False
    hidden = {at for leaf in leaves for at in tree.above(leaf) if at in below}
    return all(_is_covered(tree, sums[cell], cell, leaves) for cell in hidden)


def _is_covered(tree: Tree, cell_shares: Shares, cell: str, leaves: Sequence[str]) -> bool:
    """True if what lies in the group beside a hidden cell makes a tenth of it, its largest owner left out."""
    rest: dict[Any, tuple[int, ...]] = {}
    for leaf in leaves:
        if cell not in tree.above(leaf):
            _add(rest, tree.leaves[leaf])
    for measure in range(max(map(len, cell_shares.values()), default=0)):
        beside = [values[measure] for values in rest.values()]
        inside = sum(values[measure] for values in cell_shares.values())
        if 100 * (sum(beside) - max(beside, default=0)) < PROTECTION_PERCENT * inside:
            return False
    return True


def _is_safe_measure(values: Sequence[int]) -> bool:
    positive = sorted((value for value in values if value > 0), reverse=True)
    total = sum(positive)
    return (
        len(positive) >= LEAST_OWNERS
        and 2 * positive[0] <= total
        and 100 * (total - positive[0] - positive[1]) >= PROTECTION_PERCENT * positive[0]
    )
