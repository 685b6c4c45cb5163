"""From rows to a fitted model: the steps of fit."""

from math import prod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from skae import engine
from skae._compat import fit_context
from skae._parameters import changed_parameters, described
from skae.autoencoders._fit_tasks import CallbackSupportMixin, EpochTasks, FitTask
from skae.autoencoders._learner import learner_of
from skae.autoencoders._objective_hooks import ObjectiveHooks
from skae.autoencoders._output_range import check_loss_of_standardized, within_range
from skae.data._chunks import chunks
from skae.data._validation import (
    check_row_shape,
    drop_weightless,
    validate_rows_or_blocks,
    warn_of_ignored_targets,
)
from skae.engine._seeding import seeded
from skae.model._assembly import assemble, check_same_scale, scale_of
from skae.model._principal import is_beaten
from skae.model._scaling import GlobalScale, weighted_mean

_DEFAULT_PATIENCE = 20
_COMPILED = {"optimizer", "learning_rate", "loss"}


class AutoencoderFitting(ObjectiveHooks, CallbackSupportMixin):
    """Training of every autoencoder; :class:`BaseAutoencoder` adds transform and score."""

    _built_with: dict[str, Any]
    _optimizer_state: list[np.ndarray] | None
    _trained: list[bool] | None = None
    _fit_task: FitTask | None = None

    _changeable: ClassVar[frozenset[str]] = frozenset(
        {"epochs", "batch_size", "shuffle", "validation_split", "early_stopping", "callbacks"}
        | {"metrics", "warm_start", "random_state", "verbose"}
        | _COMPILED
    )
    """Parameters that may change between calls that train the same model."""
    _unstandardized_by: ClassVar[str] = "output_activation='sigmoid'"

    def _user_callbacks(self):
        with self._naming_arguments("callbacks"):
            return engine.make_callbacks(self.callbacks, self._routed("callbacks"))

    def _epoch_metrics(self, training, validation):
        metrics = engine.make_metrics(self.metrics)
        return [engine.EpochMetrics(metrics, training, validation)] if metrics else []

    def _epoch_tasks(self):
        return [] if self._fit_task is None else [EpochTasks(self._fit_task, self)]

    # ---- training -------------------------------------------------------------------------

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: object = None,
        sample_weight: ArrayLike | None = None,
        validation_data: ArrayLike | None = None,
    ) -> Self:
        r"""Train the autoencoder to reconstruct X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
            Finite numbers of any dtype that converts to float.
        y : object, default=None
            Ignored. Warns if it has the shape of X and other values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the loss, the mean and the principal axes. Samples of weight
            0 are left out.
        validation_data : array-like of shape (n_validation_samples, n_features), default=None
            Samples to monitor the loss on, with the features of X. ``validation_split`` is then
            ignored: all of X is trained on.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If X, a weight or a parameter is invalid, if the loss becomes NaN, or, with
            ``warm_start``, if a parameter that the model was built with has changed. After any
            exception the estimator is as it was before.
        TypeError
            If X is sparse, or ``validation_data`` is a tuple.

        Warns
        -----
        ConvergenceWarning
            If training is interrupted (Ctrl-C) after the first epoch. The best weights so far are
            kept, or the last ones without early stopping.
        """
        with learner_of(self, FitTask.of(self, X, y, self.epochs)) as learner:
            continues = learner.warm_start and hasattr(learner, "model_")
            share_held_out = learner.validation_split if validation_data is None else 0
            training, held_out, rng = learner._prepared(X, sample_weight, continues, share_held_out)
            if validation_data is not None:
                held_out = learner._validation_rows(validation_data)
            warn_of_ignored_targets(X, y)
            learner._train(training, held_out, rng)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        r"""Train for one epoch on X, continuing from the current state.

        The first call builds the model, with the mean, the scale and the principal axes of its X.
        The optimizer state is kept between calls, also through pickle. Nothing is held out.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        y : object, default=None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            As in ``fit``.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            As in ``fit``.
        """
        with learner_of(self, FitTask.of(self, X, y, 1)) as learner:
            prepared = learner._prepared(X, sample_weight, hasattr(learner, "model_"), 0)
            warn_of_ignored_targets(X, y)
            learner._train_one_pass(*prepared)
        return self

    def _prepared(self, X, sample_weight, continues, share_held_out):
        """Return rows to train on, rows held out and the generator, with the model at its start."""
        if continues:
            self._take_over_changes()
            if self._trained not in (None, self._trainable()):
                self._optimizer_state = None  # frozen layers, or others of low rank
            self._follow_weights()
            check_same_scale(self.model_, self._scale)
        rows, weights = self._training_rows(X, sample_weight, reset=not continues)
        rng = check_random_state(self.random_state)
        if not continues:
            self._set_scale(rows, weights)
        everything, training, held_out = self._split(rows, weights, rng, share_held_out)
        if not continues:
            self._start(everything, rng)
        return training, held_out, rng

    def _take_over_changes(self):
        """Compile again if optimizer or loss changed; raise if a parameter of the model changed."""
        now = described(self.get_params())
        changed = changed_parameters(self._built_with, now, changeable=self._changeable)
        self._built_with = now
        if changed & _COMPILED:
            self._validate_params()
            before, state = self.model_.optimizer, self._optimizer_state
            self._compile_again()
            keeps_state = changed & _COMPILED == {"learning_rate"}
            self._optimizer_state = (
                engine.at_new_rate(state, before, self.model_.optimizer) if keeps_state else None
            )

    def _compile_again(self):
        self._compile()

    def _training_rows(self, X, sample_weight, *, reset):
        rows, row_shape = validate_rows_or_blocks(self, X, reset=reset)
        if reset:
            self._row_shape = row_shape
        check_row_shape(self, row_shape, self._row_shape)
        return drop_weightless(within_range(rows, self.output_activation), sample_weight)

    def _validation_rows(self, X):
        """Return rows to monitor with, as the network sees them."""
        if isinstance(X, tuple):
            raise TypeError(
                f"Expected validation_data to be samples like X; received a tuple of {len(X)}. An "
                "autoencoder's targets are the samples themselves: pass the first item alone."
            )
        try:
            rows, _ = self._training_rows(X, None, reset=False)
        except (TypeError, ValueError) as error:
            raise type(error)(f"validation_data is not like X: {error}") from error
        return self._split(rows, None, check_random_state(0), 0)[0]

    def _set_scale(self, rows, weights):
        """Set the scale and the shape of a sample."""
        if self._standardizes():
            self._scale = GlobalScale.of(rows, weights)
            self.mean_ = self._scale.mean
        else:
            self._scale = GlobalScale.identity(rows.shape[1])
            self.mean_ = weighted_mean(rows, weights)
        self._sample_shape = self.make_network().sample_shape(self._row_shape)

    def _follow_weights(self):
        """Take over the scale of the encoder, whose weights may have been set since ``fit``."""
        self._scale = scale_of(self.model_, "encoder", self._scale)

    def _split(self, rows, weights, rng, share_held_out):
        """Return all rows, those to train on and those held out, as the network sees them."""
        return engine.split_rows(
            rows,
            weights,
            n_held_out=int(share_held_out * len(rows)),
            standardize=self._scale.standardize,
            sample_shape=self._sample_shape,
            rng=rng,
        )

    def _start(self, rows, rng):
        """Build and compile a new model, initialized from PCA if ``init`` says so."""
        self._started_from_pca = self._starts_from_pca(len(rows))
        principal = self._principal_start(rows, rng) if self._started_from_pca else None
        with seeded(rng.randint(np.iinfo(np.int32).max)):
            self.model_ = self._built(principal)
        self._compile()
        self._built_with = described(self.get_params())
        self.code_shape_ = tuple(self.encoder_.output.shape[1:])
        self._n_features_out = prod(self.code_shape_)
        self._optimizer_state = self._error_beside_pca = None
        self.history_, self.n_epochs_, self.best_epoch_ = {}, 0, 0

    def _built(self, principal):
        """Return a new model, with the principal start if there is one."""
        network = self.make_network()
        network.check_parameters()
        return assemble(
            network,
            self._sample_shape,
            corrupt=self.corrupt,
            compute_code=self.compute_code,
            regularize_code=self.regularize_code,
            output_activation=self.output_activation,
            scale=self._scale if self._standardizes() else None,
            principal=principal,
        )

    def _compile(self):
        """Give the new model its loss and optimizer."""
        self._compile_with(self.optimizer, self.loss)

    def _compile_with(self, optimizer, loss):
        made = self._made_loss(loss)
        with self._naming_arguments("optimizer"):
            engine.compile_model(
                self.model_,
                optimizer=optimizer,
                learning_rate=self.learning_rate,
                loss=made,
                routed=self._routed("optimizer"),
            )

    def _made_loss(self, loss):
        with self._naming_arguments("loss"):
            made = engine.make_loss(loss, self._routed("loss"))
        if self._standardizes():
            check_loss_of_standardized(made, self._unstandardized_by)
        return made

    def _standardizes(self):
        return engine.activation_name(self.output_activation) == "linear"

    def _starts_from_pca(self, n_rows):
        most = min(n_rows, self.n_features_in_)
        possible = self.n_components is not None and self.n_components <= most
        possible = possible and self.make_network().starts_at_zero
        linear = self._standardizes() and engine.activation_name(self.code_activation) == "linear"
        if self.init == "pca" and not (possible and linear):
            raise ValueError(
                "init='pca' needs linear code and output and n_components of at most "
                f"min(n_samples, n_features) = {most}; got n_components="
                f"{self.n_components}, output_activation={self.output_activation!r}, "
                f"code_activation={self.code_activation!r}, {self.make_network()!r}. Use "
                "init='auto' or 'random'."
            )
        return self.init != "random" and possible and linear

    def _train(self, training, held_out, rng):
        stops = self.early_stopping is not False
        goes_on = self.n_epochs_ > 0
        start = engine.values_of(self.model_.variables)
        self._run_epochs(
            training,
            held_out,
            epochs=self.epochs,
            patience=_DEFAULT_PATIENCE if self.early_stopping is True else self.early_stopping,
            keep_best=stops,
            rng=rng,
        )
        if stops and held_out is not None and self._started_from_pca:
            ratio = self._keep_start_unless_beaten(start, held_out)
            self._error_beside_pca = None if goes_on else ratio

    def _train_one_pass(self, rows, held_out, rng):
        self._run_epochs(rows, held_out, epochs=1, patience=None, keep_best=False, rng=rng)

    def _keep_start_unless_beaten(self, start, held_out):
        """Restore the initial weights unless they were beaten on held-out rows, beyond chance.

        The minimum of the monitored loss over many epochs flatters its epoch, all the more the
        fewer rows are held out, so the same rows are tested again. Return their error as a
        fraction of that at the start.
        """
        trained = engine.values_of(self.model_.variables)
        errors = self._errors_of(held_out)
        engine.load(self.model_.variables, start)
        start_errors = self._errors_of(held_out)
        weights = _weights_of(held_out)
        if is_beaten(start_errors, errors, weights):
            engine.load(self.model_.variables, trained)
        else:
            self.best_epoch_, errors = 0, start_errors
        before, after = (np.average(part, weights=weights) for part in (start_errors, errors))
        return float(after / before) if before else 1.0

    def _errors_of(self, rows):
        return np.concatenate(
            [
                self._sample_errors(values[chunk])
                for values, _ in rows.blocks()
                for chunk in chunks(len(values), values[0].size, in_cache=False)
            ]
        )

    def _run_epochs(self, training, validation, *, epochs, patience, keep_best, rng):
        """Run epochs and take over what came of them; tell whether the user let them end."""
        self.batch_size_ = engine.resolved_batch_size(self.batch_size, len(training))
        plan = engine.TrainingPlan(
            epochs=epochs,
            initial_epoch=self.n_epochs_,
            batch_size=self.batch_size_,
            shuffle=self.shuffle,
            patience=patience or None,
            keep_best=keep_best,
        )
        result = engine.train_model(
            self.model_,
            training,
            plan,
            validation=validation,
            optimizer_state=self._optimizer_state,
            callbacks=[
                *self._objective_callbacks(),
                *self._epoch_metrics(training, validation),
                *self._user_callbacks(),
                *self._epoch_tasks(),
            ],
            verbose=self.verbose,
            rng=rng,
        )
        self._take_over(result)
        return not result.interrupted

    def _take_over(self, result):
        """Add the results of the epochs; the model has their weights already."""
        grown = {name: self.history_.get(name, []) + new for name, new in result.history.items()}
        self.history_ = {**self.history_, **grown}
        self.n_epochs_ = len(self.history_["loss"])
        self.best_epoch_ = result.best_epoch
        self._optimizer_state = result.optimizer_state
        self._trained = self._trainable()
        self._error_beside_pca = None

    def _trainable(self):
        trained = set(map(id, self.model_.trainable_variables))  # names differ once loaded
        return [id(variable) in trained for variable in self.model_.variables]

    def _samples(self, rows):
        """Return rows standardized, in the shape that the network sees."""
        return self._scale.standardize(rows).reshape(-1, *self._sample_shape)

    def _apply(self, mapping, samples):
        outputs = engine.apply_model(self.model_, mapping, samples)
        return outputs.reshape(len(outputs), -1)

    def _sample_errors(self, samples):
        outputs = self._apply(engine.Mapping.RECONSTRUCT, samples)
        residuals = (samples.reshape(outputs.shape) - outputs).astype(np.float64)
        return np.einsum("ij,ij->i", residuals, residuals)


def _weights_of(rows):
    """Return the weights of rows, or None if all weigh the same."""
    weights = [weights for _, weights in rows.blocks()]
    return None if weights[0] is None else np.concatenate(weights)
