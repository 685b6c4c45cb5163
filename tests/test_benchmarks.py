"""What the benchmarks owe to their readers: records that can be repeated, pages made of them."""

import os
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("jinja2", reason="the benchmarks need the extra `benchmarks`")
pytest.importorskip("tqdm", reason="the benchmarks need the extra `benchmarks`")

from sklearn.base import clone
from sklearn.decomposition import PCA

from benchmarks import (
    BenchmarkError,
    columns,
    datasets,
    defaults,
    measures,
    record,
    tables,
    views,
)
from benchmarks.__main__ import main
from benchmarks.anomaly import job as anomaly
from benchmarks.anomaly import selection
from benchmarks.anomaly.problems import problems
from benchmarks.articles import job as articles
from benchmarks.measures import epoch_seconds, loss_of
from benchmarks.speed import contestants, contests, paths
from benchmarks.speed.contests import RACES
from benchmarks.workers import Workers

LATENT = ["latent", "--data", "wine", "--quick", "--components", "2"]
# A quick study has few rows to calibrate with, which the detector warns of.
FEW_ROWS = "ignore:Expected at least 19 calibration rows:UserWarning"


class Page(HTMLParser):
    """What a test asks a page: its tables as numbers, what it would fetch, its ids."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.fetched, self.ids, self.drawings = {}, [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.fetched += [attributes.get(name) or "#" for name in ("src", "href", "xlink:href")]
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag == "table":
            self._rows = self.tables[attributes["id"]] = []
        elif tag == "tr":
            self._rows.append([])
        elif tag == "td":
            self._rows[-1].append(attributes["data-value"])
        elif tag == "img":
            self.drawings.append(attributes["alt"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    assert main([*LATENT, "--output", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return Page((folder / "index.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found(folder):
    return record.load("latent/wine", folder)


def test_page_and_record_agree(page, found):
    shown = pd.DataFrame(page.tables["table-latent-wine-results"][1:])
    for name, values in found.tables["results"].select_dtypes("number").items():
        assert any(
            np.allclose(pd.to_numeric(shown[i], errors="coerce"), values, rtol=1e-5, equal_nan=True)
            for i in shown
        ), f"no column of the page holds the numbers of {name}"


def test_record_says_how_to_repeat_the_run(found):
    assert found.origin["command"] == "python -m benchmarks " + " ".join(LATENT)
    assert {"commit", "date", "processor", "seeds", "versions"} <= found.origin.keys()
    assert found.origin["versions"]["keras"]
    assert found.claims == {}  # of a quick run


def test_page_is_self_contained_and_its_drawings_are_described(folder, page):
    assert all(address.startswith(("#", "data:image/svg+xml;base64,")) for address in page.fetched)
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "@import" not in text
    assert "url(http" not in text
    assert len(page.ids) == len(set(page.ids))
    assert page.drawings
    assert all(page.drawings)


def test_page_says_what_pictures_show_and_lists_as_text(folder):
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "<h1>Compare an autoencoder&#39;s codes with PCA&#39;s on rows that neither has" in text
    assert re.search(r"<dd>skae [\w.]+, keras [\d.]+", text)
    assert "{&#39;" not in text


def test_without_a_question_they_are_listed(capsys):
    assert main([]) == 0
    assert "latent" in capsys.readouterr().out


def title_in_browser(page, script, tmp_path, width=1200):
    """Return the title of a page that a browser has opened, after a script has set it."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    text = page.read_text(encoding="utf-8")
    text = text.replace("</body>", f"<script>{script}</script></body>")
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    options += [
        f"--window-size={width},900",
        "--dump-dom",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    opened = subprocess.run(
        [chromium, *options, (tmp_path / "index.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Uncaught" not in opened.stderr
    return re.search("<title>(.*?)</title>", opened.stdout)[1]


def test_page_opens_in_a_browser_and_its_headings_sort(folder, tmp_path):
    click = """
      const heading = document.querySelectorAll("th")[2];
      heading.querySelector("button").click();
      document.title = [...document.querySelectorAll("table")[0].tBodies[0].rows]
        .map((row) => row.cells[2].dataset.value).join(" ");
    """
    title = title_in_browser(folder / "index.html", click, tmp_path)
    values = [float(value) for value in title.split() if value != "nan"]
    assert len(values) >= 2
    assert values == sorted(values)


@pytest.mark.parametrize("width", [500, 1200])
def test_page_is_no_wider_than_the_window_and_every_column_can_be_read(width, folder, tmp_path):
    scroll = """
      const box = document.querySelector(".scroll");
      box.scrollLeft = box.scrollWidth;
      const end = (element) => element.getBoundingClientRect().right;
      document.title = [document.documentElement.scrollWidth <= window.innerWidth,
        end(box) <= window.innerWidth, end(box.querySelector("th:last-child")) <= end(box) + 1];
    """
    title = title_in_browser(folder / "index.html", scroll, tmp_path, width)
    assert title == "true,true,true"


def test_resumed_run_measures_nothing_again(folder, found, monkeypatch):
    monkeypatch.setattr(measures, "measure", None)
    assert main([*LATENT, "--resume", "--output", str(folder)]) == 0
    again = record.load("latent/wine", folder)
    pd.testing.assert_frame_equal(again.tables["results"], found.tables["results"])


def test_parts_of_another_source_are_not_there(tmp_path):
    record.Parts(tmp_path, "a", resumes=False).save("part", 1)
    assert record.Parts(tmp_path, "a", resumes=True).load("part") == 1
    assert record.Parts(tmp_path, "b", resumes=True).load("part") is None
    assert record.Parts(tmp_path, "a", resumes=False).load("part") is None


def test_pca_row_is_what_scikit_learn_gives(found):
    split = datasets.split(datasets.load("wine"), rows=600, standardize=True, random_state=0)
    pca = PCA(2, random_state=0).fit(split.X_train)
    residual = split.X_test - pca.inverse_transform(pca.transform(split.X_test))
    r2 = 1 - (residual**2).sum() / ((split.X_test - pca.mean_) ** 2).sum()
    assert found.figures["r2_PCA_2"] == pytest.approx(r2, abs=1e-5)


def test_precision_of_a_perfect_code_is_one_and_of_a_useless_one_is_chance():
    labels = np.repeat(np.arange(4), 50)
    codes = np.eye(4)[labels]
    assert measures.precision_at(codes, labels, codes, labels) == 1
    noise = np.random.default_rng(0).normal(size=(400, 2))
    precision = measures.precision_at(noise[:200], labels, noise[200:], labels)
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
        (["latent", "--data", "nothing"], "Expected a data set out of digits, "),
        (["latent", "--components", "65"], "Expected --components of at most 64"),
        (["speed", "--quick", "--check"], "Expected --check or --record without --quick"),
        (["articles", "--only", "B1", "Z9"], "received Z9"),
    ],
)
def test_what_cannot_be_measured_is_refused(arguments, message, capsys):
    assert main(arguments) == 1
    assert message in capsys.readouterr().err


# Pages of the documentation


def test_pages_say_what_the_records_say(capsys):
    assert tables.write(check=True) == 0, f"run `make tables`: {capsys.readouterr().out}"


def test_every_view_is_shown_and_every_record_can_be_shown():
    text = "".join(page.read_text(encoding="utf-8") for page in tables.PAGES)
    assert [view for view in views.VIEWS if f"<!-- record: {view} -->" not in text] == []
    assert all(record.load(name).name == name for name in record.names())


# Of the changes that performance.md tells of: what was before them cannot be measured again.
HISTORY = {"CPU seconds an epoch", "rows × features, axes", "part"}


def test_measured_tables_are_generated():
    for page in tables.PAGES:
        by_hand = tables.MARKED.sub("", page.read_text(encoding="utf-8"))
        for table in re.findall(r"(?:^\|.*\n)+", by_hand, re.MULTILINE):
            first_column = table.split("|")[1].strip()
            is_measured = re.search(r"\| [\d.]*\.\d+ ", table) is not None
            assert not is_measured or (page.name, first_column) in {
                ("performance.md", header) for header in HISTORY
            }, f"{page.name}: a table by hand, {first_column}"


def test_table_without_a_record_stays_as_it_was_written(tmp_path, monkeypatch):
    monkeypatch.setattr(tables.record.load, "__defaults__", (tmp_path,))
    text = "<!-- record: serving/times -->by hand<!-- end -->"
    assert tables.filled(text) == text


def test_choice_of_a_norm_is_shown_from_its_record(tmp_path, monkeypatch):
    protocols = ["normal rows", "anomalies left in"]
    parts = pd.DataFrame([("a", 0.7, 0.6)], columns=["norm", *protocols])
    left_out = pd.DataFrame({"table": ["x", "y"], "chosen": ["a + b", "b"]})
    by_table = pd.DataFrame(
        [("x", protocol, 0.5, 0.25, 1.0) for protocol in protocols],
        columns=["table", "protocol", "a", "b", "a + b"],
    )
    figures = {f"chosen, {name}": 0.9 for name in protocols}
    figures |= {f"chosen on the others, {name}": 0.75 for name in protocols}
    figures |= {f"best on the others, {name}": 0.5 for name in protocols}
    one = record.Record("anomaly/selection", "", "", figures, settings={"chosen": "a + b"})
    one.tables = {"parts": parts, "left out": left_out, "parts by table": by_table}
    one.origin = record.origin("command", [0], 1)
    one.save(tmp_path)
    monkeypatch.setattr(tables.record.load, "__defaults__", (tmp_path,))
    assert "most scores: a + b | 0.900 | 0.900 |" in views.selection()
    assert "on the other tables (this norm 1 times) | 0.750 | 0.750 |" in views.selection()
    assert "| highest mean on the other tables | 0.500 | 0.500 |" in views.selection()
    assert "| a | 0.700 | 0.600 |" in views.parts_of_norm()
    assert "| x | 0.50 / 0.50 | 0.25 / 0.25 | 1.00 / 1.00 |" in views.tables_of_norm()


def test_candidates_of_the_selection_are_norms():
    values = pd.DataFrame({"residual": [1.0, 3.0], "row": [2.0, 1.0], "isolation": [0.0, 5.0]})
    norm = selection.CANDIDATES["residual + 2 row, p = 4"]
    assert norm.ranked(values).tolist() == [1 + 2 * 16, 81 + 2]
    assert norm.without("row").ranked(values).tolist() == [1.0, 3.0]
    assert str(norm.without("residual")) == "row"
    three = selection.CANDIDATES["residual + 2 row + isolation, p = 2"]
    assert str(three.without("isolation")) == "residual + 2 row, p = 2"


def test_every_column_is_described_once():
    assert columns.COLUMNS.index.is_unique


def test_most_terms_within_one_standard_error_are_chosen():
    rows = pd.MultiIndex.from_product([["x", "y"], ["normal rows"], [0]])
    found = pd.DataFrame(
        {"a": [0.90, 0.80], "b": [0.70, 0.60], "a + b": [0.92, 0.77], "b + c": [0.71, 0.61]},
        index=rows,
    ).rename_axis(["table", "protocol", "seed"])
    assert selection.best_of(found) == "a"
    assert selection.choice(found) == "a + b"
    assert selection.choice(found.drop(columns="a + b")) == "a"


@pytest.fixture
def results(tmp_path, monkeypatch):
    """One record, in the place of all others."""
    one = record.Record("speed/x", "X", "", figures={"ratio": 0.5, "Keras by hand": 3.14159})
    one.save(tmp_path)
    monkeypatch.setattr(tables.record.load, "__defaults__", (tmp_path,))


@pytest.mark.usefixtures("results")
def test_marked_figures_are_written_and_marked_claims_are_checked():
    text = "so <!-- record: speed/x.Keras by hand .1f -->2<!-- end --> times, <!-- record: "
    text += (
        "speed/x.ratio .2f --><!-- end --> of it, <!-- record: speed/x.ratio {} -->two<!-- end -->"
    )
    held, broken = text.format("<= 0.5"), text.format(">= 0.6")
    assert ".1f -->3.1<!-- end --> times" in tables.filled(held)
    assert ".2f -->.50<!-- end --> of it" in tables.filled(held)
    assert "-->two<!-- end -->" in tables.filled(held)
    assert tables.broken_claims(held) == []
    assert tables.broken_claims(broken) == ["speed/x.ratio >= 0.6"]


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("speed/y.ratio .1f", "Expected a record out of .*received 'speed/y'"),
        ("speed/x.y .1f", "Expected a figure of speed/x out of ratio"),
        ("speed/nothing", "Expected a table out of .*received 'speed/nothing'"),
    ],
)
def test_unknown_marks_are_refused(what, message):
    with pytest.raises(BenchmarkError, match=message):
        tables.filled(f"<!-- record: {what} --><!-- end -->")


