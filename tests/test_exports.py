from __future__ import annotations

import importlib
import pkgutil

import pytest

import legato

MODULES = [
    module.name
    for module in pkgutil.walk_packages(legato.__path__, "legato.")
    if not module.name.endswith("__main__")
    and not module.name.startswith("legato.bench")
]


def test_the_root_exports_what_users_write_and_no_more() -> None:
    expected = ["Channel", "Client", "History", "apublish", "publish"]
    assert legato.__all__ == expected == sorted(expected)


@pytest.mark.parametrize("name", MODULES)
def test_every_export_exists_and_is_listed_in_order(name: str) -> None:
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", [])
    assert list(exported) == sorted(exported, key=sort_key)
    for export in exported:
        assert hasattr(module, export), f"{name} has no {export}"


def sort_key(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as the linter orders them."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, name
