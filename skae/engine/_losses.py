"""The loss and its terms, summed as in ``Model.fit``."""

from functools import partial

import keras
import numpy as np

from skae._compat import layers_within
from skae.engine._proof import is_known_layer
from skae.layers import monitoring, sharing_rows


def mean_loss(loss):
    """Return the mean of a compiled model's loss over rows, as a function that takes weights.

    Rows may have any number of axes; each row's loss is averaged over all of them before it is
    weighted. A loss that returns one number for a whole batch is computed row by row.
    """
    by_element = loss.call if isinstance(loss, keras.losses.Loss) else loss

    def of_row(pair):
        return by_element(pair[0][None], pair[1][None])

    def mean(y_true, y_pred, weights):
        losses = by_element(y_true, y_pred)
        if not keras.ops.ndim(losses):
            losses = keras.ops.vectorized_map(
                of_row, (keras.ops.cast(y_true, y_pred.dtype), y_pred)
            )
        _check_one_a_row(losses, y_pred)
        losses = keras.ops.cast(losses, "float32")
        by_row = keras.ops.mean(keras.ops.reshape(losses, (keras.ops.shape(losses)[0], -1)), axis=1)
        return keras.ops.mean(by_row * weights)

    return mean


def _check_one_a_row(losses, rows):
    n_losses = losses.shape[0]
    if n_losses is not None and n_losses != rows.shape[0]:
        raise ValueError(
            f"The loss gives {n_losses} values for a batch of any size: expected one a row, one an "
            "element, or a single number. Let it reduce the last axes (axis=-1), not the first."
        )


def _penalised_layers(core):
    """Return the outermost layers, below models, that add to the loss."""
    found = []
    for layer in core.layers:
        if isinstance(layer, keras.Model):
            found += _penalised_layers(layer)
        elif layer.losses:
            found.append(layer)
    return found


def loss_names(core: keras.Model) -> list[str]:
    """Return the names of the loss terms: the total and, if layers add to it, each part."""
    with _apart(core):
        _call_in_training(core)
        parts = [f"{layer.name}_loss" for layer in _penalised_layers(core)]
    return ["loss", "reconstruction_loss", *parts] if parts else ["loss"]


def assigns_weights(core: keras.Model) -> bool:
    """Tell whether a layer assigns trainable weights when called in training, beside the optimizer.

    Of Keras's own layers ``SpectralNormalization`` alone does.
    """
    if not any(map(_may_assign, layers_within(core))):
        return False
    with _apart(core) as scope:
        before = [scope.get_current_value(variable) for variable in core.trainable_variables]
        _call_in_training(core)
        after = [scope.get_current_value(variable) for variable in core.trainable_variables]
    return any(old is not new for old, new in zip(before, after, strict=True))


def _may_assign(layer):
    return isinstance(layer, keras.layers.SpectralNormalization) or not is_known_layer(type(layer))


def _apart(core):
    """Return a scope in which nothing happens to a model's variables."""
    values = [(variable, variable.value) for variable in core.variables]  # regularizers see them
    return keras.StatelessScope(values, collect_losses=True)


def _call_in_training(core):
    """Call a model on one row; JAX does so without computing, hence without compiling, anything."""
    row = np.zeros((1, *core.input.shape[1:]), dtype=np.float32)
    if keras.backend.backend() == "jax":
        import jax

        jax.eval_shape(partial(core, training=True), row)
    else:
        core(keras.ops.convert_to_tensor(row), training=True)


def loss_terms(core: keras.Model, loss, batch, weights, training: bool, shares=None) -> list:
    """Return the scalar tensors that :func:`loss_names` names.

    Parameters
    ----------
    core : keras.Model
    loss : callable
        As :func:`mean_loss` returns it.
    batch : tensor of shape (n, ...)
    weights : tensor of shape (n,)
        Of the rows in the loss.
    training : bool
    shares : tensor of shape (n,) or None
        Of the rows in the penalties; None for equal ones.
    """
    with monitoring(), sharing_rows(shares):
        outputs = core(batch, training=training)
    return terms_of(core, loss, (batch, outputs), weights)


def terms_of(core: keras.Model, loss, pair, weights) -> list:
    """Return the same for rows and the outputs of the call of ``core`` just made."""
    reconstruction = loss(*pair, weights)
    parts = [keras.ops.sum(keras.ops.stack(layer.losses)) for layer in _penalised_layers(core)]
    if not parts:
        return [reconstruction]
    return [reconstruction + sum(parts), reconstruction, *parts]
