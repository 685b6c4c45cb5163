"""The loss and its terms, as ``Model.fit`` would add them up."""

import keras

from skae._layers import monitoring


class _FunctionLoss(keras.losses.Loss):
    """The weighted mean of a loss function over rows, which Keras's ``compile`` would take."""

    def __init__(self, function):
        super().__init__(name="reconstruction")
        self._function = function

    def call(self, y_true, y_pred):
        return self._function(y_true, y_pred)


def mean_loss(loss) -> keras.losses.Loss:
    """Return a compiled model's loss as one that averages over rows and takes weights."""
    return loss if isinstance(loss, keras.losses.Loss) else _FunctionLoss(loss)


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
    with keras.StatelessScope(collect_losses=True):
        core(keras.ops.zeros((1, *core.input.shape[1:])), training=True)
        parts = [f"{layer.name}_loss" for layer in _penalised_layers(core)]
    return ["loss", "reconstruction_loss", *parts] if parts else ["loss"]


def loss_terms(core: keras.Model, loss, batch, weights, training: bool) -> list:
    """Return the scalar tensors that :func:`loss_names` names."""
    with monitoring():
        outputs = core(batch, training=training)
    reconstruction = keras.ops.cast(loss(batch, outputs, sample_weight=weights), "float32")
    parts = [keras.ops.sum(keras.ops.stack(layer.losses)) for layer in _penalised_layers(core)]
    if not parts:
        return [reconstruction]
    return [reconstruction + sum(parts), reconstruction, *parts]
