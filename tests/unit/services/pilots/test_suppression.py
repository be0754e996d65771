"""What may be shown of a tree of places."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.pilots.domain.suppression import LEAST_OWNERS, Shares, Tree, is_safe, shown


def owners(*values: int, first: int = 0) -> Shares:
    """Owners with these values."""
    return {first + number: (value,) for number, value in enumerate(values)}


@pytest.mark.parametrize(
    ("values", "safe"),
    [
        ((10, 10, 10, 10, 10), True),
        ((10, 10, 10, 10), False),
        ((10, 10, 10, 10, 0), False),
        ((40, 10, 10, 10, 10), True),
        ((41, 10, 10, 10, 10), False),
        ((50, 46, 2, 1, 1), False),
        ((50, 45, 3, 1, 1), True),
        ((0, 0, 0, 0, 0), False),
        ((), False),
    ],
)
def test_the_rule_for_one_cell(values: tuple[int, ...], *, safe: bool) -> None:
    """Five owners with something, none above half, and a tenth of the largest besides the two largest."""
    assert is_safe(owners(*values)) is safe


def test_every_measure_must_be_safe() -> None:
    """A count in which nobody is left out says so of each, and is hidden."""
    assert is_safe(dict.fromkeys(range(5), (1, 1)))
    assert not is_safe(dict.fromkeys(range(9), (1, 0)))


def street(**blocks: Shares) -> Tree:
    """A street of blocks in a city of one street and a market that is safe."""
    parents = {"city": "", "street": "city", "market": "city"} | dict.fromkeys(blocks, "street")
    return Tree(parents, {"market": owners(20, 20, 20, 20, 20, 20, first=500), **blocks})


def test_a_block_below_the_rule_takes_a_second_one_with_it() -> None:
    """One hidden block beside a street's total would be the total less the others."""
    tree = street(
        a=owners(5, 5, 5, first=0), b=owners(9, 9, 9, 9, 9, first=10), c=owners(7, 7, 7, 7, 7, first=20)
    )
    assert shown(tree, secondary=False) == {"city", "street", "market", "b", "c"}
    assert shown(tree) == {"city", "street", "market", "b"}


def test_one_large_trader_takes_the_sums_above_with_him() -> None:
    """Neither the street of one large trader nor the city's sum is shown; the market tells nothing of him and stays."""
    tree = street(a=owners(900, 1, 1, 1, 1, first=0))
    assert shown(tree) == {"market"}


def test_a_street_that_must_be_hidden_takes_its_neighbour_along() -> None:
    """A city's sum less its market would be the street of four."""
    tree = street(a=owners(20, 20, 20, 20, first=0))
    assert shown(tree, secondary=False) == {"city", "market"}
    assert shown(tree) == {"city"}


def test_a_hidden_block_lies_beside_a_tenth_of_it() -> None:
    """A group that is safe as a whole may still bound a block in it too closely; then it takes in more."""
    four = owners(100, 100, 100, 100, first=0)
    tree = street(a=four, b=owners(3, 3, 3, first=10), c=owners(60, 60, 60, 60, 60, first=20))
    assert is_safe({**four, **owners(3, 3, 3, first=10)})
    assert "c" not in shown(tree)


def test_the_root_can_be_hidden_from_outside() -> None:
    """What another table hides is hidden here as well."""
    tree = street(b=owners(9, 9, 9, 9, 9, first=10))
    assert "city" in shown(tree)
    assert shown(tree, hide_root=True) == {"street", "market", "b"}


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Cities of wards, programmes and blocks, with owners who may hold stalls in several."""
    parents = {"city": ""}
    leaves: dict[str, Shares] = {}
    owner = st.integers(0, 25)
    amount = st.one_of(st.integers(0, 30), st.integers(0, 3_000))
    for ward in range(draw(st.integers(1, 2))):
        parents[f"w{ward}"] = "city"
        for programme in range(draw(st.integers(1, 3))):
            node = f"w{ward}p{programme}"
            parents[node] = f"w{ward}"
            for block in range(draw(st.integers(1, 4))):
                leaf = f"{node}b{block}"
                parents[leaf] = node
                values = draw(st.dictionaries(owner, amount, max_size=12))
                leaves[leaf] = {each: (value,) for each, value in values.items()}
    return Tree(parents, leaves)


def total_of(tree: Tree, leaves: list[str]) -> dict[object, tuple[int, ...]]:
    sums: dict[object, tuple[int, ...]] = {}
    for leaf in leaves:
        for owner, (value,) in tree.leaves[leaf].items():
            sums[owner] = (sums.get(owner, (0,))[0] + value,)
    return sums


def groups(tree: Tree, seen: frozenset[str]) -> Mapping[str, list[str]]:
    """Leaves by their nearest shown node."""
    found: dict[str, list[str]] = {}
    for leaf in tree.leaves:
        way = [node for node in tree.above(leaf) if node in seen]
        if way:
            found.setdefault(way[0], []).append(leaf)
    return found


@settings(max_examples=300)
@given(trees())
def test_what_is_known_of_a_tree_is_safe(tree: Tree) -> None:
    """Each shown node, and each difference between shown nodes, is a sum that obeys the rule."""
    seen = shown(tree)
    for node in seen:
        assert is_safe(total_of(tree, [leaf for leaf in tree.leaves if node in tree.above(leaf)]))
    for leaves in groups(tree, seen).values():
        group = total_of(tree, leaves)
        assert is_safe(group)
        assert sum(value > 0 for (value,) in group.values()) >= LEAST_OWNERS


@settings(max_examples=300)
@given(trees())
def test_hidden_cells_below_the_rule_have_cover(tree: Tree) -> None:
    """Beside each cell below the rule lies a tenth of it, even without the largest owner there."""
    seen = shown(tree)
    for node, leaves in groups(tree, seen).items():
        for cell in {above for leaf in leaves for above in tree.above(leaf)} - {node}:
            inside = total_of(tree, [leaf for leaf in tree.leaves if cell in tree.above(leaf)])
            if is_safe(inside) or node not in tree.above(cell):
                continue
            rest = [
                value
                for (value,) in total_of(
                    tree, [leaf for leaf in leaves if cell not in tree.above(leaf)]
                ).values()
            ]
            cover = sum(rest) - max(rest, default=0)
            assert cover * 10 >= sum(value for (value,) in inside.values())


@given(trees())
def test_nothing_is_hidden_where_every_block_is_safe(tree: Tree) -> None:
    """Secondary suppression hides nothing by itself: where all cells obey the rule all are shown."""
    if all(is_safe(shares) for shares in tree.leaves.values()):
        assert shown(tree) == frozenset(tree.parents)
