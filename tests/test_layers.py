"""Imports point one way: the layers of the design, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "legato"

REALTIME = ["protocol", "broker", "node", "channels", "client", "transports"]
"""Each may import those before it."""

WITHOUT_DJANGO = {"protocol", "broker", "node"}

APART = {"server", "doctor", "bench"}
"""Nobody but each other imports these; management commands start them."""

PROTOCOL_IMPORTS = {"msgspec", "legato.exceptions", "legato.realtime.protocol"}


def modules() -> dict[str, Path]:
    found = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imports_of(tree: ast.AST) -> Iterator[str]:
    """Modules imported at run time; those for type checking do not count."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), names=names):
                for name in names:
                    full = f"{module}.{name.name}"
                    yield full if full in MODULES else module
            case _:
                yield from imports_of(node)


IMPORTS = {
    name: set(imports_of(ast.parse(path.read_text()))) for name, path in MODULES.items()
}


def layer_of(module: str) -> str | None:
    """The layer of ``legato.realtime`` a module belongs to."""
    parts = module.split(".")
    if parts[:2] == ["legato", "realtime"] and len(parts) > 2:
        return parts[2] if parts[2] in REALTIME else None
    return None


def test_the_reader_sees_the_imports() -> None:
    assert "legato.realtime.node.outbox" in IMPORTS["legato.realtime.node.feed"]
    assert len(MODULES) > 40


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_layer_imports_only_those_below_it(module: str) -> None:
    layer = layer_of(module)
    if layer is None:
        return
    allowed = REALTIME[: REALTIME.index(layer) + 1]
    for imported in IMPORTS[module]:
        if imported.startswith("legato.realtime."):
            assert layer_of(imported) in allowed, f"{module} imports {imported}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_the_core_knows_no_django(module: str) -> None:
    if layer_of(module) in WITHOUT_DJANGO:
        for imported in IMPORTS[module]:
            root = imported.partition(".")[0]
            assert root not in {"django", "asgiref"}, f"{module} imports {imported}"
            assert imported != "legato.conf"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_the_protocol_knows_bytes_and_values(module: str) -> None:
    if layer_of(module) != "protocol":
        return
    for imported in IMPORTS[module]:
        ours = any(imported.startswith(known) for known in PROTOCOL_IMPORTS)
        clock_or_io = imported.partition(".")[0] in {"asyncio", "time", "socket"}
        third_party = imported.startswith("legato") and not ours
        assert not clock_or_io, f"{module} imports {imported}"
        assert not third_party, f"{module} imports {imported}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_nobody_imports_what_stands_apart(module: str) -> None:
    apart = module.split(".")[1:2] and module.split(".")[1] in APART
    for imported in IMPORTS[module]:
        parts = imported.split(".")
        if parts[0] == "legato" and len(parts) > 1 and parts[1] in APART:
            started = module.startswith("legato.management.commands.")
            assert apart or started, f"{module} imports {imported}"


def test_the_exceptions_import_nothing() -> None:
    assert IMPORTS["legato.exceptions"] == {"__future__"}


def test_there_are_no_cycles() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path, module])
        if module in done:
            return
        for imported in sorted(IMPORTS[module] & MODULES.keys()):
            visit(imported, (*path, module))
        done.add(module)

    for module in MODULES:
        visit(module, ())
