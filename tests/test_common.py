"""What every autoencoder owes, whatever its network and its objective."""

import copy
import io
import pickle
import threading

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.estimator_checks import check_estimator

import skae
from tests.estimators import (
    AUTOENCODERS,
    EXPECTED_FAILED_CHECKS,
    NOT_STARTED_FROM_PCA,
    digits,
    for_any_table,
    skip_without,
    state,
)


def _by_pickle(estimator):
    return pickle.loads(pickle.dumps(estimator))


def _by_cloudpickle(estimator):
    cloudpickle = pytest.importorskip("cloudpickle", reason="joblib came with its own")
    return pickle.loads(cloudpickle.dumps(estimator))


def _by_joblib(estimator):
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    return joblib.load(file)


copied = pytest.mark.parametrize("copied", [_by_pickle, _by_cloudpickle, _by_joblib, copy.deepcopy])


def test_every_public_autoencoder_is_listed():
    public = {name for name in skae.__all__ if isinstance(getattr(skae, name), type)}
    autoencoders = {
        name
        for name in public
        if issubclass(getattr(skae, name), skae.BaseAutoencoder) and name != "BaseAutoencoder"
    }
    assert autoencoders == set(AUTOENCODERS)


_OTHERS = sorted({*AUTOENCODERS} - {"DenseAutoencoder"})


@pytest.mark.parametrize(
    "name", ["DenseAutoencoder", *(pytest.param(name, marks=pytest.mark.slow) for name in _OTHERS)]
)
def test_scikit_learn_checks(name):
    results = check_estimator(
        for_any_table(AUTOENCODERS[name]),
        expected_failed_checks=EXPECTED_FAILED_CHECKS,
        on_fail=None,
        on_skip=None,
    )
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert failed == {}
    assert {r["check_name"] for r in results if r["status"] == "xfail"} == set(
        EXPECTED_FAILED_CHECKS
    )


# ---- shapes and values ------------------------------------------------------------------------


def test_training_moves_the_weights(autoencoder, fitted, X):
    """Or else every comparison of codes below would compare starts."""
    once_more = clone(fitted).set_params(epochs=1).fit(X)
    assert np.abs(once_more.transform(X) - fitted.transform(X)).max() > 1e-3


def test_codes_are_float32_of_n_components_columns(fitted, X):
    codes = fitted.transform(X)
    assert codes.shape == (len(X), fitted.encoder_.output.shape[1])
    assert codes.dtype == np.float32
    np.testing.assert_array_equal(codes, fitted.transform(X))
    assert len(np.unique(codes, axis=0)) > len(X) // 2


def test_fit_transform_is_fit_then_transform(autoencoder, fitted, X):
    np.testing.assert_array_equal(autoencoder.fit_transform(X), fitted.transform(X))


def test_reconstruct_is_inverse_transform_of_transform(fitted, X):
    reconstruction = fitted.reconstruct(X)
    assert reconstruction.shape == X.shape
    np.testing.assert_allclose(
        reconstruction, fitted.inverse_transform(fitted.transform(X)), rtol=0, atol=1e-4
    )


def test_models_map_rows_in_their_units(fitted, X):
    """The nested Keras models mean what the methods mean, whoever calls them."""
    sample = X.astype(np.float32).reshape(-1, *fitted.encoder_.input.shape[1:])
    codes = np.asarray(fitted.encoder_(sample))
    np.testing.assert_allclose(codes, fitted.transform(X), rtol=0, atol=1e-4)
    np.testing.assert_allclose(
        np.asarray(fitted.decoder_(codes)).reshape(X.shape), fitted.reconstruct(X), atol=1e-3
    )
    np.testing.assert_allclose(
        np.asarray(fitted.model_(sample)).reshape(X.shape), fitted.reconstruct(X), atol=1e-3
    )


def test_score_is_the_fraction_of_variance_reconstructed(fitted, X):
    held_out = digits(140)[len(X) :]
    residual = ((held_out - fitted.reconstruct(held_out)) ** 2).sum()
    total = ((held_out - X.mean(axis=0)) ** 2).sum()
    assert fitted.score(held_out) == pytest.approx(1 - residual / total, abs=1e-5)
    assert fitted.score(held_out, y=np.arange(len(held_out))) == fitted.score(held_out)