def test_record_survives_its_file(tmp_path):
    table = pd.DataFrame({"name": ["ä", "b"], "value": [0.1234567891, np.nan]})
    one = record.Record("a/b", "T", "A", {"x": np.float32(1)}, {"t": table}, {"c": np.bool_(True)})
    one.save(tmp_path)
    again = record.load("a/b", tmp_path)
    assert again.figures == {"x": 1.0}
    assert again.claims == {"c": True}
    assert again.table["value"][0] == 0.123457
    assert again.table["value"].isna().tolist() == [False, True]
    assert again.table["name"].tolist() == ["ä", "b"]


# Speed


def test_losses_are_those_of_the_formulas():
    X = datasets.training_rows("digits", 1797)

    def half(rows):
        return np.full(rows.shape, 0.5)

    assert loss_of("mse", X, half) == pytest.approx(np.square(X - 0.5).mean(), rel=1e-6)
    assert loss_of("bce", X, half) == pytest.approx(np.log(2))
    assert loss_of("mse", X, lambda rows: rows) == 0


def test_only_able_contestants_enter_and_quick_is_smaller():
    scikit_learn = contestants.ScikitLearn("MLPRegressor", ("scikit-learn",))
    assert scikit_learn.can(RACES["dense32-mse"].task)
    assert not scikit_learn.can(RACES["dense32-bce"].task)
    assert not scikit_learn.can(RACES["conv"].task)
    for race in RACES.values():
        quick = race.task.quick
        assert quick.rows * quick.epochs < race.task.rows * race.task.epochs


