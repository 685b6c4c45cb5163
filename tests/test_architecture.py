"""The house: imports point down, functions and files stay short."""

import ast
import re
from pathlib import Path

import pytest

import skae

PACKAGE = Path(skae.__file__).parent
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
FILES = sorted(PACKAGE.rglob("*.py"))
# From the top: a room imports from those after it. Pictures use public methods alone.
ORDER = [
    *("display", "io", "outlier", "autoencoders", "model", "networks", "packing", "engine"),
    *("layers", "data"),
]


def imported_rooms(path):
    """Return the rooms that a file imports from."""
    code = path.read_text(encoding="utf-8")
    named = re.findall(r"^\s*(?:from|import) skae\.(\w+)", code, re.MULTILINE)
    whole = re.findall(r"^\s*from skae import (\w+)", code, re.MULTILINE)
    return {room for room in [*named, *whole] if room in ROOMS}


def test_line_counts_of_the_architecture_page():
    """Within a tenth: the page says how large packages are, not which line was last added."""
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    stated = dict(re.findall(r"^\| `?(\w+)`? \| ([\d,]+) \|", page, re.MULTILINE))
    for room in [*ROOMS, "root"]:
        files = PACKAGE.glob("*.py") if room == "root" else (PACKAGE / room).rglob("*.py")
        lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
        assert abs(int(stated[room].replace(",", "")) - lines) <= lines / 10, room


def test_every_room_has_its_place():
    assert sorted(ORDER) == ROOMS


@pytest.mark.parametrize("room", ORDER)
def test_imports_point_down(room):
    above = set(ORDER[: ORDER.index(room)])
    upwards = {
        str(path.relative_to(PACKAGE)): found
        for path in (PACKAGE / room).rglob("*.py")
        if (found := imported_rooms(path) & above)
    }
    assert upwards == {}


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(PACKAGE)) for path in FILES])
def test_functions_and_files_are_short(path):
    """No file over 400 lines; no function over 40, its docstring left out."""
    code = path.read_text(encoding="utf-8")
    assert len(code.splitlines()) <= 400
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef):
            first = node.body[0]
            is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            documented = first.end_lineno - first.lineno + 1 if is_text else 0
            assert node.end_lineno - node.lineno + 1 - documented <= 40, node.name
