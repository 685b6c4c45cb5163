"""Keras's dtype policies: mixed and double precision train, weights of 16 bits are refused."""

import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone

from skae import DenseAutoencoder, export_onnx
from tests.estimators import AUTOENCODERS, digits

pytestmark = pytest.mark.slow

X = digits(60)


@pytest.fixture
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


DENSE_KINDS = [name for name in AUTOENCODERS if not name.startswith(("Conv", "Sequence"))]


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_bfloat16"], indirect=True)
@pytest.mark.parametrize("name", DENSE_KINDS)
def test_mixed_precision_reconstructs_nearly_as_single_precision(policy, name):
    fitted = clone(AUTOENCODERS[name]).fit(X)
    assert fitted.transform(X).dtype == np.float32
    keras.config.set_dtype_policy("float32")
    expected = clone(AUTOENCODERS[name]).fit(X)
    assert fitted.score(X) == pytest.approx(expected.score(X), abs=0.05)


@pytest.mark.parametrize("policy", ["mixed_float16", "float64"], indirect=True)
@pytest.mark.parametrize("name", ["DenseAutoencoder", "VariationalAutoencoder"])
def test_other_policies_train_and_go_on(policy, name):
    fitted = clone(AUTOENCODERS[name]).fit(X)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))
    assert np.isfinite(again.partial_fit(X).score(X))


@pytest.mark.parametrize("policy", ["mixed_float16"], indirect=True)
@pytest.mark.parametrize("method", ["transform", "reconstruct", "score_samples"])
def test_graphs_of_mixed_precision_give_float32(policy, method, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    fitted = DenseAutoencoder(2, epochs=1, random_state=0).fit(X)
    export_onnx(fitted, tmp_path / "graph.onnx", method)
    session = onnxruntime.InferenceSession(tmp_path / "graph.onnx")
    (values,) = session.run(None, {"X": X.astype(np.float32)})
    expected = getattr(fitted, method)(X)
    assert values.dtype == (np.float64 if method == "score_samples" else np.float32)
    np.testing.assert_allclose(values, expected, atol=1e-2 * np.abs(expected).max())


@pytest.mark.parametrize("policy", ["mixed_float16"], indirect=True)
def test_scaled_losses_train_beside_callbacks_of_the_users(policy):
    own = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)
    fitted = DenseAutoencoder(2, epochs=3, callbacks=[own], random_state=0).fit(X)
    assert fitted.partial_fit(X).n_epochs_ == 4


@pytest.mark.parametrize("policy", ["bfloat16", "float16"], indirect=True)
def test_weights_of_16_bits_are_refused(policy):
    with pytest.raises(ValueError, match=f"mixed_{policy}"):
        DenseAutoencoder(2, epochs=1).fit(X)


def test_scaled_losses_train():
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01))
    fitted = DenseAutoencoder(2, optimizer=scaled, epochs=3, random_state=0).fit(X)
    assert pickle.loads(pickle.dumps(fitted)).partial_fit(X).n_epochs_ == fitted.n_epochs_ + 1
