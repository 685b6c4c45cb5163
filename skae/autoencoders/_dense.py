"""Dense autoencoder."""

from dataclasses import field
from typing import ClassVar

from skae._parameters import Activation, Regularizer, Sizes, parametrized
from skae.autoencoders._base import BaseAutoencoder
from skae.networks import DenseNetwork


@parametrized
class DenseAutoencoder(BaseAutoencoder):
    """Fully connected autoencoder: nonlinear PCA that stands where PCA stands.

    The encoder maps a row to ``n_components`` numbers, the decoder maps them back, and both are
    trained together to reconstruct the rows [1]_ [2]_. With the linear code and output of the
    default, training starts from PCA's reconstruction and keeps the best state it saw.

    Parameters
    ----------
    n_components : int, default=2
        Size of the code.
    hidden_layer_sizes : int or sequence of int, default=(256, 128)
        Units of the encoder's hidden layers, input to code; the decoder has them in reverse order.
        One number is one layer.
    activation : str or callable, default="silu"
        Activation of the hidden layers, by Keras's name or as a function.
    dropout, kernel_regularizer
        As in :class:`DenseNetwork`.
    code_activation : str or callable, default="linear"
        Activation of the code.
    output_activation : str or callable, default="linear"
        Activation of the output. With a linear output the data are centered and divided by one
        global scale inside the model. A bounded one, such as ``"sigmoid"`` (0 to 1) or ``"tanh"``
        (−1 to 1), needs data in its range, which are then left as they are.
    loss : str, callable or keras.losses.Loss, default="mse"
        Reconstruction loss.
    init : {"auto", "pca", "random"}, default="auto"
        ``"pca"`` adds the PCA projection to the encoder and its back-projection to the decoder and
        lets the last layers start at zero, so that training starts at PCA's reconstruction.
        ``"random"`` is the plain network. ``"auto"`` picks ``"pca"`` where code and output are
        linear and ``n_components`` is at most min(n_samples, n_features).
    optimizer : str, keras.optimizers.Optimizer or subclass of it, default="adam"
        An instance is copied and never changed.
    learning_rate : float, keras.optimizers.schedules.LearningRateSchedule or None, default=2e-3
        For an optimizer given by name or class; None keeps its own. An instance brings its
        learning rate along.
    epochs : int, default=200
        Passes over the training rows, at most, with ``early_stopping``.
    batch_size : int or "auto", default="auto"
        Rows per optimizer step, at most all training rows. ``"auto"`` is the largest power of two
        up to a 32nd of them, but not below 16 or above 256.
    shuffle : bool, default=True
        Whether the rows are shuffled before every epoch.
    validation_split : float in [0, 1), default=0.2
        Share of the rows, drawn at random, that is held out to monitor the loss.
    early_stopping : bool or int, default=True
        Whether to stop when the monitored loss (of the held-out rows, if there are some) has not
        decreased for a number of epochs, and to keep the weights of its minimum. An int is that
        number.
    callbacks : keras.callbacks.Callback, list or dict of them, or None, default=None
        Instances or classes.
    metrics : str, callable, keras.metrics.Metric, or list of them, default=None
        Recorded in ``history_`` under their names, those of held-out rows with ``val_`` in front.
        They compare standardized rows with their reconstructions, without noise, by the weights at
        the end of an epoch, which costs one more pass over the rows.
    warm_start : bool, default=False
        Whether ``fit`` continues from the fitted model instead of building a new one.
    random_state : int, RandomState instance or None, default=None
        Seeds initial weights, noise, the split and the order of rows. An int gives the same codes
        in every process.
    verbose : {0, 1, 2, "auto"}, default=0
        As in ``keras.Model.fit``.

    Attributes
    ----------
    model_ : keras.Model
        Encoder and decoder, chained: rows in, reconstructions out, both in the units of X.
    encoder_, decoder_ : keras.Model
        The two halves of ``model_``, sharing its weights.
    history_ : dict of str to list of float
        One value an epoch: ``"loss"``, ``"val_loss"`` if rows were held out, and the terms of the
        loss if it has several; in standardized units.
    n_epochs_ : int
        Number of epochs run, over all calls since the model was built.
    best_epoch_ : int
        How many of them the weights have seen that were kept; 0 is the start.
    batch_size_ : int
        Rows per optimizer step of the last call.
    n_features_in_ : int
        Number of features (of numbers in a row, if rows are n-dimensional).
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X had string column names at fit.
    mean_ : ndarray of shape (n_features_in_,)
        Mean of the training rows.

    See Also
    --------
    sklearn.decomposition.PCA : The linear counterpart.

    References
    ----------
    .. [1] Kramer, M. A. (1991). Nonlinear principal component analysis using autoassociative
       neural networks. AIChE Journal 37(2), 233-243.
    .. [2] Hinton, G. E. and Salakhutdinov, R. R. (2006). Reducing the dimensionality of data with
       neural networks. Science 313(5786), 504-507.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import DenseAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = DenseAutoencoder(n_components=2, epochs=5, random_state=0).fit(X)
    >>> autoencoder.transform(X).shape
    (1797, 2)
    >>> autoencoder.score(X) > 0.3
    True
    """

    n_components: int = field(default=2, kw_only=False)
    hidden_layer_sizes: Sizes = (256, 128)
    activation: Activation = "silu"
    dropout: float = 0.0
    kernel_regularizer: Regularizer = None

    _parameter_constraints: ClassVar[dict[str, list]] = DenseNetwork._parameter_constraints

    def make_network(self):
        """Return the dense network of these parameters."""
        return DenseNetwork.with_parameters_of(self)