def test_score_samples_is_minus_the_mean_squared_error_of_each_row(fitted, X):
    errors = ((X - fitted.reconstruct(X)) ** 2).mean(axis=1)
    np.testing.assert_allclose(fitted.score_samples(X), -errors, rtol=1e-4)


def test_code_of_a_row_does_not_depend_on_its_company(fitted, X):
    codes, errors = fitted.transform(X), fitted.score_samples(X)
    one_by_one = np.vstack([fitted.transform(row[None]) for row in X[:8]])
    np.testing.assert_allclose(one_by_one, codes[:8], rtol=0, atol=1e-5)
    many = np.vstack([X] * 90)  # more rows than are mapped at once
    np.testing.assert_allclose(fitted.transform(many)[-len(X) :], codes, rtol=0, atol=1e-5)
    np.testing.assert_allclose(fitted.score_samples(many)[-len(X) :], errors, rtol=1e-4)


def test_using_a_fitted_estimator_does_not_change_it(fitted, X):
    before = state(fitted)
    fitted.reconstruct(X)
    fitted.score(X)
    fitted.score_samples(X)
    fitted.inverse_transform(fitted.transform(X))
    fitted.get_feature_names_out()
    assert state(fitted) == before


def test_history_has_one_value_an_epoch(fitted, X, autoencoder):
    assert fitted.n_epochs_ == fitted.epochs
    assert all(len(values) == fitted.epochs for values in fitted.history_.values())
    assert {"loss", "val_loss"} <= set(fitted.history_)
    without = autoencoder.set_params(validation_split=0.0).fit(X)
    assert "val_loss" not in without.history_


def test_unfitted_estimator_says_so(autoencoder, X):
    for method in ("transform", "inverse_transform", "reconstruct", "score", "score_samples"):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            getattr(autoencoder, method)(X)
    assert not hasattr(autoencoder, "encoder_")


# ---- scale and PCA ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "optimizer", "tolerance"),
    [
        (2.0**-10, 0, "adam", 0),
        (2.0**10, 0, "adam", 0),
        # Adam divides gradients by their size, and so would make steps of mere rounding.
        (0.0123, -4.56, "sgd", 1e-4),
        (678.9, 1e6, "sgd", 1e-4),
    ],
)
def test_scale_equivariance(autoencoder, X, a, b, optimizer, tolerance):
    """fit(a·X + b) reconstructs a·X̂ + b."""
    autoencoder.set_params(optimizer=optimizer)
    rows = a * X + b
    plain, moved = clone(autoencoder).fit(X), clone(autoencoder).fit(rows)
    np.testing.assert_allclose(moved.transform(rows), plain.transform(X), rtol=0, atol=tolerance)
    back = (moved.reconstruct(rows).astype(np.float64) - b) / a
    in_float32 = np.finfo(np.float32).eps * (abs(b / a) + 16)
    np.testing.assert_allclose(back, plain.reconstruct(X), rtol=0, atol=16 * tolerance + in_float32)
    assert moved.score(rows) == pytest.approx(plain.score(X), abs=tolerance + 1e-9)


def test_scores_of_rows_are_in_squared_units(autoencoder, X):
    autoencoder.set_params(optimizer="sgd", learning_rate=1e-3)
    plain, scaled = clone(autoencoder).fit(X), clone(autoencoder).fit(1024 * X)
    np.testing.assert_allclose(
        scaled.score_samples(1024 * X) / 1024**2, plain.score_samples(X), rtol=1e-6
    )


@pytest.mark.parametrize("standardized", [False, True])
def test_never_worse_than_pca_on_the_training_rows(autoencoder, name, X, standardized):
    if name in NOT_STARTED_FROM_PCA:
        pytest.skip(NOT_STARTED_FROM_PCA[name])
    rows = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9) if standardized else X
    autoencoder.set_params(validation_split=0.0, early_stopping=True, init="pca")
    n_components = autoencoder.fit(rows).transform(rows).shape[1]
    variance = PCA(n_components).fit(rows).explained_variance_ratio_.sum()
    assert autoencoder.score(rows) >= variance - 1e-5
    # A learning rate that only does harm leaves PCA's reconstruction itself.
    autoencoder.set_params(learning_rate=30.0, epochs=1).fit(rows)
    assert autoencoder.best_epoch_ == 0
    assert autoencoder.score(rows) == pytest.approx(variance, abs=1e-5)


