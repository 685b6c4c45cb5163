"""HTML representation of a fitted autoencoder, below scikit-learn's diagram."""

from html import escape
from math import isfinite

import keras

_WIDTH, _HEIGHT, _MARGIN = 260, 56, 3

_STYLE = """
<style>
.skae-summary {font: 0.85rem/1.4 system-ui, sans-serif; margin: 0.6em 0}
.skae-summary table {font: inherit; border-collapse: collapse; margin: 0.4em 0}
.skae-summary th, .skae-summary td {text-align: left; padding: 0.1em 1em 0.1em 0; border: 0}
.skae-summary td.number, .skae-summary th.number {text-align: right}
.skae-summary thead th {border-bottom: 1px solid; font-weight: 600}
.skae-summary svg {display: block; overflow: visible}
.skae-summary summary {cursor: pointer}
</style>"""


def html_summary(autoencoder) -> str:
    """Return layers and losses of an autoencoder as HTML, nothing if it has no model yet.

    Parameters
    ----------
    autoencoder : BaseAutoencoder
    """
    if "model_" not in vars(autoencoder):
        return ""
    code_shape = " × ".join(map(str, autoencoder.code_shape_))
    return (
        f'<div class="skae-summary">{_STYLE}'
        f"<p>{autoencoder.n_features_in_:,} features, code of {code_shape}, "
        f"{autoencoder.model_.count_params():,} parameters; {_training(autoencoder)}"
        f"{_beside_pca(autoencoder)}</p>"
        f"{_sparkline(autoencoder.history_, autoencoder.best_epoch_)}"
        f"<details><summary>Layers</summary>{_layer_table(autoencoder)}</details></div>"
    )


def _training(autoencoder):
    """Return the number of epochs and the loss as text."""
    n_epochs, best = autoencoder.n_epochs_, autoencoder.best_epoch_
    text = f"{n_epochs} epoch{'s' * (n_epochs != 1)}"
    if best == 0:
        return f"{text}, the start was kept"
    held_out = autoencoder.history_.get("val_loss", [])  # partial_fit holds nothing out
    if len(held_out) >= best:
        kind, losses = "held-out", held_out
    else:
        kind, losses = "training", autoencoder.history_["loss"]
    return f"{text}, kept epoch {best} with {kind} loss {losses[best - 1]:.4g}"


def _beside_pca(autoencoder):
    """Return the held-out error relative to PCA's, if fit compared them."""
    share = autoencoder._error_beside_pca
    return "" if share is None else f"; held-out squared error {share:.3g} times PCA's"


def _layer_table(autoencoder):
    rows = [
        _layer_row(half, layer)
        for half, model in (("encoder", autoencoder.encoder_), ("decoder", autoencoder.decoder_))
        for layer in _layers_within(model)
    ]
    head = (
        "<tr><th>part</th><th>layer</th><th>kind</th><th>output</th>"
        '<th class="number">parameters</th></tr>'
    )
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _layers_within(model):
    """Return the layers of a model, and of models in it whose connections are known."""
    for layer in model.layers:
        if isinstance(layer, keras.Model) and getattr(layer, "inputs", None):
            yield from _layers_within(layer)
        else:
            yield layer


def _layer_row(half, layer):
    output = keras.tree.flatten(layer.output)[0]
    shape = " × ".join("?" if size is None else str(size) for size in output.shape[1:])
    cells = [half, layer.name, type(layer).__name__, shape]
    texts = "".join(f"<td>{escape(text)}</td>" for text in cells)
    return f'<tr>{texts}<td class="number">{layer.count_params():,}</td></tr>'


def _sparkline(history, best_epoch):
    """Return an SVG of the loss of training rows, dashed, and of held-out rows."""
    losses = {name: history[name] for name in ("loss", "val_loss") if name in history}
    if len(history["loss"]) < 2:
        return ""
    values = [value for one in losses.values() for value in one if isfinite(value)]
    low, high = min(values), max(values)
    n_epochs = len(history["loss"])
    lines = "".join(
        _line(one, n_epochs, low, high, dashed=name == "loss" and len(losses) > 1)
        for name, one in losses.items()
    )
    mark, _ = _place(max(best_epoch - 1, 0), low, n_epochs, low, high)
    return (
        f'<svg role="img" aria-label="loss over the epochs" width="{_WIDTH}" height="{_HEIGHT}">'
        f'<line x1="{mark:.1f}" x2="{mark:.1f}" y1="0" y2="{_HEIGHT}" stroke="currentColor" '
        f'stroke-opacity="0.4" stroke-dasharray="1 2"/>{lines}</svg>'
    )


def _line(values, n_epochs, low, high, *, dashed):
    places = (
        _place(i, value, n_epochs, low, high) for i, value in enumerate(values) if isfinite(value)
    )
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    style = f'fill="none" stroke="currentColor" stroke-width="1.5"{dashes}'
    return f'<polyline points="{points}" {style}/>'


def _place(i, value, n_values, low, high):
    """Return where the i-th of some values is drawn."""
    x = _MARGIN + (_WIDTH - 2 * _MARGIN) * i / max(n_values - 1, 1)
    share = (value - low) / ((high - low) or 1)
    return x, _HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * share
