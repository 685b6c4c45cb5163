"""Private APIs of dependencies still do what skae uses them for."""

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from numbers import Real
from types import SimpleNamespace
from typing import ClassVar

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA

from skae import ConcreteAutoencoder, DenseAutoencoder, _compat, clear_compiled_programs
from skae.engine._proof import unknown_parts
from skae.engine._seeding import seeded

# ---- scikit-learn -------------------------------------------------------------------------------


class Bounded(BaseEstimator):
    _parameter_constraints: ClassVar[dict[str, list]] = {
        "share": [_compat.Interval(Real, 0, 1, closed="left"), None]
    }

    def __init__(self, share=0.5):
        self.share = share

    @_compat.fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        return self


def test_parameters_are_validated_before_fit():
    assert isinstance(Bounded(None).fit(None), Bounded)
    with pytest.raises(ValueError, match="'share' parameter of Bounded must be a float"):
        Bounded(1.0).fit(None)


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        (_compat.Interval(Real, 0, 1, closed="left"), 0.0, 1.0),
        (_compat.StrOptions({"a"}), "a", "b"),
        (_compat.Options(int, {1}), 1, 2),
        (_compat.HasMethods(["fit"]), PCA(), 3),
    ],
)
def test_constraints(constraint, good, bad):
    _compat.validate_parameter_constraints({"x": [constraint]}, {"x": good}, "Mine")
    with pytest.raises(ValueError, match="The 'x' parameter of Mine must be "):
        _compat.validate_parameter_constraints({"x": [constraint]}, {"x": bad}, "Mine")


def test_containers_of_outputs():
    pca = PCA(1).fit(np.eye(3))
    assert _compat.output_config("transform", pca)["dense"] == "default"
    assert _compat.container_adapter("transform", pca) is None
    pca.set_output(transform="pandas")
    assert _compat.output_config("transform", pca)["dense"] == "pandas"
    for adapter in (
        _compat.container_adapter("transform", pca),
        _compat.ADAPTERS_MANAGER.adapters["pandas"],
    ):
        frame = adapter.create_container(np.eye(2), pd.DataFrame(index=[5, 6]), columns=["a", "b"])
        assert (list(frame.index), list(frame.columns)) == ([5, 6], ["a", "b"])
    assert {"pandas", "polars"} <= set(_compat.ADAPTERS_MANAGER.supported_outputs)


def test_names_weights_and_numbers_of_samples():
    named = SimpleNamespace(n_features_in_=2, feature_names_in_=np.array(["a", "b"], dtype=object))
    assert list(_compat.check_feature_names_in(named)) == ["a", "b"]
    with pytest.raises(ValueError, match="feature_names_in_"):
        _compat.check_feature_names_in(named, ["b", "a"])
    weights = _compat.check_sample_weight([1, 2], np.eye(2), dtype=np.float64)
    assert weights.dtype == np.float64
    with pytest.raises(ValueError, match=r"sample_weight\.shape"):
        _compat.check_sample_weight([1], np.eye(2))
    frame = pd.DataFrame({"a": [1, 2, 3]})
    assert _compat.num_samples(frame) == 3
    assert list(_compat.safe_indexing(frame, [2, 0])["a"]) == [3, 1]
    assert _compat.check_matplotlib_support("skae") is None


def test_hooks_that_scikit_learn_calls():
    """What is overridden under a private name is still what scikit-learn asks."""
    fitted = DenseAutoencoder(
        1, hidden_layer_sizes=(), epochs=1, init="random", random_state=0
    ).fit(np.eye(3))
    assert fitted.get_feature_names_out().tolist() == ["denseautoencoder0"]  # _n_features_out
    assert "encoder_" in fitted._repr_html_()  # _repr_html_inner
    assert "encoder_" in fitted._repr_mimebundle_()["text/html"]
    assert callable(ConcreteAutoencoder._get_support_mask)
    assert issubclass(ConcreteAutoencoder, TransformerMixin)


# ---- Keras --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "relu", name="hidden")])
    inputs = keras.Input((4,), name="start")
    outputs = keras.layers.Dense(4, name="output")(inner(inputs) + 1.0)
    return keras.Model({"start": inputs}, [outputs], name="whole")


def test_layers_in_a_model(model):
    kinds = (keras.layers.Dense, keras.Model)
    deep = {layer.name for layer in _compat.layers_within(model) if isinstance(layer, kinds)}
    inner = model.layers[1]
    assert deep == {"whole", inner.name, "hidden", "output"}
    assert {layer.name for layer in _compat.layers_directly_in(model)} == {
        layer.name for layer in model.layers
    }
    steps = [type(layer) for layer in _compat.all_steps(inner)]
    assert steps == [keras.layers.InputLayer, keras.layers.Dense]
    assert len(inner.layers) == 1


def test_calls_in_a_model(model):
    (last,), *_, (first,) = _compat.nodes_by_depth(model)
    assert (last.operation.name, first.operation.name) == ("output", "start")
    assert last.output_tensors[0] is model.outputs[0]
    assert last.input_tensors[0] is last.arguments.args[0] is last.arguments.keras_tensors[0]
    assert last.arguments.kwargs == {}
    assert _compat.calls(model.get_layer("output")) == [last]
    inputs, outputs = _compat.ends(model)
    assert (list(inputs), type(outputs)) == (["start"], list)
    assert {layer.name for layer in model.layers} < {step.name for step in model.operations}


