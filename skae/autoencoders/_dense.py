"""Dense autoencoder."""

from dataclasses import field
from typing import ClassVar

from skae._parameters import Activation, Regularizer, Sizes, parametrized
from skae.autoencoders._base import BaseAutoencoder
from skae.networks import DenseNetwork


@parametrized
class DenseAutoencoder(BaseAutoencoder):
    """Fully connected autoencoder, a nonlinear counterpart of PCA.

    The encoder maps each sample to its code, a point in a latent space of ``n_components``
    dimensions. The decoder maps codes back to samples. Both are trained together to reconstruct
    the samples [1]_ [2]_. With the default linear code and output, training starts from PCA's
    reconstruction, and the best weights found are kept.

    Parameters
    ----------
    n_components : int, default=2
        Size of the code: the number of latent dimensions.
    hidden_layer_sizes : int or sequence of int, default=(256, 128)
        Units of the encoder's hidden layers, in order; the decoder mirrors them. An int is a
        single layer.
    activation : str, callable or keras.layers.Layer, default="silu"
        Activation of the hidden layers, by Keras's name, as a function or as a layer.
    dropout, kernel_regularizer
        As in :class:`DenseNetwork`.
    code_activation : str, callable or keras.layers.Layer, default="linear"
        Activation of the code.
    output_activation : str, callable or keras.layers.Layer, default="linear"
        Activation of the output. With a linear output the features are centered and divided by one
        global scale inside the model. A bounded output, such as ``"sigmoid"`` (0 to 1) or
        ``"tanh"`` (−1 to 1), needs data in its range; they are then not scaled.
    loss : str, callable or keras.losses.Loss, default="mse"
        Reconstruction loss, by Keras's name, as a function or as an object.
    init : {"auto", "pca", "random"}, default="auto"
        Initialization. ``"pca"`` adds the PCA projection to the encoder and its inverse to the
        decoder, and initializes the last layers with zeros: training starts from PCA's
        reconstruction. ``"random"`` is the plain network. ``"auto"`` uses ``"pca"`` if code and
        output are linear and ``n_components`` is at most min(n_samples, n_features).
    optimizer : str, keras.optimizers.Optimizer or subclass of it, default="adam"
        Keras optimizer. An instance is copied and never changed.
    learning_rate : float, keras.optimizers.schedules.LearningRateSchedule or None, default=2e-3
        For an optimizer given by name or class; None uses the optimizer's default. An optimizer
        instance keeps its own learning rate.
    epochs : int, default=200
        Number of passes over the training data; with ``early_stopping`` the maximum.
    batch_size : int or "auto", default="auto"
        Samples per optimizer step, at most the number of training samples. ``"auto"`` is the
        largest power of two up to 1/32 of that number, between 16 and 256.
    shuffle : bool, default=True
        Whether the samples are shuffled before every epoch.
    validation_split : float in [0, 1), default=0.2
        Fraction of the samples, drawn at random, that is held out as validation data.
    early_stopping : bool or int, default=True
        Whether to stop when the monitored loss has not decreased for a number of epochs, and to
        restore the weights of its minimum. True waits 20 epochs; an int is the number of epochs.
        The loss of the validation data is monitored, or the training loss without such data.
    callbacks : keras.callbacks.Callback, list or dict of them, or None, default=None
        Keras callbacks, as instances or classes.
    metrics : str, callable, keras.metrics.Metric, or list of them, default=None
        Keras metrics, recorded in ``history_`` under their names; for validation data with the
        prefix ``val_``. They compare standardized samples with their reconstructions, without
        noise, after every epoch. That costs one more pass over the data.
    warm_start : bool, default=False
        Whether ``fit`` continues from the fitted model instead of building a new one.
    random_state : int, RandomState instance or None, default=None
        Seeds the weights, the noise, the validation split and the order of the samples. An int
        gives the same codes in every process.
    verbose : {0, 1, 2, "auto"}, default=0
        As in ``keras.Model.fit``. 1 and "auto" also show the progress of passes over data that are
        read in blocks, before training and in ``transform``.

    Attributes
    ----------
    model_ : keras.Model
        Encoder and decoder, chained: maps samples to reconstructions, both in the units of X.
    encoder_, decoder_ : keras.Model
        The two halves of ``model_``, sharing its weights.
    history_ : dict of str to list of float
        One value per epoch: ``"loss"``, ``"val_loss"`` with validation data, and each term of
        the loss if it has several; of standardized data.
    n_epochs_ : int
        Number of epochs run, over all calls since the model was built.
    best_epoch_ : int
        Epoch of the restored weights; 0 means the initial ones.
    batch_size_ : int
        Samples per optimizer step in the last call.
    code_shape_ : tuple of int
        Shape of one code in ``encoder_``: ``(n_components,)``.
    n_features_in_ : int
        Number of features; the number of values of a sample if samples are n-dimensional.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X had string column names at fit.
    mean_ : ndarray of shape (n_features_in_,)
        Mean of each feature over X, samples held out by ``validation_split`` included.

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
