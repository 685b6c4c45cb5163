"""What users put into models: their layers, functions, losses, adapted and mixing layers."""

import copy
import functools
import pickle
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
from joblib import Parallel, delayed
from keras import layers, ops
from sklearn.base import clone

from skae import (
    ConvAutoencoder,
    DenoisingAutoencoder,
    DenseAutoencoder,
    KerasAutoencoder,
    KerasNetwork,
)
from skae._compat import layers_within
from tests.estimators import digits

pytestmark = pytest.mark.slow

SMALL = {"epochs": 1, "batch_size": 32, "random_state": 0}
ROWS = np.random.RandomState(0).normal(5, 3, (50, 6)).astype("float32")


class Scaled(layers.Layer):
    """Multiplies."""

    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor


def another_class_of_that_name():
    class Scaled(layers.Layer):
        """Adds."""

        def call(self, inputs):
            return inputs + 100.0

    return Scaled


Added = another_class_of_that_name()
Added.__qualname__ = "Added"  # where pickle finds it


class Spread(keras.initializers.Initializer):
    """Evenly spaced."""

    def __call__(self, shape, dtype=None):
        return ops.reshape(ops.linspace(-1.0, 1.0, int(np.prod(shape))), shape)


class Small(keras.constraints.Constraint):
    """At most .1."""

    def __call__(self, w):
        return ops.clip(w, -0.1, 0.1)


class Halved:
    """A callable object."""

    def __call__(self, x):
        return x / 2

    def third(self, x):
        return x / 3


def halved(x):
    return x / 2


def through(*middle):
    """Return an autoencoder with these layers within."""
    return keras.Sequential([keras.Input((6,)), *middle, layers.Dense(2), layers.Dense(6)])


def barely_trained(model, **settings):
    """Return an autoencoder that is as good as untrained."""
    return KerasAutoencoder(model, learning_rate=1e-12, **SMALL, **settings).fit(ROWS)


def carried_everywhere(autoencoder):
    """Check that pickle and deepcopy carry the model, and that clones of it can be fitted."""
    expected = autoencoder.reconstruct(ROWS)
    for twin in (pickle.loads(pickle.dumps(autoencoder)), copy.deepcopy(autoencoder)):
        np.testing.assert_array_equal(twin.reconstruct(ROWS), expected)
    again = clone(autoencoder).fit(ROWS)
    np.testing.assert_allclose(again.reconstruct(ROWS), expected, atol=1e-4)


@pytest.mark.parametrize("as_network", [False, True])
def test_adapted_normalization_is_carried(as_network):
    normalization = layers.Normalization()
    normalization.adapt(ROWS)
    encoder = keras.Sequential([keras.Input((6,)), normalization, layers.Dense(2)])
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(6)])
    expected = np.asarray(decoder(encoder(ROWS)))
    if as_network:
        autoencoder = DenoisingAutoencoder(
            n_components=None,
            network=KerasNetwork(encoder, decoder),
            output_activation=halved,
            learning_rate=1e-12,
            **SMALL,
        ).fit(ROWS)
        expected = expected / 2
    else:
        autoencoder = KerasAutoencoder(
            encoder=encoder, decoder=decoder, learning_rate=1e-12, **SMALL
        ).fit(ROWS)
    np.testing.assert_allclose(autoencoder.reconstruct(ROWS), expected, atol=1e-4)
    carried_everywhere(autoencoder)


def test_adapted_discretization_is_carried():
    buckets = layers.Discretization(num_bins=4)
    buckets.adapt(ROWS)
    model = through(buckets, layers.Rescaling(0.5))
    np.testing.assert_allclose(
        barely_trained(model).reconstruct(ROWS), np.asarray(model(ROWS)), atol=1e-4
    )


def test_classes_of_one_name_stay_apart():
    model = through(Scaled(3.0, name="first"), Added(name="second"))
    autoencoder = barely_trained(model)
    np.testing.assert_allclose(autoencoder.reconstruct(ROWS), np.asarray(model(ROWS)), atol=1e-3)
    carried_everywhere(autoencoder)


def test_packing_leaves_the_model_alone_while_others_use_it():
    dense = layers.Dense(6, activation=halved)
    autoencoder = barely_trained(through(dense))
    seen = set()
    stop = threading.Event()
    used = [x for x in autoencoder.model_._flatten_layers() if x.name == dense.name]

    def watch():
        while not stop.is_set():
            seen.update(id(x.activation) for x in used)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(5):
        pickle.dumps(autoencoder)
    stop.set()
    watcher.join()
    assert used
    assert seen == {id(halved)}