def claims_of_race(losses=(0.05, 0.05, 0.05), **seconds):
    seconds = {"skae": 1.0, "Keras on TensorFlow": 5.0, "MLPRegressor": 1.4} | seconds
    runs = pd.DataFrame(seconds.items(), columns=["contestant", "seconds"]).assign(loss=losses)
    return list(contests.describe("dense32-mse", runs).claims.values())


def test_claims_hold_training_less_against_the_winner():
    assert claims_of_race() == [True, True]
    assert claims_of_race(losses=(0.06, 0.05, 0.05)) == [True, False]
    assert claims_of_race(**{"Keras on TensorFlow": 1.5}) == [False, True]


@pytest.mark.slow
def test_path_is_trained_by_hand_and_by_skae_as_far():
    size = paths.Size(rows=256, epochs=2, rounds=1)
    measured = paths.race("plain", 64, size, 0)
    assert measured["difference"] == 0
    assert measured["skae_loss"] == pytest.approx(measured["by_hand_loss"], rel=0.1)
    assert measured["first_ratio"] == measured["by_hand_s"] / measured["first_s"]
    slower = measured | {"first_ratio": 1.2}
    rows = [
        {"objective": name, "features": 64, "backend": "JAX"} | one
        for name, one in (("plain", measured | {"first_ratio": 2.0}), ("sparse", slower))
    ]
    described = paths.describe(pd.DataFrame(rows), size)
    assert described.figures["worst"] == 1.2
    assert "sparse, 64 features, JAX" in described.answer
    assert list(described.claims.values()) == [False, True, True]


