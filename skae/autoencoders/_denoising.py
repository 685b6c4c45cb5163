"""Denoising autoencoder."""

from dataclasses import field
from numbers import Real
from typing import ClassVar, Literal

import keras

from skae._compat import StrOptions
from skae._parameters import POSITIVE, Float32Interval, parametrized
from skae.autoencoders._objective import ObjectiveAutoencoder
from skae.layers import (
    Corruption,
    GaussianCorruption,
    LayerCorruption,
    MaskingCorruption,
    SaltAndPepperCorruption,
    SwapCorruption,
)

_CORRUPTIONS: dict[str, type[Corruption]] = {
    "gaussian": GaussianCorruption,
    "masking": MaskingCorruption,
    "salt_and_pepper": SaltAndPepperCorruption,
    "swap": SwapCorruption,
}


@parametrized
class DenoisingAutoencoder(ObjectiveAutoencoder):
    r"""Autoencoder that reconstructs clean samples from noisy ones.

    It minimizes the mean of L(x, g(f(x̃))), where L is the reconstruction loss, f the encoder, g the
    decoder and x̃ the sample x after a random corruption [1]_ [2]_. Noise is drawn anew for every
    batch, also for the validation data. A fitted autoencoder adds no noise: :meth:`reconstruct`
    removes it.

    Parameters
    ----------
    n_components : int or None, default=2
        Size of the code. None uses the output of the network's encoder as the code, such as the
        feature map of a :class:`ConvNetwork`.
    corruption : {"gaussian", "masking", "salt_and_pepper", "swap"} or keras.layers.Layer, \
default="gaussian"
        Kind of noise. ``"gaussian"`` adds normal noise. The others replace values: ``"masking"`` by
        zeros, ``"salt_and_pepper"`` by the lowest or highest value of X (half each), ``"swap"`` by
        values of other samples in the same feature, which suits tables. A Keras layer, such as
        ``keras.layers.GaussianDropout(0.2)``, is copied and applied in training.
    noise : float, default=0.3
        Standard deviation of Gaussian noise; otherwise the fraction of values that are replaced.
        With ``output_activation="linear"`` the data are scaled inside the model, and the unit of
        the standard deviation is the square root of the features' mean variance; otherwise it is
        that of X. Ignored if ``corruption`` is a layer.
    clip : bool, default=False
        Whether noisy samples are clipped to the range of the training data.
    network : BaseNetwork or None, default=None
        Layers of encoder and decoder, such as :class:`ConvNetwork`. None uses
        :class:`DenseNetwork` with ``hidden_layer_sizes``.
    hidden_layer_sizes : int, sequence of int or None, default=None
        Units of the encoder's hidden layers, in order; the decoder mirrors them. Only with
        ``network=None``. None uses (256, 128).
    activation : str, callable, keras.layers.Layer or None, default=None
        Activation of the hidden layers. None keeps that of the network.
    code_activation : str, callable or keras.layers.Layer, default="linear"
        Activation of the code.
    output_activation, loss, init, optimizer, learning_rate, epochs, batch_size, shuffle, \
validation_split, early_stopping, callbacks, metrics, warm_start, random_state, verbose
        As in :class:`DenseAutoencoder`.

    Attributes
    ----------
    model_, encoder_, decoder_, history_, n_epochs_, best_epoch_, batch_size_, code_shape_, \
n_features_in_, feature_names_in_, mean_
        As in :class:`DenseAutoencoder` and :class:`ConvAutoencoder`.

    References
    ----------
    .. [1] Vincent, P., Larochelle, H., Bengio, Y. and Manzagol, P.-A. (2008). Extracting and
       composing robust features with denoising autoencoders. ICML, 1096-1103.
    .. [2] Vincent, P. et al. (2010). Stacked denoising autoencoders. Journal of Machine Learning
       Research 11, 3371-3408.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import DenoisingAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = DenoisingAutoencoder(
    ...     n_components=16, corruption="masking", noise=0.2, epochs=5, random_state=0
    ... ).fit(X)
    >>> autoencoder.reconstruct(X).shape
    (1797, 64)
    """

    n_components: int | None = field(default=2, kw_only=False)
    corruption: Literal["gaussian", "masking", "salt_and_pepper", "swap"] | keras.layers.Layer = (
        "gaussian"
    )
    noise: float = 0.3
    clip: bool = False

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "n_components": [POSITIVE, None],
        "corruption": [StrOptions(set(_CORRUPTIONS)), keras.layers.Layer],
        "noise": [Float32Interval(Real, 0, None, closed="left")],
        "clip": ["boolean"],
    }

    def corrupt(self, inputs):
        """Return the inputs with noise, in training alone."""
        return self._corruption_layer()(inputs)

    def _corruption_layer(self):
        if isinstance(self.corruption, keras.layers.Layer):
            copy = type(self.corruption).from_config(self.corruption.get_config())
            return LayerCorruption(copy, clip=self.clip, name="corruption")
        if self.corruption != "gaussian" and self.noise > 1:
            raise ValueError(
                f"noise={self.noise!r} is more than 1, but with corruption={self.corruption!r} it "
                "is the share of entries that are hit. Give a number from 0 to 1."
            )
        return _CORRUPTIONS[self.corruption](self.noise, clip=self.clip, name="corruption")

    def _start(self, rows, rng):
        super()._start(rows, rng)
        extremes = [(values.min(), values.max()) for values, _ in rows.blocks()]
        lows, highs = zip(*extremes, strict=True)
        self.encoder_.get_layer("corruption").assign_range(min(lows), max(highs))
