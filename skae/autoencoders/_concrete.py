"""Concrete autoencoder."""

from dataclasses import field
from numbers import Real
from typing import ClassVar, Literal

import keras
import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment
from scipy.special import log_softmax
from sklearn.feature_selection import SelectorMixin

from skae import engine
from skae._compat import Interval
from skae._parameters import Float32Interval, LearningRate, parametrized
from skae.autoencoders._objective import ObjectiveAutoencoder
from skae.data._validation import validate_codes
from skae.layers import ConcreteSelection
from skae.networks import BaseNetwork


@parametrized
class ConcreteAutoencoder(SelectorMixin, ObjectiveAutoencoder):
    r"""Unsupervised feature selection: the features that reconstruct all others best.

    Unit j of the code is Σᵢ mⱼᵢ xᵢ. In every training step its weights mⱼ are drawn from a concrete
    distribution, softmax((log αⱼ + Gumbel noise) / T) [1]_ [2]_. The temperature T falls
    geometrically from ``start_temperature`` to ``end_temperature`` over the fraction ``annealing``
    of the epochs, and the draws become one-hot. Then each unit is assigned a feature of its own:
    the distinct features with the largest sum of log-probabilities. In the remaining epochs the
    decoder is trained on exactly these features. ``early_stopping`` applies to these epochs only.

    ``transform`` returns the selected columns of X, and :meth:`inverse_transform` reconstructs all
    columns from them.

    Parameters
    ----------
    n_components : int, default=2
        Number of features to select.
    start_temperature : float, default=10.0
        Initial temperature.
    end_temperature : float, default=0.1
        Final temperature.
    annealing : float in (0, 1], default=0.75
        Fraction of ``epochs`` in which features are selected.
    network : BaseNetwork or None, default=None
        Network whose decoder is used. None uses :class:`DenseNetwork` with
        ``hidden_layer_sizes``.
    hidden_layer_sizes : int, sequence of int or None, default=None
        Units of the decoder's hidden layers, in reverse order. Only with ``network=None``. None
        uses (256, 128).
    activation : str, callable, keras.layers.Layer or None, default=None
        Activation of the hidden layers. None keeps that of the network.
    learning_rate : float, keras.optimizers.schedules.LearningRateSchedule or None, default=1e-2
        Learning rate of selection and decoder, as in :class:`DenseAutoencoder`. If it is too low,
        the decoder learns too slowly and poor features are selected.
    output_activation, loss, optimizer, epochs, batch_size, shuffle, \
validation_split, early_stopping, callbacks, metrics, warm_start, random_state, verbose
        As in :class:`DenseAutoencoder`.

    Attributes
    ----------
    selected_ : ndarray of shape (n_components,), int
        Index of the feature that each unit of the code of ``encoder_`` selects. ``transform``
        returns them in the order of the columns of X.
    certainty_ : ndarray of shape (n_components,)
        Largest probability in each unit's distribution over features: 1 if the selection has
        converged.
    n_reassigned_ : int
        Number of units that were assigned another feature than their most probable one, because
        another unit had it already.
    model_, encoder_, decoder_, history_, n_epochs_, best_epoch_, batch_size_, code_shape_, \
n_features_in_, feature_names_in_, mean_
        As in :class:`DenseAutoencoder`, except that ``encoder_`` returns the selected features in
        standardized units.

    Raises
    ------
    ValueError
        From ``fit``, if there are fewer features than ``n_components``.

    References
    ----------
    .. [1] Balın, M. F., Abid, A. and Zou, J. (2019). Concrete autoencoders: differentiable feature
       selection and reconstruction. ICML, 444-453.
    .. [2] Maddison, C. J., Mnih, A. and Teh, Y. W. (2017). The concrete distribution: a continuous
       relaxation of discrete random variables. ICLR.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import ConcreteAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> selector = ConcreteAutoencoder(n_components=10, epochs=8, random_state=0).fit(X)
    >>> selector.transform(X).shape
    (1797, 10)
    >>> int(selector.get_support().sum())
    10
    """

    n_components: int = field(default=2, kw_only=False)
    start_temperature: float = 10.0
    end_temperature: float = 0.1
    annealing: float = 0.75
    learning_rate: LearningRate = 1e-2
    code_activation: Literal["linear"] = field(default="linear", init=False)
    init: Literal["random"] = field(default="random", init=False)

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "start_temperature": [Float32Interval(Real, 0, None, closed="neither")],
        "end_temperature": [Float32Interval(Real, 0, None, closed="neither")],
        "annealing": [Interval(Real, 0, 1, closed="right")],
    }

    _changeable = ObjectiveAutoencoder._changeable | {
        "start_temperature",
        "end_temperature",
        "annealing",
    }

    def transform(self, X: ArrayLike) -> np.ndarray:
        r"""Return the selected columns of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components), float32
            In the units and the order of the columns of X.

        Raises
        ------
        ValueError
            If X has another number of features than at fit, or NaN or infinite values.
        TypeError
            If X is sparse.
        """
        return ObjectiveAutoencoder.transform(self, X)  # not the mixin's

    def _codes(self, X):
        return self._rows_in_use(X)[:, np.sort(self.selected_)].astype(np.float32)

    def inverse_transform(self, Z: ArrayLike) -> np.ndarray:
        r"""Reconstruct samples from the selected columns.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_components)
            As ``transform`` returns them.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features) or (n_samples, \*row_shape), float32
            A DataFrame after ``set_output(transform="pandas")`` or ``"polars"``, unless samples are
            n-dimensional.

        Raises
        ------
        ValueError
            If Z has another number of columns, or NaN or infinite values.
        TypeError
            If Z is sparse.
        """
        return ObjectiveAutoencoder.inverse_transform(self, Z)  # not the mixin's

    def _decoded(self, Z):
        """Return the rows that the decoder reconstructs from columns as transform returns them."""
        columns = validate_codes(self, Z, self._n_features_out)
        ranks = np.argsort(np.argsort(self.selected_))
        centre = self._scale.mean[self.selected_]
        codes = ((columns[:, ranks] - centre) / self._scale.scale).astype(np.float32)
        return self._restored(self._apply(engine.Mapping.DECODE, codes))

    def _get_support_mask(self):
        used = self._in_use()
        mask = np.zeros(used.n_features_in_, dtype=bool)
        mask[used.selected_] = True
        return mask

    def _follow_weights(self):
        super()._follow_weights()
        indices = self.model_.get_layer("encoder").get_layer("selection").indices
        self.selected_ = engine.array_of(indices.value).astype(np.int32)

    # ---- the model ------------------------------------------------------------------------

    def make_network(self):
        """Return the network without its encoder."""
        return _DecoderOnly(super().make_network())

    def compute_code(self, features, kernel_initializer):
        """Return the features that are chosen, in training mixtures of them."""
        if len(features.shape) > 2:
            features = keras.layers.Flatten("channels_last", name="selection_flatten")(features)
        return ConcreteSelection(self.n_components, name="selection")(features)

    def _start(self, rows, rng):
        if self.n_components > self.n_features_in_:
            raise ValueError(
                f"n_components={self.n_components} distinct features cannot be selected from "
                f"n_features={self.n_features_in_}. Lower n_components."
            )
        super()._start(rows, rng)

    def _starts_from_pca(self, n_rows):
        return False

    # ---- the schedule ---------------------------------------------------------------------

    def _run_epochs(self, training, validation, *, epochs, patience, keep_best, rng):
        """Choose features in the first epochs, then train the decoder on the chosen ones."""
        n_choosing = int(np.clip(self._n_annealing_epochs() - self.n_epochs_, 0, epochs))
        decoding = {"epochs": epochs - n_choosing, "patience": patience, "keep_best": keep_best}
        if not n_choosing:
            return super()._run_epochs(training, validation, rng=rng, **decoding)
        ended = super()._run_epochs(
            training, validation, epochs=n_choosing, patience=None, keep_best=False, rng=rng
        )
        if not ended or n_choosing == epochs:
            return ended
        try:
            return super()._run_epochs(training, validation, rng=rng, **decoding)
        except KeyboardInterrupt:  # in its first epoch
            engine.warn_interrupted(n_choosing, keep_best=False)
            return False

    def _take_over(self, result):
        super()._take_over(result)
        if self.n_epochs_ <= self._n_annealing_epochs():
            self._keep_choice()

    def _n_annealing_epochs(self):
        return max(1, round(self.annealing * self.epochs))

    def _objective_callbacks(self):
        temperatures = np.geomspace(
            self.start_temperature, self.end_temperature, self._n_annealing_epochs()
        )
        return [_Annealing(temperatures)]

    def _keep_choice(self):
        log_odds = _log_odds(self.encoder_.get_layer("selection"))
        favourites = np.unique(log_odds.argmax(axis=1))
        self.certainty_ = np.exp(log_odds.max(axis=1))
        self.n_reassigned_ = self.n_components - len(favourites)
        self.selected_ = distinct_choice(log_odds)


