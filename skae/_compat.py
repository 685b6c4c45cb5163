"""Every private API of a dependency that skae uses, with what breaks when it moves.

``tests/test_compat.py`` asks each of them for what skae needs of it.
"""

import copy
import random
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

# Samples of any kind cannot be counted or picked for a picture.
from sklearn.utils import _safe_indexing as safe_indexing

# Files leave out what estimators ask of metadata routing.
from sklearn.utils._metadata_requests import MetadataRequest

# Pictures do not say that Matplotlib is missing.
from sklearn.utils._optional_dependencies import check_matplotlib_support

# Constraints of parameters: no estimator, network or score can be imported.
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
    validate_parameter_constraints,
)

# ``set_output``: reconstructions, windows and errors of features are no frames.
from sklearn.utils._set_output import ADAPTERS_MANAGER
from sklearn.utils._set_output import _get_container_adapter as container_adapter
from sklearn.utils._set_output import _get_output_config as output_config

# A sum of scores has no parameters of its terms.
from sklearn.utils.metaestimators import _BaseComposition as BaseComposition

# Names of features are not checked, nor weights of samples.
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _num_samples as num_samples

if TYPE_CHECKING:
    import keras

__all__ = [
    "ADAPTERS_MANAGER",
    "BaseComposition",
    "HasMethods",
    "Interval",
    "MetadataRequest",
    "Options",
    "StrOptions",
    "check_feature_names_in",
    "check_matplotlib_support",
    "check_sample_weight",
    "container_adapter",
    "num_samples",
    "output_config",
    "print_like_an_estimator",
    "safe_indexing",
    "validate_parameter_constraints",
]

Method = TypeVar("Method", bound=Callable[..., Any])

# Keras's own classes and functions have modules that begin so: nothing counts as known, so that
# no compiled program is shared and no batch is filled up.
KERAS_SOURCE = "keras.src."

# Keras wraps these methods of every layer in attributes: every layer counts as changed by the user.
WRAPPED_BY_KERAS = ("build", "quantize")


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Method], Method]:
    """Return scikit-learn's decorator of ``fit``; without it wrong parameters reach Keras."""
    from sklearn.base import _fit_context

    return _fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)


def print_like_an_estimator(cls: type) -> None:
    """Let scikit-learn break the lines of a class with a ``__repr__`` of its own, which is wide."""
    from sklearn.base import BaseEstimator
    from sklearn.utils._pprint import _EstimatorPrettyPrinter

    by_repr = _EstimatorPrettyPrinter._dispatch
    by_repr[cls.__repr__] = by_repr[BaseEstimator.__repr__]


# ---- layers and graphs: nothing can be copied, pickled or shared ---------------------------------


def layers_within(model: "keras.Layer") -> list["keras.Layer"]:
    """Return a model or layer and the layers in it, at any depth."""
    return list(model._flatten_layers())


def layers_directly_in(layer: "keras.Layer") -> list["keras.Layer"]:
    """Return the layers in a layer, but not those in them."""
    return list(layer._flatten_layers(include_self=False, recursive=False))


def all_steps(model: "keras.Sequential") -> list["keras.Layer"]:
    """Return the layers of a Sequential model, its input included, which ``layers`` leaves out."""
    import keras

    return keras.Model.layers.fget(model)


def nodes_by_depth(model: "keras.Model") -> list[list[Any]]:
    """Return the calls in a functional model, from the output to the input."""
    return [nodes for _, nodes in sorted(model._nodes_by_depth.items())]


def ends(model: "keras.Model") -> tuple[Any, Any]:
    """Return the inputs and outputs of a functional model, nested as they were given."""
    return model._inputs_struct, model._outputs_struct


def calls(operation: "keras.Operation") -> list[Any]:
    """Return all calls of a layer or operation."""
    return operation._inbound_nodes


def is_own_operation(kind: type) -> bool:
    """Tell whether a class is the one that Keras makes operations of, which have no public name."""
    home = sys.modules.get(kind.__module__)
    known = kind.__module__.startswith(f"{KERAS_SOURCE}ops.")
    return known and vars(home).get(kind.__name__) is kind


@cache
def functional_class() -> type:
    """Return the class of models that are made of inputs and outputs, which has no public name."""
    import keras

    inputs = keras.Input((1,), name="inputs")
    return type(keras.Model(inputs, inputs, name="model"))


@contextmanager
def allocated_at_the_end() -> Iterator[None]:
    """Create variables in a block without memory, which they get at its end unless it raises.

    Without it a file could ask for more memory than it has weights.
    """
    import keras
    from keras.src.backend.common.global_state import get_global_attribute, set_global_attribute
    from keras.src.backend.common.variables import initialize_all_variables

    pending = get_global_attribute("uninitialized_variables") or []
    set_global_attribute("uninitialized_variables", [])
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
        initialize_all_variables()
    finally:
        set_global_attribute("uninitialized_variables", pending)


def operations() -> dict[str, type]:
    """Return the classes of the operations in graphs by name; files with others cannot be read."""
    import keras
    from keras.src.ops import core, image, linalg, math, nn, numpy

    return {
        name: thing
        for module in (core, image, linalg, math, nn, numpy)
        for name, thing in vars(module).items()
        if isinstance(thing, type) and issubclass(thing, keras.Operation)
    }


def mark_as_called(model: "keras.Model") -> None:
    """Let Keras export a model whose layers were called, though it was not itself."""
    model._called = True


_KERAS_SCOPES = (
    *("autocast_scope", "current_call_ctx", "custom_objects_scope_dict", "in_tf_graph_scope"),
    *("name_scope_stack", "remat_scope_stack", "safe_mode_saving", "stateless_scope"),
    *("symbolic_scope", "tracking_on", "uninitialized_variables"),
)