@pytest.mark.parametrize(
    "activation",
    [
        halved,
        functools.partial(keras.activations.relu, negative_slope=0.1),
        Halved(),
        Halved().third,
        layers.Lambda(halved),
        layers.LeakyReLU(0.1),
    ],
)
def test_any_callable_is_an_activation(activation):
    autoencoder = DenseAutoencoder(
        2,
        hidden_layer_sizes=(4,),
        activation=activation,
        code_activation=activation,
        output_activation=activation,
        **SMALL,
    ).fit(ROWS)
    expected = autoencoder.reconstruct(ROWS)
    twin = pickle.loads(pickle.dumps(autoencoder))
    np.testing.assert_array_equal(twin.reconstruct(ROWS), expected)
    np.testing.assert_array_equal(clone(autoencoder).fit(ROWS).reconstruct(ROWS), expected)


def test_function_under_another_name_is_itself():
    disguised = functools.wraps(keras.activations.relu)(lambda x: x + 100)
    rows = [
        DenseAutoencoder(
            2, hidden_layer_sizes=(4,), output_activation=activation, learning_rate=1e-12, **SMALL
        )
        .fit(ROWS)
        .reconstruct(ROWS)
        for activation in ("relu", disguised)
    ]
    assert rows[0].mean() < 50 < rows[1].mean()


def test_unregistered_parts():
    model = through(
        Scaled(0.5), layers.Dense(6, kernel_initializer=Spread(), kernel_constraint=Small())
    )
    autoencoder = KerasAutoencoder(model, early_stopping=False, **SMALL).fit(ROWS)
    expected = autoencoder.reconstruct(ROWS)
    for twin in (pickle.loads(pickle.dumps(autoencoder)), copy.deepcopy(autoencoder)):
        np.testing.assert_array_equal(twin.reconstruct(ROWS), expected)
    (dense,) = (x for x in twin.encoder_._flatten_layers() if x.name == model.layers[1].name)
    assert isinstance(dense.kernel_initializer, Spread)
    assert np.abs(dense.kernel.numpy()).max() <= 0.1


@pytest.mark.slow
def test_unregistered_parts_reach_workers():
    autoencoder = KerasAutoencoder(through(Scaled(0.5)), **SMALL)
    both = Parallel(n_jobs=2)(delayed(fitted_rows)(clone(autoencoder)) for _ in range(2))
    np.testing.assert_array_equal(*both)


def fitted_rows(autoencoder):
    return autoencoder.fit(ROWS).reconstruct(ROWS)