def test_classes_without_a_public_name(model):
    assert _compat.functional_class() is type(model)
    assert _compat.functional_class().__module__.startswith(_compat.KERAS_SOURCE)
    (added,) = (step for step in model.operations if not isinstance(step, keras.Layer))
    assert type(added).__name__ == "Add"
    assert _compat.is_own_operation(type(added))
    assert not _compat.is_own_operation(type("Add", (keras.Operation,), {}))


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Dense(2, "relu", kernel_regularizer="l2", kernel_constraint="non_neg"),
        keras.layers.Conv2D(2, 3),
        keras.layers.LSTM(2).cell,
        keras.layers.BatchNormalization(),
    ],
)
def test_nothing_of_a_layer_of_keras_is_unknown(layer):
    assert not unknown_parts(layer)
    layer.activation = lambda x: x
    assert list(unknown_parts(layer)) == ["activation"]


# ---- optimizers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Adam", "RMSprop", "SGD"])
@pytest.mark.parametrize("is_scheduled", [False, True])
def test_order_of_the_variables_of_an_optimizer(name, is_scheduled):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.9)
    optimizer = getattr(keras.optimizers, name)(schedule if is_scheduled else 0.5)
    trained = [keras.Variable(np.zeros(3)), keras.Variable(np.zeros((2, 2)))]
    optimizer.build(trained)
    rate = _compat.learning_rate_of(optimizer)
    assert rate is schedule if is_scheduled else float(rate.value) == 0.5
    shared = _compat.shared_variables(optimizer)
    assert shared[0] is optimizer.iterations
    assert [variable is rate for variable in shared[1:]] == ([] if is_scheduled else [True])
    slots = _compat.slots_by_variable(optimizer, trained)
    for variable, own in zip(trained, slots, strict=True):
        assert {tuple(slot.shape) for slot in own} <= {tuple(variable.shape)}
    assert sum(map(len, slots)) + len(shared) == len(optimizer.variables)


def test_exclusions_from_weight_decay():
    variable = keras.Variable(np.zeros(3))
    by_name, by_variable = keras.optimizers.AdamW(), keras.optimizers.AdamW()
    assert not _compat.is_excluding_from_decay(by_name)
    by_name.exclude_from_weight_decay(var_names=["bias"])
    by_variable.exclude_from_weight_decay(var_list=[variable])
    assert _compat.is_excluding_from_decay(by_name)
    assert _compat.is_excluding_from_decay(by_variable)


def test_swapped_weights_are_remembered_in_one_attribute():
    swapping = keras.callbacks.SwapEMAWeights()
    before = dict(vars(swapping))
    _compat.forget_swapped_weights(swapping)
    assert vars(swapping) == before


# ---- scikeras -----------------------------------------------------------------------------------


def test_routing_of_parameters():
    routing = _compat.scikeras_routing()
    loss = routing.try_to_convert_strings_to_classes(
        "huber", routing.get_loss_class_function_or_string
    )
    assert callable(loss)
    assert routing.get_optimizer_class("adam") is keras.optimizers.Adam
    made = routing.unflatten_params(items=keras.losses.Huber, params={"delta": 2.0})
    assert isinstance(made, keras.losses.Huber)
    routed = {"optimizer__beta_1": 0.5, "loss__delta": 2.0}
    assert routing.route_params(routed, "optimizer", pass_filter=set()) == {"beta_1": 0.5}


_LEAVES_AS_IT_WAS = """
import os, sys
import keras
classes = (keras.Model, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer)
def methods():
    return [vars(cls).get(name) for cls in classes for name in ("__reduce__", "__deepcopy__")]
before, variables = methods(), dict(os.environ)
from skae import _compat
assert "scikeras" not in sys.modules
_compat.scikeras_routing()
assert methods() == before and dict(os.environ) == variables
"""


@pytest.mark.slow
def test_layers_of_other_threads_do_not_draw_from_a_fits_generator():
    def draw():
        return keras.ops.convert_to_numpy(keras.random.SeedGenerator().state.value).tolist()

    with seeded(0):
        alone = [draw(), draw()]
    with seeded(0), ThreadPoolExecutor(1) as thread:
        beside = [draw(), thread.submit(draw).result(), draw()]
    assert beside[::2] == alone


def test_scopes_are_left_on_errors():
    @_compat.keras_scopes_left_on_error()
    def interrupted():
        keras.StatelessScope().__enter__()
        keras.layers.Dense(2)._get_call_context()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    variable = keras.Variable(1.0)
    variable.assign(2.0)
    assert float(variable.value) == 2.0
    regularized = keras.layers.Dense(2, activity_regularizer="l2")
    for _ in range(2):
        regularized(np.ones((1, 2), np.float32))
    assert len(regularized.losses) == 1


@pytest.mark.slow
def test_scikeras_leaves_keras_as_it_was():
    subprocess.run([sys.executable, "-c", _LEAVES_AS_IT_WAS], check=True)


@pytest.mark.slow
def test_private_names_of_scikit_learn_do_not_need_keras():
    code = "import sys; from skae import _compat; assert not {'keras', 'jax'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_seeds_do_not_depend_on_what_other_threads_draw():
    def seed_beside(draw):
        with seeded(0):
            draw()
            return keras.initializers.GlorotUniform().seed

    assert seed_beside(lambda: None) == seed_beside(random.random)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow keeps kernels")
def test_kernels_are_freed():
    import tensorflow as tf

    def drawn():
        return tf.random.normal((3,), seed=1).numpy()

    tf.random.set_seed(0)
    first, second = drawn(), drawn()
    assert not np.array_equal(first, second)
    clear_compiled_programs()  # a kernel of its own counts the draws
    np.testing.assert_array_equal(drawn(), first)