@contextmanager
def keras_scopes_left_on_error() -> Iterator[None]:
    """Leave the scopes of Keras that a block has entered, whatever it raises.

    Keras enters some of them outside of ``try``. An interrupt there leaves this thread in the call
    of a layer, for one, and the next call of another layer keeps the losses of the one before.
    """
    from keras.src.backend.common import global_state

    tracked = vars(global_state.GLOBAL_STATE_TRACKER)
    before = {name: tracked.get(name) for name in _KERAS_SCOPES}
    stacks = {name: list(value) for name, value in before.items() if isinstance(value, list)}
    try:
        yield
    except BaseException:
        tracked.update(before | stacks)
        raise


# ---- random numbers: fits differ where other threads draw some, as those of a Dask worker do ----


class _ForThisThread:
    """Has the attributes of one object in the thread that made it, of another in all others."""

    def __init__(self, here: Any, elsewhere: Any):
        self._thread, self._here, self._elsewhere = threading.get_ident(), here, elsewhere

    def __getattr__(self, name: str) -> Any:
        is_here = threading.get_ident() == self._thread
        return getattr(self._here if is_here else self._elsewhere, name)


@contextmanager
def keras_seeds_from(generator: random.Random) -> Iterator[None]:
    """Draw the seeds of layers that were given none from a generator, not from Python's own.

    Those of layers that other threads make meanwhile come from where they came from.
    """
    from keras.src.random import seed_generator

    before = seed_generator.python_random
    seed_generator.python_random = _ForThisThread(generator, before)
    try:
        yield
    finally:
        seed_generator.python_random = before


# ---- optimizers: training goes on with the wrong rate, momenta or decay --------------------------


def learning_rate_of(optimizer: "keras.optimizers.Optimizer") -> Any:
    """Return the variable or schedule; the public attribute gives a schedule's present value."""
    return optimizer._learning_rate


def is_excluding_from_decay(optimizer: "keras.optimizers.Optimizer") -> bool:
    """Tell whether variables were excluded from weight decay, which no configuration says."""
    excluded = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
    return any(vars(optimizer).get(name) for name in excluded)


def shared_variables(optimizer: "keras.optimizers.Optimizer") -> list["keras.Variable"]:
    """Return the variables that an optimizer has once: the step count, a constant rate."""
    import keras

    has_rate = isinstance(learning_rate_of(optimizer), keras.Variable)
    return optimizer.variables[: 1 + has_rate]


def slots_by_variable(
    optimizer: "keras.optimizers.Optimizer", variables: Sequence["keras.Variable"]
) -> list[list["keras.Variable"]]:
    """Return a built optimizer's variables for each trained one, if it orders them so."""
    all_slots = optimizer.variables[len(shared_variables(optimizer)) :]
    n_each = len(all_slots) // len(variables)
    return [all_slots[i * n_each : (i + 1) * n_each] for i in range(len(variables))]


def forget_swapped_weights(callback: "keras.callbacks.SwapEMAWeights") -> None:
    """Let a callback that swapped weights in another training begin anew.

    Otherwise a second fit begins with averages that are all zero.
    """
    callback._ema_weights_in_model = False


def without_model(callback: "keras.callbacks.Callback") -> "keras.callbacks.Callback":
    """Return a copy of a callback that has no model; pickles would hold what it last trained."""
    alone = copy.copy(callback)
    alone._model = None
    return alone


# ---- scikeras: parameters with a destination reach nothing ---------------------------------------


def scikeras_routing() -> Any:
    """Import scikeras's routing functions, which do not import TensorFlow.

    The import replaces methods of several Keras classes for the whole process; here they are put
    back.
    """
    import keras

    imported_before = "scikeras" in sys.modules
    classes = (keras.Model, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer)
    originals = [
        (cls, name, vars(cls).get(name))
        for cls in classes
        for name in ("__reduce__", "__deepcopy__")
    ]
    from scikeras import _utils as routing

    for cls, name, original in originals:
        if imported_before or vars(cls).get(name) is original:
            continue
        if original is None:
            delattr(cls, name)
        else:
            setattr(cls, name, original)
    return routing


# ---- TensorFlow: memory grows by ten megabytes with every program; JAX loads TensorFlow ----------


def free_graph(graph: Any) -> None:
    """Free a traced graph that nothing runs any more, which TensorFlow would never do.

    The graph and its operations refer to each other where Python's collector does not look, and a
    gradient of its own, such as that of silu, is registered for good.
    """
    from tensorflow.python.framework import ops
    from tensorflow.python.framework.func_graph import dismantle_func_graph

    for name in list(_own_gradients(graph)):
        ops.gradient_registry._registry.pop(name, None)
    dismantle_func_graph(graph)


def clear_kernel_cache() -> None:
    """Free the kernels that TensorFlow keeps for operations that ran once, if it is in use."""
    if "tensorflow" in sys.modules:
        from tensorflow.python.eager import context

        context.context().clear_kernel_cache()


def _own_gradients(graph):
    """Yield the names of the gradients that were registered while a graph was traced."""
    for operation in graph.get_operations():
        if operation.type == "IdentityN":
            yield operation.node_def.attr["_gradient_op_type"].s.decode()
    for function in graph._functions.values():
        yield from _own_gradients(function.graph)


def do_not_import_tensorflow() -> None:
    """Let Keras ask whether an object is TensorFlow's only where TensorFlow was imported before."""
    from keras.src.saving import serialization_lib
    from keras.src.utils.module_utils import LazyModule

    class OnlyIfImported(LazyModule):
        @property
        def available(self):
            return self.name in sys.modules

    serialization_lib.tf = OnlyIfImported("tensorflow")
