"""What the tutorials and papers say of autoencoders beside their losses, held against skae."""

from dataclasses import dataclass, replace

import keras
import numpy as np
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

import skae
from benchmarks import datasets, measures
from benchmarks.anomaly.problems import problems
from benchmarks.articles.networks import BERNOULLI

ROWS, QUICK_ROWS = 10_000, 100
SELECTED = 50
IMPORTANCE_SAMPLES, BOUNDED_ROWS = 5000, 1000
PART = 10  # epochs between two states that are saved


@dataclass(frozen=True)
class Finding:
    """One number beside the one that it is held against.

    Parameters
    ----------
    id : str
        Name of the function that measured it.
    subject : str
        What was done.
    measure : str
        What was measured.
    value : float
        What skae has.
    beside : str
        Where the other number comes from.
    reference : float
        The other number.
    holds : bool
        Whether that is as good as it should be.
    in_full : bool, default=True
        Whether nothing was cut short.
    """

    id: str
    subject: str
    measure: str
    value: float
    beside: str
    reference: float
    holds: bool
    in_full: bool = True


def principal_components(extent):
    """Find PCA's subspace with a linear autoencoder from random weights, and its components."""
    X = _split(extent).X_train
    k, epochs = 6, extent.epochs(60)
    autoencoder = skae.DenseAutoencoder(
        k,
        hidden_layer_sizes=(),
        init="random",
        learning_rate=_cosine(5e-3, epochs, len(X), 500),
        batch_size=500,
        **_to_the_end(extent, epochs),
    ).fit(X)
    back = autoencoder.inverse_transform(np.eye(k)) - autoencoder.inverse_transform(
        np.zeros((1, k))
    )
    codes = autoencoder.transform(X)
    pca = PCA(k, svd_solver="full").fit(X)
    angle = np.degrees(subspace_angles(back.T, pca.components_.T).max())
    components = np.linalg.svd((codes - codes.mean(axis=0)) @ back, full_matrices=False)[2][:k]
    cosine = np.abs(np.einsum("ij,ij->i", components, pca.components_)).min()
    subject = f"linear, {k} units, beside PCA({k})"
    return [
        Finding("P", subject, "largest principal angle, °", angle, "goal", 1, angle < 1),
        Finding("P", subject, "least |cosine| of components", cosine, "goal", 0.99, cosine > 0.99),
    ]


def classification_and_retrieval(extent):
    """Classify codes by an SVM and retrieve similar rows by them, beside PCA's."""
    split = _split(extent)
    encoders = {
        "PCA": PCA(2, random_state=extent.seed),
        "skae": skae.DenseAutoencoder(2, epochs=extent.epochs(200), random_state=extent.seed),
    }
    measured = {
        name: measures.measure(name, encoder, split, has_classes=True, seed=extent.seed)
        for name, encoder in encoders.items()
    }
    return [
        _higher_is_better("U", "DenseAutoencoder(2)", label, measured, key)
        for key, label in [
            ("svc_accuracy", "accuracy of an SVC on the codes"),
            ("precision_at_10", "precision of the 10 nearest codes"),
        ]
    ]


def denoising(extent):
    """Remove noise of half the range of a pixel."""
    split = _split(extent)
    epochs = extent.epochs(30)
    autoencoder = skae.DenoisingAutoencoder(
        128,
        noise=0.5,
        network=skae.DenseNetwork((512,)),
        learning_rate=_cosine(1e-3, epochs, len(split.X_train), 128),
        batch_size=128,
        **BERNOULLI,
        **_to_the_end(extent, epochs),
    ).fit(split.X_train)
    noise = np.random.default_rng(extent.seed).normal(0, 0.5, split.X_test.shape)
    left = autoencoder.reconstruct(split.X_test + noise) - split.X_test
    share = np.square(left).sum() / np.square(noise).sum()
    subject = "denoising, noise N(0, 0.5²)"
    return [Finding("U", subject, "noise energy left", share, "goal", 0.25, share < 0.25)]


