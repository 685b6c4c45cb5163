"""From names, classes and routed parameters to Keras objects, by scikeras."""

from functools import cache
from numbers import Real

import keras

from skae._compat import is_excluding_from_decay, scikeras_routing
from skae.engine._optimizers import config_of

_AVERAGING = ("sum_over_batch_size", "mean")


_routing = scikeras_routing()


def _instantiate(value, getter, routed):
    """Return the Keras object of a name, class or instance with routed parameters."""
    named = _routing.try_to_convert_strings_to_classes(value, getter)
    return _routing.unflatten_params(items=named, params=routed)


@cache
def _optimizer_class_named(name):
    """Return the class that scikeras finds, which builds an optimizer to find it, once a name."""
    return _routing.get_optimizer_class(name)


def compile_model(model, *, optimizer, learning_rate, loss, routed=None):
    """Compile ``model`` in place with objects of its own.

    Parameters
    ----------
    model : keras.Model
    optimizer : str, keras.optimizers.Optimizer or subclass of it
        An instance is copied, so that its state is never shared between fits.
    learning_rate : float, keras.optimizers.schedules.LearningRateSchedule or None
        For a name or class; None uses the optimizer's default. An instance keeps its own.
    loss : callable or keras.losses.Loss
        As :func:`make_loss` returns it.
    routed : dict or None, default=None
        Further arguments of the optimizer.
    """
    _refuse_short_weights(model)
    if isinstance(optimizer, keras.optimizers.Optimizer):
        _refuse_exclusions(optimizer)
        settings, optimizer_class = config_of(optimizer), type(optimizer)
    else:
        settings = {} if learning_rate is None else {"learning_rate": learning_rate}
        optimizer_class = _routing.try_to_convert_strings_to_classes(
            optimizer, _optimizer_class_named
        )
    # TensorFlow keeps a kernel for every name of a variable that it has seen, and an optimizer
    # without a name gets a new one each time.
    settings = {**settings, **_arguments(routed or {}), "name": "optimizer"}
    if isinstance(settings.get("learning_rate"), Real):
        settings["learning_rate"] = float(settings["learning_rate"])
    model.compile(optimizer=optimizer_class.from_config(settings), loss=loss)


def _averaging(loss):
    """Return a loss that averages over rows, as training does.

    Raises
    ------
    ValueError
        If it reduces the losses of rows in another way.
    """
    if isinstance(loss, keras.losses.Loss) and loss.reduction not in _AVERAGING:
        raise ValueError(
            f"{type(loss).__name__} has reduction={loss.reduction!r}, but losses are averaged over "
            "rows: expected reduction='sum_over_batch_size' or 'mean'. Leave it at that, and scale "
            "the learning_rate instead."
        )
    return loss


def _refuse_short_weights(model):
    """Raise if weights have 16 bits, where rounding loses the training steps."""
    short = {v.dtype for v in model.trainable_variables} & {"bfloat16", "float16"}
    if short:
        (dtype,) = sorted(short)[:1]
        raise ValueError(
            f"The weights to train are {dtype}, which rounds the steps of an optimizer away: "
            "expected float32, in which 'mixed' policies keep them. Call keras.config."
            f"set_dtype_policy('mixed_{dtype}') or give that policy to your layers."
        )


def _refuse_exclusions(optimizer):
    """Raise if weights are excluded from decay, because a copy of an optimizer loses this."""
    if is_excluding_from_decay(optimizer):
        raise ValueError(
            f"{type(optimizer).__name__} was told by exclude_from_weight_decay to leave weights "
            "out, which a copy of it does not know: expected an optimizer that decays all weights. "
            "Give weight_decay=0 and regularizers to the layers of a network of your own instead."
        )


def at_new_rate(state, before, now):
    """Return an optimizer's state with the learning rate that a newly compiled optimizer has.

    Parameters
    ----------
    state : list of ndarray
        As a training run reports it.
    before, now : keras.optimizers.Optimizer
        Of the same settings but for the learning rate.

    Returns
    -------
    state : list of ndarray or None
        None if one of the rates is a schedule, which begins at its first step.
    """
    if not _has_constant_rate(before) or not _has_constant_rate(now):
        return None
    position = [variable is now.learning_rate for variable in now.variables].index(True)
    rate = keras.ops.convert_to_numpy(now.learning_rate)
    return [*state[:position], rate, *state[position + 1 :]]


def _has_constant_rate(optimizer):
    return any(variable is optimizer.learning_rate for variable in optimizer.variables)


def make_loss(loss, routed=None):
    """Return a loss as a function or an instance.

    Parameters
    ----------
    loss : str, callable, keras.losses.Loss or subclass of it
        A subclass is instantiated.
    routed : dict or None, default=None
        Arguments for it.

    Raises
    ------
    TypeError
        If there are arguments, but no class to take them.
    """
    if routed and not isinstance(loss, type):
        raise TypeError(
            f"loss={loss!r} takes no parameters, but {sorted(routed)} were given as loss__<name>: "
            "expected a class. Give one, such as keras.losses.Huber."
        )
    return _averaging(_instantiate(loss, _routing.get_loss_class_function_or_string, routed or {}))


def _arguments(routed):
    """Return keyword arguments, classes among them instantiated with what is routed to them."""
    return {
        name: _routing.unflatten_params(
            items=value, params=_routing.route_params(routed, name, pass_filter=set())
        )
        for name, value in routed.items()
        if "__" not in name
    }


def make_callbacks(callbacks, routed=None) -> list:
    """Return the callbacks as a list of instances.

    Parameters
    ----------
    callbacks : None, a callback, or a list or dict of callbacks
        Each a ``keras.callbacks.Callback`` or a subclass of it, which is instantiated.
    routed : dict or None, default=None
        Arguments of classes among them: ``<name>`` for all, ``<key>__<name>`` for the one under
        that key of the dict or at that place of the list.

    Raises
    ------
    TypeError
        If one is neither, or there are arguments, but no class to take them.
    """
    if callbacks is None and routed:
        raise TypeError(
            f"callbacks=None takes no parameters, but {sorted(routed)} were given as "
            "callbacks__<name>. Give a class as callbacks, such as keras.callbacks.EarlyStopping."
        )
    if callbacks is None:
        return []
    if not isinstance(callbacks, dict | list | tuple):
        callbacks = [callbacks]
    _check_takers(callbacks, routed or {})
    unflattened = _routing.unflatten_params(items=callbacks, params=routed or {})
    instances = list(unflattened.values() if isinstance(unflattened, dict) else unflattened)
    for callback in instances:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                "callbacks must be instances or subclasses of keras.callbacks.Callback, got "
                f"{callback!r}. For a function of the epoch, wrap it in keras.callbacks."
                "LambdaCallback(on_epoch_end=...)."
            )
    return instances


def _check_takers(callbacks, routed):
    """Raise if arguments are routed to callback instances."""
    items = callbacks if isinstance(callbacks, dict) else dict(enumerate(callbacks))
    classes = {str(key) for key, callback in items.items() if isinstance(callback, type)}
    for name in routed:
        key, separator, _ = name.partition("__")
        if not classes or (separator and key not in classes):
            raise TypeError(
                f"callbacks__{name} was given, but no class to take it in callbacks={callbacks!r}: "
                "expected one, such as keras.callbacks.EarlyStopping. Give the class instead of an "
                "instance, or the parameter where the instance is made."
            )
