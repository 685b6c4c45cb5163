"""What the rebuilt articles owe to their readers."""

import json

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("jinja2", reason="the benchmarks need the extra `benchmarks`")
pytest.importorskip("tqdm", reason="the benchmarks need the extra `benchmarks`")

from sklearn.base import clone

from benchmarks.__main__ import main
from benchmarks.articles import findings, measures, pictures
from benchmarks.articles.claims import claims
from benchmarks.articles.measures import KERAS, SKAE, Extent, Fit, Result
from benchmarks.articles.study import Measured, Study
from benchmarks.articles.table import ARTICLES

QUICK = Extent(most_epochs=1, raced_epochs=1, rounds=1, quick=True)
B1 = next(article for article in ARTICLES if article.id == "B1")


def run(folder, *arguments):
    assert main(["articles", "--quick", "--output", str(folder), *arguments]) == 0
    return (folder / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("articles")
    run(folder, "--only", "B1", "P")
    return folder


def test_page_has_what_was_asked_for(folder):
    page = (folder / "index.html").read_text(encoding="utf-8")
    losses = pd.read_csv(folder / "losses.csv").set_index("id")
    assert losses.loc["B1", "parameters"] == 51_154
    assert losses.loc["B1", "difference"] == 0
    assert list(pd.read_csv(folder / "findings.csv")["id"]) == ["P", "P"]
    assert 'id="pictures-B1"' in page
    assert page.count("<svg") == 5
    assert "stand-in data" in page


def test_resumed_run_trains_nothing_again(folder):
    before = (folder / "curves.csv").read_bytes()
    run(folder, "--only", "B1", "P", "--resume")
    assert (folder / "curves.csv").read_bytes() == before


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Posterior collapse")  # after one epoch of few rows
def test_networks_have_the_parameters_of_their_twins(tmp_path):
    """One of each kind; a full run compares them all."""
    kinds = ["A1s", "C1", "D7", "E1"]
    page = run(tmp_path, "--only", *kinds)
    losses = pd.read_csv(tmp_path / "losses.csv")
    assert list(losses["id"]) == kinds
    assert (losses["difference"] == 0).all()
    assert all(f'id="pictures-{kind}"' in page for kind in kinds)


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.id)
def test_article_is_complete(article):
    assert set(article.pictures) <= set(pictures.DRAWN)
    estimator = clone(article.estimator(seed=3))
    assert estimator.random_state == 3
    assert estimator.batch_size == article.batch_size
    assert article.own.build(2, 512).get_params()["epochs"] == 2


def test_twins_of_variational_articles_lose_what_the_bound_says():
    """The loss by hand has one draw a row, skae's bound many; both start from small codes."""
    (article,) = (article for article in ARTICLES if article.id == "D7")
    rows = measures.rows_of(article, QUICK)
    model = article.by_hand()
    model.compile(optimizer="sgd", loss=article.compiled_loss())
    lost = model.evaluate(rows.test, rows.test, verbose=0)
    assert lost == pytest.approx(784 * np.log(2), rel=0.05)


def test_noise_is_in_what_is_fed_only():
    (article,) = (article for article in ARTICLES if article.id == "D5")
    rows = measures.rows_of(article, QUICK)
    assert 0 <= rows.fed.min() < rows.fed.max() <= 1
    assert not np.array_equal(rows.fed, rows.test)
    np.testing.assert_array_equal(measures.rows_of(B1, QUICK).fed, rows.test)


def study(loss, epochs, seconds=(2.0, 1.0), parameters=(51_154, 51_154)):
    """Return a study of B1 that found this."""
    estimator = B1.estimator(0).set_params(epochs=1)
    rows = measures.rows_of(B1, QUICK)
    fit = Fit(estimator.fit(rows.train), [(epochs, loss, 1.0)])
    races = pd.DataFrame(
        {
            "contestant": [KERAS, SKAE],
            "seconds": seconds,
            "loss": loss,
            "parameters": parameters,
        }
    )
    return Study(
        Extent(),
        {"B1": Measured(B1, rows, Result(races, fit), own=fit)},
        pd.DataFrame(),
    )


def verdicts(study):
    verdicts = [claim.holds for claim in claims(study)]
    assert json.loads(json.dumps(verdicts)) == verdicts
    return verdicts


def test_claims_hold_against_what_was_published():
    assert verdicts(study(loss=0.19, epochs=10)) == [True] * 5
    assert verdicts(study(loss=0.21, epochs=10)) == [True, True, False, True, True]
    assert verdicts(study(loss=0.21, epochs=3)) == [True] * 4  # cut short: nothing to hold it to
    assert verdicts(study(loss=0.19, epochs=3)) == [True] * 5
    slow = study(loss=0.19, epochs=10, seconds=(1.0, 2.0), parameters=(51_154, 51_155))
    assert verdicts(slow) == [False, True, True, False, True]


def test_unknown_ids_are_refused(capsys):
    assert main(["articles", "--only", "B1", "Z9"]) == 1
    said = capsys.readouterr().err
    assert "Expected --only with ids out of A1, " in said
    assert "received Z9" in said


def test_binarised_rows_have_the_pixels_as_their_probabilities():
    X = np.tile(np.array([[0.0, 0.3, 1.0]], np.float32), (4000, 1))
    drawn = findings._binarized(X, seed=0)
    assert set(np.unique(drawn)) == {0, 1}
    np.testing.assert_allclose(drawn.mean(axis=0), X[0], atol=0.03)
