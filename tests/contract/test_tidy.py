"""Rules of the code that no tool of its own holds: sizes, names, time, commits, permissions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("kit", "services", "gateway", "cli", "sandbox", "bench")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "managers"}
# Who may end a transaction: the edges, and parts that speak to the database by themselves.
MAY_COMMIT = {
    "kit/db.py",
    "kit/relay.py",
    "kit/inbox.py",
    "kit/events_postgres.py",
    "kit/migrate.py",
    "kit/outbox.py",
}


def sources(*folders: str) -> list[Path]:
    """Every module of the product's folders (or those given), migrations and generated code aside."""
    return sorted(
        path
        for folder in folders or FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if "versions" not in path.parts and "node_modules" not in path.parts
    )


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in sources()}


def test_files_stay_short() -> None:
    """A file that passes 400 lines becomes a folder, split by noun; tests and fakes as well."""
    long = [
        f"{path.relative_to(ROOT)}: {lines}"
        for path in sources(*FOLDERS, "tests")
        if (lines := len(path.read_text().splitlines())) > 400
    ]
    assert long == []


def test_functions_stay_short(trees: dict[str, ast.Module]) -> None:
    """A function of more than 70 lines is two."""
    long = [
        f"{name}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for name, tree in trees.items()
        for node in functions(tree)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > 70
    ]
    assert long == []


def test_no_module_is_a_drawer() -> None:
    """A function goes where its noun lives, not into a module for everything."""
    assert [
        str(path) for path in sources() if path.stem in FORBIDDEN_NAMES or path.parent.name in FORBIDDEN_NAMES
    ] == []


def test_one_clock(trees: dict[str, ast.Module]) -> None:
    """The time of day is read in kit.clock alone."""
    found = []
    for name, tree in trees.items():
        if name == "kit/clock.py":
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = node.func.value
            owner_name = (
                owner.id
                if isinstance(owner, ast.Name)
                else owner.attr
                if isinstance(owner, ast.Attribute)
                else ""
            )
            reads = {
                ("datetime", "now"),
                ("datetime", "utcnow"),
                ("datetime", "today"),
                ("date", "today"),
                ("time", "time"),
            }
            if (owner_name, node.func.attr) in reads:
                found.append(f"{name}:{node.lineno}")
    assert found == []


def test_only_the_edges_commit(trees: dict[str, ast.Module]) -> None:
    """Flows and stores take a session and never end its transaction."""
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        if (
            name.startswith("services/")
            and Path(name).name in {"flows.py", "store.py", "publish.py", "domain.py"}
        )
        or any(part in {"flows", "store", "domain"} for part in Path(name).parts)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}
    ]
    assert found == []


def test_no_float_near_money(trees: dict[str, ast.Module]) -> None:
    """Domain code holds no float literal and makes none."""
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        if Path(name).name == "domain.py" or "domain" in Path(name).parts or name == "kit/money.py"
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float")
    ]
    assert found == []


def test_domain_stands_alone(trees: dict[str, ast.Module]) -> None:
    """A domain imports the standard library, the chassis and its own folder; no framework, no driver, no wire form."""
    allowed = {
        "__future__",
        "abc",
        "base64",
        "bisect",
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "enum",
        "functools",
        "hashlib",
        "heapq",
        "hmac",
        "itertools",
        "json",
        "math",
        "operator",
        "re",
        "secrets",
        "string",
        "typing",
        "unicodedata",
        "uuid",
        "zoneinfo",
        "fractions",
        "calendar",
        "importlib",
        "pathlib",
        "kit",
        "services",
        "struct",
        "binascii",
        "zlib",
    }
    found = []
    for name, tree in trees.items():
        parts = Path(name).parts
        if not (name.startswith("services/") and (parts[-1] == "domain.py" or "domain" in parts)):
            continue
        for node in ast.walk(tree):
            modules = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else (
                    [node.module]
                    if isinstance(node, ast.ImportFrom) and node.module and node.level == 0
                    else []
                )
            )
            found += [
                f"{name}:{node.lineno} {module}"
                for module in modules
                if module.split(".")[0] not in allowed or module in {"kit.db", "kit.outbox", "kit.inbox"}
            ]
    assert found == []


def test_wire_forms_stay_at_the_edges(trees: dict[str, ast.Module]) -> None:
    """Generated code is imported where bytes come and go, nowhere else."""
    allowed = ("gateway/", "cli/", "sandbox/", "bench/", "kit/testing/")
    edges = {"rpc", "consume", "publish", "http", "jobs", "clients", "ports", "__main__"}
    found = []
    for name, tree in trees.items():
        if name.startswith(allowed):
            continue
        stems = {Path(name).stem, *Path(name).parts}
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.ImportFrom)
                and (node.module or "").startswith("xoai.")
                and not stems & edges
            ):
                found.append(f"{name}:{node.lineno} {node.module}")
    assert found == []


def test_every_module_says_what_it_is_for(trees: dict[str, ast.Module]) -> None:
    """A module begins with what it is for; packages without code need no words."""
    assert [name for name, tree in trees.items() if tree.body and ast.get_docstring(tree) is None] == []