def threshold(extent):
    """Tell fraud from what is usual by a threshold on the reconstruction error."""
    group = "digits" if extent.quick else "creditcard"
    (problem, *_) = problems(group, seed=extent.seed, rows=200_000, quick=extent.quick)
    detector = skae.ReconstructionOutlierDetector(
        false_positive_rate=0.01, random_state=extent.seed
    ).fit(problem.X_train)
    area = roc_auc_score(problem.is_anomaly, -detector.score_samples(problem.X_test))
    alarms = (detector.predict(problem.X_test[~problem.is_anomaly]) == -1).mean()
    subject = f"outlier detector, {problem.name}"
    return [
        Finding("U", subject, "AUROC", area, "published", 0.95, area >= 0.95),
        Finding("U", subject, "false alarms", alarms, "promised", 0.01, alarms < 0.012),
    ]


def contraction(extent):
    """Make the Jacobian of an encoder smaller by a penalty."""
    X = _split(extent).X_train
    norms = {
        weight: _jacobian_norm(
            skae.ContractiveAutoencoder(
                8,
                contraction=weight,
                network=skae.DenseNetwork((128,)),
                **_to_the_end(extent, extent.epochs(20)),
            ).fit(X),
            X[:100],
        )
        for weight in (0.0, 1.0)
    }
    ratio = norms[1.0] / norms[0.0]
    subject = "contraction 1 beside 0"
    return [Finding("V", subject, "ratio of the mean ‖J‖", ratio, "goal", 0.7, ratio < 0.7)]


def selection(extent):
    """Select pixels, reconstruct the others from them, and classify by them.

    The 10 000 images are those of MNIST's test set, 8000 for training: all their pixels together
    classify as well as published, those of as many training images do not.
    """
    X_train, X_test, y_train, y_test = _protocol_of_selection(extent)
    selector = skae.ConcreteAutoencoder(
        SELECTED, epochs=extent.epochs(200), random_state=extent.seed
    ).fit(X_train)
    mse = float(np.square(selector.reconstruct(X_test) - X_test).mean())
    chosen = selector.get_support()
    accuracy, of_all = (
        _accuracy_of_trees(X_train[:, columns], y_train, X_test[:, columns], y_test)
        for columns in (chosen, np.ones_like(chosen))
    )
    subject = f"concrete, {SELECTED} pixels"
    return [
        Finding("V", subject, "mse a pixel", mse, "published", 0.0191, mse <= 0.0191),
        Finding("V", subject, "ExtraTrees", accuracy, "published", 0.9385, accuracy >= 0.9385),
        Finding("V", "all pixels", "ExtraTrees", of_all, "published", 0.954, of_all >= 0.944),
    ]


def deep_compression(extent, checkpoint):
    """Train the network of Hinton and Salakhutdinov (Science 2006), without its pretraining."""
    X_train, X_test = _all_rows(extent)
    epochs = extent.epochs(60)
    autoencoder = skae.DenseAutoencoder(
        30,
        hidden_layer_sizes=(1000, 500, 250),
        learning_rate=_cosine(1e-3, epochs, len(X_train), 256),
        batch_size=256,
        warm_start=True,
        **BERNOULLI,
        **_to_the_end(extent, PART),
    )
    autoencoder = checkpoint.load() or autoencoder
    while _epochs_of(autoencoder) < epochs:
        n_more = min(PART, epochs - _epochs_of(autoencoder))
        checkpoint.save(autoencoder.set_params(epochs=n_more).fit(X_train))
    error = np.square(autoencoder.reconstruct(X_test) - X_test).sum(axis=1).mean()
    pca = PCA(30, random_state=extent.seed).fit(X_train)
    of_pca = np.square(pca.inverse_transform(pca.transform(X_test)) - X_test).sum(axis=1).mean()
    subject, measure = "784-1000-500-250-30", "squared error an image"
    return [
        Finding("H", subject, measure, error, "published", 3.0, error <= 3.0),
        Finding("H", subject, measure, error, "PCA", of_pca, error <= of_pca),
    ]


def likelihood(extent, checkpoint):
    """Bound the likelihood of binarised digits, drawn anew for every epoch of training."""
    X_train, X_test = _all_rows(extent)
    epochs = extent.epochs(100)
    autoencoder = skae.VariationalAutoencoder(
        50,
        network=skae.DenseNetwork((500, 500)),
        kl_warmup=10,
        learning_rate=_cosine(1e-3, epochs, len(X_train), 128),
        batch_size=128,
        **BERNOULLI,
    )
    autoencoder = checkpoint.load() or autoencoder
    while _epochs_of(autoencoder) < epochs:
        seed = extent.seed + _epochs_of(autoencoder)
        autoencoder.set_params(random_state=seed).partial_fit(_binarized(X_train, seed))
        checkpoint.save(autoencoder)
    samples = 10 if extent.quick else IMPORTANCE_SAMPLES
    rows = _binarized(X_test, extent.seed)[:BOUNDED_ROWS]
    nats = -autoencoder.score_samples(rows, samples).mean()
    subject = "variational, 784-500-500-50"
    measure = f"NLL, nats, {len(rows)} test rows, {samples} importance samples"
    return [Finding("N", subject, measure, nats, "goal", 90, nats <= 90)]


