"""Documentation: links lead somewhere, code is Python that uses what exists."""

import ast
import importlib
import re
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("plot_*.py"))
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s#]+)[^)]*\)")
BUILT = re.compile(r"^auto_examples/")  # by sphinx-gallery


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def blocks(page):
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def imported(code):
    """Return (module, name) of everything that code imports from skae."""
    return [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "skae"
        for alias in node.names
    ]


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_relative_links_lead_to_files(page):
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    local = [target for target in targets if ":" not in target and not BUILT.match(target)]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_code_of_pages_compiles_and_imports_what_exists(page):
    for code in blocks(page):
        compile(code, page.name, "exec")
        for module, name in imported(code):
            assert hasattr(importlib.import_module(module), name)


def test_pages_with_code_are_found():
    assert len(blocks(ROOT / "README.md")) >= 3
    assert len(blocks(ROOT / "docs" / "user_guide.md")) >= 3


def test_code_of_the_user_guide_runs():
    code = "\n".join(blocks(ROOT / "docs" / "user_guide.md"))
    found = {}
    exec(compile(code, "user_guide.md", "exec"), found)
    assert found["autoencoder"].n_epochs_ == 5
    plt.close(found["display"].figure_)


@pytest.mark.parametrize("example", EXAMPLES, ids=names(EXAMPLES))
def test_examples_draw_with_displays_that_exist(example):
    code = example.read_text(encoding="utf-8")
    title, line = code.splitlines()[1:3]
    assert line == "=" * len(title)
    used = imported(code)
    assert "skae.display" in {module for module, _ in used}
    for module, name in used:
        assert hasattr(importlib.import_module(module), name)


def test_every_public_class_is_in_the_reference():
    import skae
    from skae import display

    listed = set(re.findall(r"^   (\w+)$", (ROOT / "docs" / "api.rst").read_text(), re.MULTILINE))
    assert listed == ({*skae.__all__} - {"__version__", "display"}) | {*display.__all__}
