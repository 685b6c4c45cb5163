"""What a benchmark's report owes to its reader."""

import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("jinja2", reason="the benchmarks need the extra `benchmarks`")
pytest.importorskip("tqdm", reason="the benchmarks need the extra `benchmarks`")

from sklearn.decomposition import PCA

from benchmarks import BenchmarkError, datasets, measures
from benchmarks.__main__ import main


class Page(HTMLParser):
    """What a test asks a page: its tables as numbers, its figures, and what it would fetch."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.figures, self.fetched, self._tags = {}, [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        for name in ("src", "href", "xlink:href", "srcset"):
            self.fetched.append(attributes.get(name) or "#")
        if tag == "table":
            self._rows = self.tables[attributes["id"].removeprefix("table-")] = []
        elif tag == "tr":
            self._rows.append([])
        elif tag == "td":
            self._rows[-1].append(attributes["data-value"])
        elif tag == "figure":
            self.figures.append({"caption": "", "labels": []})
        elif tag == "svg":
            self.figures[-1]["labels"].append(attributes["aria-label"])
        self._tags.append(tag)

    def handle_data(self, data):
        if self._tags and self._tags[-1] == "figcaption":
            self.figures[-1]["caption"] += data

    def handle_endtag(self, tag):
        while self._tags and self._tags.pop() != tag:
            pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    assert main(["latent", "--data", "digits", "--quick", "--output", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return Page((folder / "index.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def record(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("table", ["results", "search"])
def test_page_csv_and_json_agree(folder, page, record, table):
    from_csv = pd.read_csv(folder / f"{table}.csv")
    from_json = pd.DataFrame(record["tables"][table])
    pd.testing.assert_frame_equal(from_csv, from_json, check_dtype=False, rtol=1e-12)
    shown = pd.DataFrame(page.tables[table][1:])
    numbers = from_csv.select_dtypes("number")
    for name in numbers:
        assert any(
            np.allclose(pd.to_numeric(shown[i], errors="coerce"), numbers[name], equal_nan=True)
            for i in shown
        ), f"no column of the page holds the numbers of {name}"


def test_record_says_how_to_repeat_the_run(folder, record):
    assert record["command"].startswith("python -m benchmarks latent --data digits --quick")
    assert record["command"] in (folder / "index.html").read_text(encoding="utf-8")
    assert {"date", "python", "keras", "scikit-learn"} <= record["environment"].keys()
    assert record["seed"] == 0
    assert record["wall_time_s"] > 0


def test_page_is_self_contained(folder, page):
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in page.fetched)
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "@import" not in text
    assert "url(http" not in text


def test_every_figure_is_inline_and_described(page):
    assert len(page.figures) == 4
    for figure in page.figures:
        assert figure["caption"].strip()
        assert figure["labels"]
        assert all(figure["labels"])


def test_ids_of_the_page_are_unique(folder):
    ids = pd.Series((folder / "index.html").read_text(encoding="utf-8")).str.findall(
        r'\bid="([^"]+)"'
    )
    assert len(ids[0]) == len(set(ids[0]))


def test_pca_row_is_what_scikit_learn_gives(record):
    results = pd.DataFrame(record["tables"]["results"]).set_index(["method", "components"])
    digits = datasets.load("digits")
    split = datasets.split(digits, rows=600, standardize=False, random_state=0)
    pca = PCA(2, random_state=0).fit(split.X_train)
    residual = split.X_test - pca.inverse_transform(pca.transform(split.X_test))
    r2 = 1 - (residual**2).sum() / ((split.X_test - pca.mean_) ** 2).sum()
    assert results.loc[("PCA", 2), "r2"] == pytest.approx(r2, abs=1e-5)


def test_variance_reconstructed_is_on_the_scale_of_explained_variance():
    X = datasets.load("wine").X
    pca = PCA(2).fit(X)
    r2 = measures.variance_reconstructed(X, pca.inverse_transform(pca.transform(X)), pca.mean_)
    assert r2 == pytest.approx(pca.explained_variance_ratio_.sum())


def test_precision_of_a_perfect_code_is_one_and_of_a_useless_one_is_chance():
    labels = np.repeat(np.arange(4), 50)
    codes = np.eye(4)[labels]
    rng = np.random.default_rng(0)
    precision, seconds = measures.precision_at(codes, labels, codes, labels)
    assert precision == 1
    assert seconds > 0
    noise = rng.normal(size=(400, 2))
    precision, _ = measures.precision_at(noise[:200], labels, noise[200:], labels)
    assert precision == pytest.approx(0.25, abs=0.05)


def test_split_holds_out_and_keeps_the_class_proportions():
    digits = datasets.load("digits")
    split = datasets.split(digits, rows=200, standardize=False, random_state=0)
    assert len(split.X_train) == len(split.X_test) == 200
    assert np.bincount(split.y_train).min() >= 17
    rows = {row.tobytes() for row in split.X_train}
    assert not any(row.tobytes() in rows for row in split.X_test)


@pytest.mark.parametrize("name", ["ecg5000", "creditcard", "adbench/glass"])
def test_missing_data_gives_one_sentence(name, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SKAE_DATA_HOME", str(tmp_path))
    assert main(["latent", "--data", name]) == 1
    said = capsys.readouterr().err.strip()
    assert said.startswith(f"error: Expected the file {name}.npz in the folder")
    assert "fetch the original from https://" in said
    assert len(said.splitlines()) == 1


def test_no_images_and_no_network_give_one_sentence(monkeypatch, capsys):
    import keras

    def unreachable():
        raise Exception("URL fetch failure on https://example.org: None -- no route\nmore")

    monkeypatch.delenv("SKAE_DATA_HOME", raising=False)
    monkeypatch.setattr(keras.datasets.mnist, "load_data", unreachable)
    assert main(["latent", "--data", "mnist"]) == 1
    said = capsys.readouterr().err.strip()
    assert "set SKAE_DATA_HOME to its folder" in said
    assert len(said.splitlines()) == 1


def test_file_without_its_arrays_is_refused(tmp_path, monkeypatch):
    np.savez(tmp_path / "ecg5000.npz", rows=np.zeros((3, 2)))
    monkeypatch.setenv("SKAE_DATA_HOME", str(tmp_path))
    with pytest.raises(BenchmarkError, match=r"Expected the arrays x_train, .*received rows"):
        datasets.load("ecg5000")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "nothing"], r"Expected a data set out of digits, .*received 'nothing'"),
        (["--components", "65"], r"Expected --components of at most 64.*received 65"),
    ],
)
def test_what_cannot_be_measured_is_refused(arguments, message, capsys):
    assert main(["latent", *arguments]) == 1
    assert pd.Series([capsys.readouterr().err]).str.contains(message).all()