class Subclassed(keras.Model):
    """Not functional."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(6)

    def call(self, inputs):
        return self.dense(inputs)


class NoConfig(layers.Layer):
    """Has an argument that Keras cannot take down."""

    def __init__(self, thing):
        super().__init__()
        self.thing = thing

    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": Subclassed()}, "Write it as keras.Sequential or keras.Model"),
        ({"encoder": Subclassed(), "decoder": layers.Dense(6)}, "Write it as keras.Sequential"),
        ({"model": through(NoConfig(object()))}, "Define get_config"),
    ],
)
def test_what_cannot_be_copied_is_refused_in_a_sentence(settings, message):
    with pytest.raises(ValueError, match=message):
        KerasAutoencoder(**settings, **SMALL).fit(ROWS)


@pytest.mark.parametrize("units", [4, 800])
def test_weight_regularizers_are_part_of_the_loss(units):
    def loss(penalty):
        keras.utils.set_random_seed(0)
        dense = layers.Dense(units, kernel_regularizer=keras.regularizers.L2(penalty))
        return KerasAutoencoder(through(dense), **SMALL).fit(ROWS).history_

    history = loss(1.0)
    assert history["loss"][0] > history["reconstruction_loss"][0]


@pytest.mark.parametrize("settings", [{"scale": False}, {"center": False}, {"renorm": True}])
def test_batch_normalization_trains_as_keras_would(settings):
    def build():
        return through(layers.BatchNormalization(name="norm", **settings))

    autoencoder = KerasAutoencoder(
        build, validation_split=0, early_stopping=False, shuffle=False, **SMALL
    ).fit(ROWS[:32])
    (norm,) = (x for x in autoencoder.model_._flatten_layers() if x.name == "norm")
    reference = layers.BatchNormalization(**settings)
    reference(ROWS[:32], training=True)
    for weight, expected in zip(
        norm.non_trainable_weights, reference.non_trainable_weights, strict=True
    ):
        np.testing.assert_allclose(weight.numpy(), expected.numpy(), rtol=1e-4, atol=1e-5)


def scalar(y, p):
    return ops.mean(ops.square(y - p))


def test_scalar_loss_is_the_mean_of_those_of_rows():
    settings = {"n_components": 2, "hidden_layer_sizes": (4,), "init": "random", "optimizer": "sgd"}
    weights = np.linspace(0.1, 2, len(ROWS))
    scalars = DenseAutoencoder(loss=scalar, **settings, **SMALL).fit(ROWS, sample_weight=weights)
    rows = DenseAutoencoder(loss="mse", **settings, **SMALL).fit(ROWS, sample_weight=weights)
    np.testing.assert_allclose(scalars.transform(ROWS), rows.transform(ROWS), atol=1e-4)


@pytest.mark.parametrize("loss", [keras.losses.Dice(), keras.losses.Tversky()])
def test_losses_that_give_one_number(loss):
    bounded = (ROWS - ROWS.min()) / np.ptp(ROWS)
    autoencoder = DenseAutoencoder(
        2, hidden_layer_sizes=(4,), loss=loss, output_activation="sigmoid", **SMALL
    ).fit(bounded)
    assert np.isfinite(autoencoder.history_["loss"]).all()


def centred():
    """Return a model that subtracts the mean of the batch."""
    inputs = keras.Input((6,))
    features = layers.Dense(4, name="features")(inputs)
    code = layers.Dense(2, name="code")(features - ops.mean(features, axis=0))
    return keras.Model(inputs, layers.Dense(6)(code))


def test_batches_are_not_filled_up_where_rows_are_mixed():
    model = centred()
    settings = {"optimizer": keras.optimizers.SGD(0.01), "loss": "mse"}
    autoencoder = KerasAutoencoder(
        model,
        epochs=1,
        batch_size=32,
        shuffle=False,
        validation_split=0,
        early_stopping=False,
        **settings,
    ).fit(ROWS)
    np.testing.assert_allclose(  # no rows are added in use either
        autoencoder.reconstruct(ROWS), np.asarray(autoencoder.model_(ROWS)), atol=1e-4
    )
    model.compile(**settings)
    model.fit(ROWS, ROWS, batch_size=32, shuffle=False, verbose=0)
    np.testing.assert_allclose(autoencoder.reconstruct(ROWS), np.asarray(model(ROWS)), atol=1e-3)


def test_building_function_draws_from_the_seed():
    def build():
        return keras.Sequential([layers.Dense(4, activation=lambda x: x), layers.Dropout(0.5)])

    def decoder():
        return layers.Dense(6)

    codes = [
        DenoisingAutoencoder(2, network=KerasNetwork(build, decoder), **SMALL).fit_transform(ROWS)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*codes)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="Keras exports TensorFlow")
def test_model_can_be_exported_at_once(tmp_path):
    import tensorflow as tf

    autoencoder = DenseAutoencoder(2, hidden_layer_sizes=(4,), **SMALL).fit(ROWS)
    autoencoder.model_.export(tmp_path / "model", verbose=False)
    exported = tf.saved_model.load(tmp_path / "model")
    np.testing.assert_allclose(exported.serve(ROWS), autoencoder.reconstruct(ROWS), atol=1e-4)


@pytest.mark.slow
def test_saved_encoder_loads_where_skae_is_imported(tmp_path):
    path = tmp_path / "encoder.keras"
    DenseAutoencoder(2, hidden_layer_sizes=(4,), **SMALL).fit(ROWS).encoder_.save(path)
    load = (
        f"import keras; from skae import DenseAutoencoder; keras.models.load_model({str(path)!r})"
    )
    subprocess.run([sys.executable, "-c", load], check=True, capture_output=True)


def test_weights_that_layers_assign_stay_assigned(X):
    """As those that spectral normalization has divided by their norm."""
    model = keras.Sequential(
        [
            keras.Input((64,)),
            layers.SpectralNormalization(layers.Dense(5), power_iterations=2),
            layers.Dense(2, name="code"),
            layers.Dense(64),
        ]
    )
    by_hand = keras.models.clone_model(model)
    by_hand.set_weights(model.get_weights())
    fitted = KerasAutoencoder(
        model,
        code_layer="code",
        optimizer=keras.optimizers.SGD(0.01),
        shuffle=False,
        validation_split=0,
        early_stopping=False,
        batch_size=16,
        epochs=3,
    ).fit(X / 16)
    by_hand.compile(keras.optimizers.SGD(0.01), "mse")
    rows = (X / 16).astype("float32")
    by_hand.fit(rows, rows, batch_size=16, shuffle=False, epochs=3, verbose=0)
    for weights, expected in zip(fitted.model_.get_weights(), by_hand.get_weights(), strict=True):
        np.testing.assert_allclose(weights, expected, atol=1e-5)


class _Falling(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, start):
        self.start = start

    def __call__(self, step):
        return self.start / (1 + ops.cast(step, "float32"))

    def get_config(self):
        return {"start": self.start}


class _Faster(keras.optimizers.SGD):
    """Its configuration leaves out how much."""

    def __init__(self, *arguments, factor=1.0, **settings):
        super().__init__(*arguments, **settings)
        self.factor = factor

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, self.factor * learning_rate)


@pytest.mark.parametrize(
    "parameters",
    [
        lambda: {"learning_rate": _Falling(0.01)},
        lambda: {"optimizer": keras.optimizers.Adam(_Falling(0.01))},
        lambda: {"optimizer": _Faster(0.01)},
    ],
)
def test_schedules_and_optimizers_need_no_registration(parameters, X):
    autoencoder = DenseAutoencoder(2, hidden_layer_sizes=(4,), **SMALL, **parameters())
    losses = autoencoder.fit(X).history_["loss"]
    assert clone(autoencoder).fit(X).history_["loss"] == losses
    copied = pickle.loads(pickle.dumps(autoencoder)).partial_fit(X)
    assert copied.history_["loss"] == copy.deepcopy(autoencoder).partial_fit(X).history_["loss"]


@pytest.mark.parametrize(
    "use", [clone, pickle.dumps, lambda autoencoder: autoencoder.fit(digits())]
)
def test_optimizer_whose_configuration_leaves_something_out_is_refused(use):
    autoencoder = DenseAutoencoder(2, optimizer=_Faster(0.01, factor=5.0), **SMALL)
    with pytest.raises(ValueError, match="get_config leaves out factor"):
        use(autoencoder)


def _normalized(X):
    model = keras.Sequential(
        [
            keras.Input((64,)),
            layers.BatchNormalization(name="changed"),
            layers.Dense(2, name="code"),
            layers.Dense(64),
        ]
    )
    return KerasAutoencoder(model, code_layer="code", **SMALL).fit(X)


def _convolved(X):
    network = {"image_shape": (8, 8, 1), "filters": (4,), "init": "random"}
    return ConvAutoencoder(2, **network, **SMALL).fit(X)


@pytest.mark.parametrize(
    ("fitted", "name", "switch", "weight", "neutral"),
    [
        (
            lambda X: DenseAutoencoder(2, hidden_layer_sizes=(4,), **SMALL).fit(X),
            *("encoder_hidden_1", "use_bias", "bias", 0.0),
        ),
        (_convolved, "encoder_conv_1", "use_bias", "bias", 0.0),
        (_normalized, "changed", "center", "beta", 0.0),
        (_normalized, "changed", "scale", "gamma", 1.0),
    ],
)
def test_layer_that_is_told_of_other_weights_than_it_has(
    fitted, name, switch, weight, neutral, X, tmp_path
):
    """It is applied and trained as Keras does, and refused where it would be built again."""
    autoencoder = fitted(X)
    autoencoder.save(path := tmp_path / "before.skae")
    before = path.read_bytes()
    layer = next(inner for inner in layers_within(autoencoder.encoder_) if inner.name == name)
    setattr(layer, switch, False)
    autoencoder.partial_fit(X)
    inputs = X.reshape(-1, *autoencoder.encoder_.input_shape[1:])
    np.testing.assert_allclose(autoencoder.transform(X), autoencoder.encoder_(inputs), atol=1e-4)
    for use in (pickle.dumps, copy.deepcopy, lambda autoencoder: autoencoder.save(path)):
        with pytest.raises(ValueError, match=rf"Expected {switch}=True .* Set {switch}=True again"):
            use(autoencoder)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [before]
    setattr(layer, switch, True)
    getattr(layer, weight).assign(np.full(getattr(layer, weight).shape, neutral))
    copied = pickle.loads(pickle.dumps(autoencoder))
    np.testing.assert_allclose(copied.transform(X), autoencoder.transform(X), atol=1e-6)
