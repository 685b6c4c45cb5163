"""Metrics of reconstructions, at the end of every epoch."""

import keras

from skae.data._chunks import chunks
from skae.engine._inference import Mapping, apply_model


def make_metrics(metrics) -> list[keras.metrics.Metric]:
    """Return new metric objects, which are not shared between fits.

    Parameters
    ----------
    metrics : None, a metric, or a list or tuple of them
        Each a name, a function of targets and outputs, a ``keras.metrics.Metric`` or a subclass.

    Raises
    ------
    ValueError
        If Keras does not know one.
    """
    if metrics is None:
        return []
    return [
        _made(metric) for metric in (metrics if isinstance(metrics, list | tuple) else [metrics])
    ]


def _made(metric):
    if isinstance(metric, keras.metrics.Metric):
        return type(metric).from_config(metric.get_config())
    if isinstance(metric, keras.losses.Loss):
        raise ValueError(
            "metrics must be names, functions of targets and outputs, or keras.metrics.Metric; got "
            f"the loss {metric.name!r}. Pass its name or its function, such as keras.losses.huber."
        )
    found = keras.metrics.get(metric)
    if isinstance(found, keras.metrics.Metric):
        name = metric if isinstance(metric, str) else found.name
        return type(found).from_config({**found.get_config(), "name": name})
    name = metric if isinstance(metric, str) else getattr(found, "__name__", type(found).__name__)
    return keras.metrics.MeanMetricWrapper(found, name=name)


class EpochMetrics(keras.callbacks.Callback):
    """Add the metrics of all rows to the logs of each epoch, before other callbacks see them.

    Parameters
    ----------
    metrics : list of keras.metrics.Metric
    rows : Rows or StreamedRows
    validation : Rows, StreamedRows or None
    """

    def __init__(self, metrics, rows, validation):
        super().__init__()
        self.metrics = metrics
        self._parts = {"": rows} if validation is None else {"": rows, "val_": validation}

    def on_epoch_end(self, epoch, logs=None):
        """Reconstruct the rows and add the metrics to the logs."""
        for prefix, rows in self._parts.items():
            for metric in self.metrics:
                metric.reset_state()
            for values, weights in rows.blocks():
                for chunk in chunks(len(values)):
                    self._update(values[chunk], None if weights is None else weights[chunk])
            logs |= {prefix + metric.name: float(metric.result()) for metric in self.metrics}

    def _update(self, values, weights):
        outputs = apply_model(self.model, Mapping.RECONSTRUCT, values).reshape(len(values), -1)
        for metric in self.metrics:
            metric.update_state(values.reshape(outputs.shape), outputs, sample_weight=weights)