@pytest.mark.parametrize("objective", paths.OBJECTIVES)
def test_estimators_of_all_paths_are_of_their_shape(objective):
    estimator, _ = paths.OBJECTIVES[objective]
    assert clone(estimator((8, 8))).get_params()["epochs"] > 0


def test_epochs_are_timed_without_the_first():
    import skae

    autoencoder = skae.DenseAutoencoder(hidden_layer_sizes=(), epochs=3, early_stopping=False)
    by_the_clock, of_the_processor = epoch_seconds(autoencoder, np.eye(20))
    assert 0 < by_the_clock < 5
    assert 0 < of_the_processor < 10


def test_worker_is_another_process_with_its_environment():
    workers = Workers()
    try:
        assert workers("one", {"SKAE_TEST": "set"}, os.getpid) != os.getpid()
        assert workers("one", {}, os.getenv, "SKAE_TEST") == "set"
        assert workers(None, {}, os.getpid) != workers(None, {}, os.getpid)
    finally:
        workers.close()
    assert "SKAE_TEST" not in os.environ


# Defaults, anomalies, articles


def test_defaults_are_held_against_pca():
    run = {"data": "d", "pca_r2": 0.5, "pca_svc": 0.5, "r2": 0.5, "svc": 0.6, "best_epoch": 1}
    gains = [("default", 0.1, 0.1), ("default", -0.01, 0.2), ("other", 0.3, 0.0)]
    runs = [run | {"setting": s, "r2_gain": r, "svc_gain": a, "fit_s": 1.0} for s, r, a in gains]
    described = defaults.describe(pd.DataFrame(runs), 100)
    settings = described.tables["settings"].set_index("setting")
    assert settings.loc["default", "worse"] == 1
    assert settings.loc["default", "r2_gain"] == pytest.approx(0.045)
    assert list(described.claims.values()) == [False, True]