MEASURED = {
    "P": principal_components,
    "U-codes": classification_and_retrieval,
    "U-noise": denoising,
    "U-threshold": threshold,
    "V-contractive": contraction,
    "V-concrete": selection,
}
TRAINED_IN_PARTS = {"H": deep_compression, "N": likelihood}
NAMES = (*MEASURED, *TRAINED_IN_PARTS)


def find(name, extent, checkpoint):
    """Measure, unless it is saved what was found before.

    Parameters
    ----------
    name : str
        Out of `NAMES`.
    extent : Extent
        How much is done.
    checkpoint : Checkpoint
        Holds an autoencoder in training, or what was found.

    Returns
    -------
    list of Finding
    """
    saved = checkpoint.load()
    if isinstance(saved, list):
        return saved
    if name in MEASURED:
        found = MEASURED[name](extent)
    else:
        found = TRAINED_IN_PARTS[name](extent, checkpoint)
    found = [replace(finding, in_full=extent.most_epochs is None) for finding in found]
    checkpoint.save(found)
    return found


def _epochs_of(autoencoder):
    """Return how many epochs an autoencoder has been trained, 0 before the first."""
    return getattr(autoencoder, "n_epochs_", 0)


def _split(extent):
    dataset = datasets.load("digits" if extent.quick else "mnist")
    rows = QUICK_ROWS if extent.quick else ROWS
    return datasets.split(dataset, rows=rows, standardize=False, random_state=extent.seed)


def _protocol_of_selection(extent):
    dataset = datasets.load("digits" if extent.quick else "mnist")
    X, y = dataset.X[dataset.n_train :], dataset.y[dataset.n_train :]
    if extent.quick:
        X, y = X[:QUICK_ROWS], y[:QUICK_ROWS]
    return train_test_split(X, y, train_size=0.8, random_state=extent.seed)


def _accuracy_of_trees(X_train, y_train, X_test, y_test):
    """Return the accuracy of 50 randomised trees, the mean of five such forests."""
    forests = [ExtraTreesClassifier(50, random_state=i).fit(X_train, y_train) for i in range(5)]
    return float(np.mean([forest.score(X_test, y_test) for forest in forests]))


def _all_rows(extent):
    """Return all training and all test rows."""
    if extent.quick:
        split = _split(extent)
        return split.X_train, split.X_test
    dataset = datasets.load("mnist")
    return dataset.X[: dataset.n_train], dataset.X[dataset.n_train :]


def _binarized(X, seed):
    """Return rows of 0 and 1, drawn with the pixels as probabilities."""
    return (np.random.default_rng(seed).random(X.shape, np.float32) < X).astype(np.float32)


def _cosine(rate, epochs, n_rows, batch_size):
    return keras.optimizers.schedules.CosineDecay(rate, epochs * -(-n_rows // batch_size))


def _to_the_end(extent, epochs):
    """Return settings that train on all rows for a fixed number of epochs."""
    return {
        "epochs": epochs,
        "validation_split": 0,
        "early_stopping": False,
        "random_state": extent.seed,
    }


def _jacobian_norm(autoencoder, X, step=0.05):
    """Return the mean norm of the encoder's Jacobian, by differences in random directions."""
    directions = np.random.default_rng(0).normal(size=(64, *X.shape)) * step
    codes = autoencoder.transform(X)
    squares = [((autoencoder.transform(X + d) - codes) / step) ** 2 for d in directions]
    return np.sqrt(np.mean(squares, axis=0).sum(axis=1)).mean()


def _higher_is_better(id, subject, label, measured, key):
    value, reference = (getattr(measured[name], key) for name in ("skae", "PCA"))
    return Finding(id, subject, label, value, "PCA(2)", reference, value > reference)
