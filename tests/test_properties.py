"""Properties over tables of any kind: shapes, types, orders, scales, constant and equal columns."""

import os
import warnings

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

import skae
from skae.io._container import read_file, write_file
from skae.io._reading import Reader
from skae.io._writing import Writer

pytestmark = pytest.mark.slow

# More examples: SKAE_EXAMPLES=300. They are the same every time, so that a failure is found again.
EXAMPLES = int(os.environ.get("SKAE_EXAMPLES", "8"))
EXAMINED = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
N_FEATURES = 4  # one shape, so that programs are compiled once


@st.composite
def tables(draw):
    """Return rows of any number, type, order and scale, some columns constant or equal."""
    n_rows = draw(st.integers(1, 24))
    rng = np.random.RandomState(draw(st.integers(0, 2**16)))
    rows = rng.standard_normal((n_rows, N_FEATURES)) + draw(st.sampled_from([0, 1, -1e3]))
    for column in range(N_FEATURES):
        kind = draw(st.sampled_from(["free", "free", "constant", "equal", "far"]))
        if kind == "constant":
            rows[:, column] = 3
        elif kind == "equal":
            rows[:, column] = rows[:, 0]
        elif kind == "far":
            rows[0, column] *= 1e4
    dtype = draw(st.sampled_from(["f8", "f4", "i8", "u1", ">f8"]))
    if dtype in ("f8", "f4", ">f8"):
        rows = rows * 10.0 ** draw(st.integers(-30, 30))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = rows.astype(dtype)
    order = draw(st.sampled_from(["C", "F", "strided", "read-only"]))
    if order == "strided":
        return np.repeat(rows, 2, axis=0)[::2]
    rows = np.array(rows, order="F" if order == "F" else "C")
    rows.flags.writeable = order != "read-only"
    return rows


def barely_trained(**settings):
    return skae.DenseAutoencoder(
        2, hidden_layer_sizes=(3,), epochs=1, batch_size=1, random_state=0, **settings
    )


def fitted_or_refused(autoencoder, rows):
    """Return whether rows were taken; where they are not, it is a ValueError that says why."""
    try:
        autoencoder.fit(rows)
    except ValueError as error:
        message = str(error)
    else:
        return True
    assert len(message) > 30
    return False


@pytest.mark.slow
@EXAMINED
@hypothesis.given(rows=tables())
def test_any_table_is_encoded_and_given_back(rows):
    autoencoder = barely_trained()
    before = rows.copy()
    if not fitted_or_refused(autoencoder, rows):
        return
    codes, again = autoencoder.transform(rows), autoencoder.reconstruct(rows)
    assert codes.shape == (len(rows), 2)
    assert again.shape == rows.shape
    assert codes.dtype == again.dtype == np.float32
    assert np.isfinite(codes).all()
    assert np.isfinite(again).all()
    assert np.isfinite(autoencoder.score_samples(rows)).all()
    assert autoencoder.score(rows) <= 1
    np.testing.assert_array_equal(rows, before)


@EXAMINED
@hypothesis.given(rows=tables())
def test_type_order_and_neighbours_do_not_matter(rows):
    autoencoder = barely_trained()
    if not fitted_or_refused(autoencoder, rows):
        return
    expected = autoencoder.transform(rows)
    plain = np.ascontiguousarray(rows, dtype=rows.dtype.newbyteorder("="))
    for same in (plain, np.asfortranarray(plain)):
        np.testing.assert_array_equal(autoencoder.transform(same), expected)
    np.testing.assert_array_equal(autoencoder.transform(rows[:1]), expected[:1])


@EXAMINED
@hypothesis.given(rows=tables(), factor=st.sampled_from([-1.0, 0.5, 4.0, 2.0**40, 2.0**-40]))
def test_scale_of_the_data_does_not_matter(rows, factor):
    rows = rows.astype(np.float64)
    if not (1e-20 < np.abs(rows).max() < 1e20):
        return  # float32, in which reconstructions are given back, ends soon
    autoencoder, scaled = barely_trained(), barely_trained()
    if not fitted_or_refused(autoencoder, rows):
        return
    scaled.fit(factor * rows)
    expected = factor * autoencoder.reconstruct(rows).astype(np.float64)
    size = np.abs(factor * rows).max()
    np.testing.assert_allclose(scaled.reconstruct(factor * rows), expected, atol=1e-4 * size)


@EXAMINED
@hypothesis.given(rows=tables())
def test_any_fitted_estimator_comes_back_from_its_file(rows, tmp_path):
    autoencoder = barely_trained()
    if not fitted_or_refused(autoencoder, rows):
        return
    autoencoder.save(tmp_path / "file")
    twin = skae.load(tmp_path / "file")
    np.testing.assert_array_equal(twin.reconstruct(rows), autoencoder.reconstruct(rows))
    np.testing.assert_array_equal(twin.score_samples(rows), autoencoder.score_samples(rows))


@EXAMINED
@hypothesis.given(rows=tables())
def test_detectors_take_any_table_or_say_why_not(rows):
    detector = skae.ReconstructionOutlierDetector(
        barely_trained(), score="standardized_error", random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # few rows to calibrate with
        warnings.simplefilter("ignore", ConvergenceWarning)
        if not fitted_or_refused(detector, rows):
            return
    scores = detector.score_samples(rows)
    assert not np.isnan(scores).any()
    np.testing.assert_array_equal(detector.predict(rows) == -1, scores < detector.offset_)


_NUMBERS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(), st.text(max_size=5)
)
_ARRAYS = st.builds(
    lambda shape, dtype, seed: np.random.RandomState(seed).randint(0, 2, shape).astype(dtype),
    st.lists(st.integers(0, 3), max_size=3),
    st.sampled_from(["?", "i1", "u2", "i8", "f2", "f4", ">f8", "U3", "O"]),
    st.integers(0, 99),
)
_VALUES = st.recursive(
    _NUMBERS | _ARRAYS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3),
    ),
    max_leaves=8,
)


def assert_same(one, other):
    assert type(one) is type(other)
    if isinstance(one, list | tuple):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_same(*pair)
    elif isinstance(one, dict):
        assert list(one) == list(other)
        assert_same(list(one.values()), list(other.values()))
    elif isinstance(one, np.ndarray):
        assert one.dtype.newbyteorder("=") == other.dtype
        np.testing.assert_array_equal(one, other)
    else:
        assert repr(one) == repr(other)


@hypothesis.settings(EXAMINED, max_examples=8 * EXAMPLES)
@hypothesis.given(value=_VALUES)
def test_values_come_back_as_they_were(value, tmp_path):
    writer = Writer(include_optimizer=True)
    write_file(tmp_path / "file", writer.node(value), writer.arrays)
    document, arrays = read_file(tmp_path / "file")
    assert_same(value, Reader(arrays, {}).value(document))


@pytest.mark.parametrize("values", [np.zeros(2, "c16"), np.zeros(2, "M8[s]"), np.zeros(2, "S3")])
def test_arrays_that_no_file_holds_are_refused(values):
    with pytest.raises(ValueError, match="cannot be part of a file"):
        Writer(include_optimizer=True).node(values)
