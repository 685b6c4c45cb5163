"""Documentation: links lead somewhere, code is Python that uses what exists."""

import ast
import importlib
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config
from matplotlib import pyplot as plt
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

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


def run(page, **names):
    """Run all code of a page, one block after the other, and return what it defines."""
    exec(compile("\n".join(blocks(page)), page.name, "exec"), names)
    return names


def test_code_of_the_user_guide_runs():
    found = run(ROOT / "docs" / "user_guide.md")
    assert found["autoencoder"].n_epochs_ == 5
    plt.close(found["display"].figure_)


@pytest.mark.slow
def test_code_of_the_deploy_page_runs():
    found = run(ROOT / "docs" / "deploy.md", __name__="deploy")
    assert len(list(found["folder"].iterdir())) == 4


def test_code_of_the_readme_runs(monkeypatch, tmp_path):
    """Fits take one epoch on few samples; the search has two folds and no workers."""
    from sklearn import datasets, model_selection

    import skae

    monkeypatch.chdir(tmp_path)
    X, y = datasets.load_digits(return_X_y=True)
    monkeypatch.setattr(datasets, "load_digits", lambda return_X_y: (X[:200], y[:200]))
    monkeypatch.setitem(skae.DenseAutoencoder.__init__.__kwdefaults__, "epochs", 1)
    two_folds = partial(model_selection.GridSearchCV, cv=2)
    monkeypatch.setattr(model_selection, "GridSearchCV", two_folds)
    with parallel_config("sequential"):
        found = run(
            ROOT / "README.md",
            DenseAutoencoder=skae.DenseAutoencoder,
            PCA=PCA,
            Pipeline=Pipeline,
            SVC=SVC,
        )
    assert found["codes"].shape == (200, 2)
    assert (tmp_path / "digits.onnx").exists()
    assert set(found["search"].best_params_) == {"ae__n_components", "ae__hidden_layer_sizes"}
    plt.close(found["figure"])


def test_objective_of_the_architecture_page_trains():
    found = run(ROOT / "docs" / "architecture.md")
    X = np.random.default_rng(0).normal(size=(40, 6))
    autoencoder = found["LatentNoiseAutoencoder"](2, hidden_layer_sizes=(4,), epochs=1)
    layers = [layer.name for layer in autoencoder.fit(X).encoder_.layers]
    assert "blur" in layers
    assert autoencoder.transform(X).shape == (40, 2)


@pytest.mark.parametrize("example", EXAMPLES, ids=names(EXAMPLES))
def test_examples_use_names_that_exist(example):
    code = example.read_text(encoding="utf-8")
    title, line = code.splitlines()[1:3]
    assert line == "=" * len(title)
    used = imported(code)
    assert {"skae", "skae.display"} & {module for module, _ in used}
    for module, name in used:
        assert hasattr(importlib.import_module(module), name)


def test_every_public_class_is_in_the_reference():
    import skae
    from skae import display

    listed = set(re.findall(r"^   (\w+)$", (ROOT / "docs" / "api.rst").read_text(), re.MULTILINE))
    assert listed == ({*skae.__all__} - {"__version__", "display"}) | {*display.__all__}