# ---- reproducible -----------------------------------------------------------------------------


def test_same_seed_same_codes_another_seed_other_codes(autoencoder, fitted, X):
    again = clone(autoencoder).fit(X)
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))
    assert again.history_ == fitted.history_
    other = clone(autoencoder).set_params(random_state=1).fit(X)
    assert not np.allclose(other.transform(X), fitted.transform(X), atol=1e-4)
    by_generator = clone(autoencoder).set_params(random_state=np.random.RandomState(0)).fit(X)
    np.testing.assert_array_equal(by_generator.transform(X), fitted.transform(X))


@pytest.mark.slow
def test_threads_give_what_one_after_the_other_gives(autoencoder, X):
    estimators = [clone(autoencoder).set_params(random_state=seed) for seed in range(4)]
    one_by_one = [clone(estimator).fit(X).transform(X) for estimator in estimators]
    threads = [threading.Thread(target=estimator.fit, args=(X,)) for estimator in estimators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for estimator, codes in zip(estimators, one_by_one, strict=True):
        np.testing.assert_array_equal(estimator.transform(X), codes)
    assert not np.allclose(one_by_one[0], one_by_one[1], atol=1e-4)


# ---- complete ---------------------------------------------------------------------------------


def test_clone_has_the_parameters_and_nothing_else(fitted):
    twin = clone(fitted)
    assert repr(twin) == repr(fitted)
    assert twin.get_params().keys() == fitted.get_params().keys()
    assert set(vars(twin)) == set(fitted.get_params(deep=False))


@copied
def test_copy_of_unfitted_estimator_fits_alike(copied, autoencoder, fitted, X):
    twin = copied(autoencoder)
    assert not hasattr(twin, "model_")
    np.testing.assert_array_equal(twin.fit(X).transform(X), fitted.transform(X))


@copied
def test_copy_of_fitted_estimator_continues_exactly(copied, fitted, X):
    original, twin = copy.deepcopy(fitted), copied(fitted)
    np.testing.assert_array_equal(twin.transform(X), fitted.transform(X))
    for estimator in (original, twin):
        estimator.partial_fit(X).partial_fit(X[:50])
    np.testing.assert_array_equal(twin.transform(X), original.transform(X))
    np.testing.assert_array_equal(twin.reconstruct(X), original.reconstruct(X))
    assert state(twin) == state(original)
    assert np.abs(twin.reconstruct(X) - fitted.reconstruct(X)).max() > 1e-3


@copied
def test_halves_of_a_copy_share_weights_with_its_whole(copied, fitted, X):
    twin = copied(fitted)
    for half in (twin.encoder_, twin.decoder_):
        before = twin.reconstruct(X)
        half.set_weights([1.5 * weight for weight in half.get_weights()])
        assert not np.allclose(twin.reconstruct(X), before)
    whole = {id(variable) for variable in twin.model_.variables}
    halves = {id(v) for half in (twin.encoder_, twin.decoder_) for v in half.variables}
    assert whole == halves
    np.testing.assert_allclose(
        twin.reconstruct(X), twin.inverse_transform(twin.transform(X)), rtol=1e-4, atol=1e-3
    )


def test_weights_of_another_fit_bring_their_scale_along(autoencoder, X):
    other = clone(autoencoder.set_params(epochs=1)).fit(X)
    changed = autoencoder.fit(3 * X[:100] + 20)
    changed.model_.set_weights(other.model_.get_weights())
    for estimator in (changed, pickle.loads(pickle.dumps(changed))):
        np.testing.assert_allclose(estimator.transform(X), other.transform(X), atol=1e-5)
        np.testing.assert_allclose(estimator.reconstruct(X), other.reconstruct(X), atol=1e-4)
        squares = [np.square(X - of).sum() for of in (estimator.reconstruct(X), estimator.mean_)]
        assert estimator.score(X) == pytest.approx(1 - squares[0] / squares[1], abs=1e-4)
    after = changed.partial_fit(X).reconstruct(X)
    rows = X.reshape(-1, *changed.model_.input.shape[1:])
    np.testing.assert_allclose(after, np.reshape(changed.model_(rows), X.shape), atol=1e-4)


@pytest.mark.parametrize("change", ["freeze", "enable_lora"])
def test_training_goes_on_with_other_trained_weights(change, X):
    fitted = skae.DenseAutoencoder(2, hidden_layer_sizes=(8,), epochs=1, random_state=0).fit(X)
    layer = fitted.encoder_.get_layer("encoder_hidden_1")
    if change == "freeze":
        layer.trainable = False
    else:
        layer.enable_lora(2)
    kernel, before = np.array(layer._kernel), fitted.transform(X)
    fitted.partial_fit(X).partial_fit(X)
    np.testing.assert_array_equal(layer._kernel, kernel)
    assert not np.allclose(fitted.transform(X), before)
    np.testing.assert_allclose(fitted.transform(X), fitted.encoder_(X), atol=1e-4)


def test_errors_need_one_scale(X):
    fitted = skae.DenseAutoencoder(2, epochs=1, random_state=0).fit(X)
    other = clone(fitted).fit(3 * X + 20)
    fitted.encoder_.set_weights(other.encoder_.get_weights())
    np.testing.assert_allclose(fitted.transform(X), other.transform(X), atol=1e-5)
    for use in (fitted.score, fitted.score_samples, fitted.partial_fit):
        with pytest.raises(ValueError, match="'restoration' of decoder_; received different ones"):
            use(X)


def test_partial_fit_keeps_the_optimizer_state(autoencoder, X):
    """Twice one pass is two passes, which it is not if the moments start again at zero."""
    autoencoder.set_params(shuffle=False, validation_split=0.0)
    whole = clone(autoencoder).set_params(epochs=2).fit(X)
    passes = clone(autoencoder).partial_fit(X).partial_fit(X)
    np.testing.assert_allclose(passes.transform(X), whole.transform(X), atol=1e-5)
    assert passes.n_epochs_ == 2
    assert passes.history_["loss"] == pytest.approx(whole.history_["loss"])
    # A refit starts again instead.
    np.testing.assert_array_equal(
        passes.set_params(epochs=2).fit(X).transform(X), whole.transform(X)
    )


def test_warm_start_continues_and_fit_without_it_does_not(autoencoder, fitted, X):
    continued = clone(autoencoder).set_params(warm_start=True).fit(X)
    model = continued.model_
    continued.fit(X)
    assert continued.model_ is model
    assert continued.n_epochs_ == 2 * fitted.n_epochs_
    assert continued.history_["loss"][:2] == fitted.history_["loss"]
    assert continued.history_["loss"][-1] < fitted.history_["loss"][-1]
    np.testing.assert_array_equal(
        continued.set_params(warm_start=False).fit(X).transform(X), fitted.transform(X)
    )


# ---- rows of any kind -------------------------------------------------------------------------


def _memmap(rows, folder):
    joblib.dump(rows, folder / "rows")
    return joblib.load(folder / "rows", mmap_mode="r")


_KINDS = {
    "list": lambda rows, folder: rows.tolist(),
    "float32": lambda rows, folder: rows.astype(np.float32),
    "int64": lambda rows, folder: rows.astype(np.int64),
    "uint8": lambda rows, folder: rows.astype(np.uint8),
    "Fortran order": lambda rows, folder: np.asfortranarray(rows),
    "not contiguous": lambda rows, folder: np.repeat(rows, 2, axis=1)[:, ::2],
    "reversed": lambda rows, folder: rows[::-1].copy()[::-1],
    "memmap": _memmap,
    "objects": lambda rows, folder: rows.astype(object),
    "n-dimensional": lambda rows, folder: rows.reshape(-1, 8, 8),
    "pandas": lambda rows, folder: pd.DataFrame(rows),
    "polars": lambda rows, folder: pl.DataFrame(rows),
}


@pytest.mark.filterwarnings(
    "ignore:X has feature names:UserWarning"  # polars names the columns, and `fitted` saw none
)
@pytest.mark.parametrize("kind", _KINDS)
def test_rows_of_any_kind_give_the_same_codes(autoencoder, fitted, X, kind, tmp_path):
    rows = _KINDS[kind](X, tmp_path)
    before = copy.deepcopy(rows)
    expected = fitted.transform(X)
    np.testing.assert_allclose(fitted.transform(rows), expected, rtol=0, atol=1e-5)
    # In float32 the mean is rounded, which Adam's first steps magnify.
    tolerance = 1e-2 if kind == "float32" else 0
    refitted = autoencoder.fit(rows)
    np.testing.assert_allclose(refitted.transform(rows), expected, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(np.asarray(rows), np.asarray(before))


def test_booleans_are_zeros_and_ones(autoencoder, X):
    rows = X > 8
    as_numbers = clone(autoencoder).fit(rows.astype(np.float64))
    np.testing.assert_array_equal(
        autoencoder.fit(rows).transform(rows), as_numbers.transform(rows.astype(np.float64))
    )


def test_writeable_rows_stay_as_they_are(autoencoder, X):
    for rows in (X.copy(), X.astype(np.float32)):
        before = rows.copy()
        weights = np.linspace(0, 1, len(rows))
        weights_before = weights.copy()
        autoencoder.fit(rows, sample_weight=weights)
        autoencoder.partial_fit(rows)
        codes = autoencoder.transform(rows)
        codes_before = codes.copy()
        autoencoder.inverse_transform(codes)
        autoencoder.reconstruct(rows)
        autoencoder.score_samples(rows)
        autoencoder.score(rows)
        np.testing.assert_array_equal(rows, before)
        np.testing.assert_array_equal(weights, weights_before)
        np.testing.assert_array_equal(codes, codes_before)


@pytest.mark.parametrize("n", [1, 2, 3, 17])
def test_any_number_of_rows_fits(autoencoder, X, n):
    autoencoder.set_params(batch_size=16).fit(X[:n])
    assert autoencoder.transform(X).shape[0] == len(X)
    assert autoencoder.transform(X[:1]).shape[0] == 1
    assert np.isfinite(autoencoder.reconstruct(X)).all()
    assert np.isfinite(autoencoder.score(X))


def test_constant_rows_are_reconstructed(autoencoder, X):
    rows = np.full_like(X, 7.0)
    assert np.isfinite(autoencoder.fit(rows).transform(rows)).all()
    np.testing.assert_allclose(autoencoder.reconstruct(rows), rows, atol=0.5)


def test_n_dimensional_rows_come_back_n_dimensional(autoencoder, fitted, X):
    images = X.reshape(-1, 8, 8)
    autoencoder.fit(images)
    codes = autoencoder.transform(images)
    np.testing.assert_allclose(codes, fitted.transform(X), atol=1e-5)
    assert autoencoder.n_features_in_ == 64
    assert autoencoder.inverse_transform(codes).shape == images.shape
    np.testing.assert_array_equal(
        autoencoder.reconstruct(images), autoencoder.reconstruct(X).reshape(-1, 8, 8)
    )
    assert autoencoder.score(images) == pytest.approx(fitted.score(X), abs=1e-5)
    assert autoencoder.score_samples(images).shape == (len(X),)


@pytest.mark.parametrize("y", [np.arange(96), np.full(96, "a"), np.eye(96), "nonsense", object()])
def test_y_is_ignored(autoencoder, fitted, X, y):
    np.testing.assert_array_equal(autoencoder.fit(X, y).transform(X), fitted.transform(X))


def test_weights_count_relative_to_each_other(autoencoder, fitted, X):
    codes = {}
    for weight in (1.0, 3.0):
        weights = np.full(len(X), weight)
        codes[weight] = clone(autoencoder).fit(X, sample_weight=weights).transform(X)
        np.testing.assert_allclose(codes[weight], fitted.transform(X), atol=1e-4)
    np.testing.assert_array_equal(codes[1.0], codes[3.0])


def test_weights_say_which_rows_matter(autoencoder, X):
    weights = np.where(np.arange(len(X)) < 20, 50.0, 0.01)
    autoencoder.set_params(epochs=10)
    favoured = clone(autoencoder).fit(X, sample_weight=weights)
    plain = clone(autoencoder).fit(X)
    assert favoured.score_samples(X[:20]).mean() > plain.score_samples(X[:20]).mean()
    assert favoured.score_samples(X[20:]).mean() < plain.score_samples(X[20:]).mean()


def test_row_of_weight_zero_is_left_out(autoencoder, X):
    weights = (np.arange(len(X)) < 60).astype(float)
    weighted = clone(autoencoder).fit(X, sample_weight=weights)
    np.testing.assert_allclose(
        weighted.transform(X), autoencoder.fit(X[:60]).transform(X), atol=1e-4
    )


# ---- columns with names -----------------------------------------------------------------------


@pytest.mark.parametrize(("output", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_set_output(fitted, X, output, frame):
    twin = copy.deepcopy(fitted).set_output(transform=output)
    codes = twin.transform(X)
    assert isinstance(codes, frame)
    assert list(codes.columns) == list(fitted.get_feature_names_out())
    np.testing.assert_array_equal(codes.to_numpy(), fitted.transform(X))
    named = clone(fitted).set_output(transform=output).fit_transform(X)
    np.testing.assert_array_equal(named.to_numpy(), fitted.transform(X))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_feature_names(autoencoder, X, frame):
    columns = [f"pixel{i}" for i in range(X.shape[1])]
    rows = frame(dict(zip(columns, X.T, strict=True)))
    autoencoder.fit(rows)
    assert list(autoencoder.feature_names_in_) == columns
    names = autoencoder.get_feature_names_out(columns)
    assert len(names) == len(set(names)) == autoencoder.transform(rows).shape[1]
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        autoencoder.transform(X)


# ---- in scikit-learn's company ----------------------------------------------------------------


def test_in_a_pipeline_with_memory(autoencoder, X, tmp_path):
    y = np.arange(len(X)) % 3

    def pipeline(memory):
        steps = [("ae", clone(autoencoder)), ("classifier", LogisticRegression())]
        return Pipeline(steps, memory=memory)

    plain = pipeline(None).fit(X, y)
    fresh = pipeline(str(tmp_path)).fit(X, y)
    from_cache = pipeline(str(tmp_path)).fit(X, y)
    for cached in (fresh, from_cache):
        np.testing.assert_array_equal(cached.predict_proba(X), plain.predict_proba(X))
        assert cached["ae"].score(X) == plain["ae"].score(X)
    np.testing.assert_array_equal(
        from_cache["ae"].partial_fit(X).transform(X), plain["ae"].partial_fit(X).transform(X)
    )


@pytest.mark.slow
def test_grid_search_without_y_finds_more_components_better(autoencoder, name, X):
    skip_without(autoencoder, "n_components")
    if name == "ConcreteAutoencoder":
        pytest.skip("two epochs find no better pixels")
    search = GridSearchCV(autoencoder, {"n_components": [1, 6]}, cv=2).fit(X)
    assert search.best_params_ == {"n_components": 6}
    best = clone(autoencoder).set_params(n_components=6).fit(X)
    np.testing.assert_array_equal(search.transform(X), best.transform(X))


def test_cross_validate_returns_estimators_in_working_order(autoencoder, X):
    result = cross_validate(autoencoder, X, cv=2, return_estimator=True)
    assert np.isfinite(result["test_score"]).all()
    halves = [X[len(X) // 2 :], X[: len(X) // 2]]  # what each fold trained on
    for estimator, half in zip(result["estimator"], halves, strict=True):
        expected = clone(autoencoder).fit(half)
        np.testing.assert_array_equal(estimator.transform(X), expected.transform(X))


def test_sample_weight_is_routed(autoencoder, X):
    weights = np.linspace(0.1, 2, len(X))
    direct = clone(autoencoder).fit(X, sample_weight=weights)
    with config_context(enable_metadata_routing=True):
        autoencoder.set_fit_request(sample_weight=True)
        classifier = LogisticRegression().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(autoencoder, classifier)
        pipeline.fit(X, np.arange(len(X)) % 2, sample_weight=weights)
    routed = pipeline[0]
    np.testing.assert_array_equal(routed.transform(X), direct.transform(X))
    assert not np.allclose(routed.transform(X), clone(routed).fit(X).transform(X), atol=1e-5)


def test_html_representation_names_the_estimator(autoencoder, name):
    assert name in autoencoder._repr_html_()