class _DecoderOnly(BaseNetwork):
    """A network without its encoder: the code is chosen from the input itself."""

    def __init__(self, network):
        self.network = network

    def check_parameters(self):
        self.network.check_parameters()

    def sample_shape(self, row_shape):
        return self.network.sample_shape(row_shape)

    def encoder_body(self, inputs):
        return inputs

    def decoder_body(self, code, sample_shape, kernel_initializer):
        return self.network.decoder_body(code, sample_shape, kernel_initializer)


class _Annealing(keras.callbacks.Callback):
    """Lower the temperature and, after its last value, freeze the choice."""

    def __init__(self, temperatures):
        super().__init__()
        self._temperatures = temperatures

    def on_epoch_begin(self, epoch, logs=None):
        selection = self._selection()
        selection.frozen.assign(float(epoch >= len(self._temperatures)))
        if epoch < len(self._temperatures):
            selection.temperature.assign(self._temperatures[epoch])

    def on_epoch_end(self, epoch, logs=None):
        if epoch < len(self._temperatures):
            selection = self._selection()
            selection.indices.assign(distinct_choice(_log_odds(selection)))

    def _selection(self):
        return self.model.get_layer("encoder").get_layer("selection")


def _log_odds(selection):
    """Return log probabilities of features, for every unit."""
    return log_softmax(keras.ops.convert_to_numpy(selection.log_alpha), axis=1)


def distinct_choice(log_odds: np.ndarray) -> np.ndarray:
    """Return one column for each row, all distinct, with the largest sum of entries."""
    return linear_sum_assignment(log_odds, maximize=True)[1].astype(np.int32)