def test_training_rows_are_normal_and_labels_say_what_is_not():
    for problem in problems("digits", seed=0, rows=60, quick=True):
        assert problem.X_train.shape == (60, 64)
        assert len(problem.is_anomaly) == len(problem.X_test)
        assert 0.8 < problem.is_anomaly.mean() < 1
        distances = np.linalg.norm(problem.X_test - problem.X_train.mean(axis=0), axis=1)
        assert distances[problem.is_anomaly].mean() > distances[~problem.is_anomaly].mean()


def test_excess_is_counted_in_deviations_of_the_mean_over_seeds():
    alarm = {"problem": "p", "method": "m", "promised": 0.1, "deviation": 0.02}
    rates = [{"seed": s, "measured": m, "by_training_error": 0.5} for s, m in enumerate((0.1, 0.2))]
    (means,) = anomaly.excesses(pd.DataFrame([alarm | rate for rate in rates])).to_dict("records")
    assert means["measured"] == pytest.approx(0.15)
    assert means["excess"] == pytest.approx(0.05 / (0.02 / np.sqrt(2)))
    assert means["training_excess"] == pytest.approx(0.4 / (0.02 / np.sqrt(2)))


@pytest.mark.filterwarnings(FEW_ROWS)
def test_resumed_study_measures_only_the_methods_that_are_missing(tmp_path, monkeypatch):
    arguments = ["anomaly", "--quick", "--rows", "60", "--groups", "digits"]
    arguments += ["--output", str(tmp_path), "--methods", "PCA residual"]
    assert main(arguments) == 0
    measured = []
    measure = anomaly._measure
    monkeypatch.setattr(
        anomaly, "_measure", lambda *args: measured.append(args[0]) or measure(*args)
    )
    assert main([*arguments, "LOF", "--resume"]) == 0
    assert measured == ["LOF"] * 3
    means = record.load("anomaly/digits", tmp_path).tables["means"]
    assert means["method"].tolist() == ["PCA residual", "LOF"]


def article(name):
    from benchmarks.articles.table import ARTICLES

    (found,) = ARTICLES[ARTICLES["id"] == name].itertuples()
    return found


def test_articles_are_complete():
    from benchmarks.articles.table import ARTICLES, estimator

    for one in ARTICLES.itertuples():
        made = clone(estimator(one, seed=3))
        assert made.random_state == 3
        assert made.batch_size == one.batch_size


def test_article_has_as_many_weights_as_published(tmp_path):
    parts = record.Parts(tmp_path, "a", resumes=True)
    extent = articles.Extent(most_epochs=1, quick=True)
    found = articles.trained(article("B1"), extent, parts)
    described = articles.describe(article("B1"), *found)
    assert described.figures["weights"] == 51_154
    assert 0.5 < described.figures["loss"] < 0.8
    again = articles.trained(article("B1"), articles.Extent(most_epochs=2, quick=True), parts)
    assert again[2][:1] == found[2]  # resumed: the first epoch is not trained again
    assert [epochs for epochs, *_ in again[2]] == [1, 2]


def test_claims_of_articles_hold_against_what_was_published():
    def verdicts(halves=(25_000, 26_154), **changes):
        return list(articles.claims(article("B1"), {"of": 10} | changes, halves).values())

    assert verdicts(loss=0.19, epochs=10) == [True, True]
    assert verdicts(loss=0.21, epochs=10) == [True, False]
    assert verdicts(loss=0.21, epochs=3) == [True]  # cut short: nothing to hold it to
    assert verdicts(loss=0.19, epochs=10, halves=(1, 1)) == [False, True]


def test_binarised_rows_have_the_pixels_as_their_probabilities():
    from benchmarks.articles import findings

    X = np.tile(np.array([[0.0, 0.3, 1.0]], np.float32), (4000, 1))
    drawn = findings._binarized(X, seed=0)
    assert set(np.unique(drawn)) == {0, 1}
    np.testing.assert_allclose(drawn.mean(axis=0), X[0], atol=0.03)
