"""What the tutorials and papers say of autoencoders beside their losses, held against skae."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import train_test_split

import skae
from benchmarks import datasets
from benchmarks.articles.table import cosine_decay

QUICK_ROWS = 100
SELECTED = 50
BERNOULLI = {"loss": "binary_crossentropy", "output_activation": "sigmoid"}
IMPORTANCE_SAMPLES, BOUNDED_ROWS = 5000, 1000


def selection(extent):
    """Select pixels, reconstruct the others from them, and classify by them.

    The 10 000 images are those of MNIST's test set, 8000 for training: all their pixels together
    classify as well as published, those of as many training images do not.
    """
    dataset = datasets.load("digits" if extent.quick else "mnist")
    rows = slice(QUICK_ROWS) if extent.quick else slice(dataset.n_train, None)
    X_train, X_test, y_train, y_test = train_test_split(
        dataset.X[rows], dataset.y[rows], train_size=0.8, random_state=extent.seed
    )
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
        (subject, "mse a pixel", mse, "published", 0.0191, mse <= 0.0191),
        (subject, "ExtraTrees", accuracy, "published", 0.9385, accuracy >= 0.9385),
        ("all pixels", "ExtraTrees", of_all, "published", 0.954, of_all >= 0.944),
    ]


def deep_compression(extent):
    """Train the network of Hinton and Salakhutdinov (Science 2006), without its pretraining."""
    X_train, X_test = _all_rows(extent)
    epochs = extent.epochs(60)
    autoencoder = skae.DenseAutoencoder(
        30,
        hidden_layer_sizes=(1000, 500, 250),
        learning_rate=cosine_decay(1e-3, epochs, len(X_train), 256),
        batch_size=256,
        epochs=epochs,
        validation_split=0,
        early_stopping=False,
        random_state=extent.seed,
        **BERNOULLI,
    ).fit(X_train)
    error = np.square(autoencoder.reconstruct(X_test) - X_test).sum(axis=1).mean()
    pca = PCA(30, random_state=extent.seed).fit(X_train)
    of_pca = np.square(pca.inverse_transform(pca.transform(X_test)) - X_test).sum(axis=1).mean()
    subject, measure = "784-1000-500-250-30", "squared error an image"
    return [
        (subject, measure, error, "published", 3.0, error <= 3.0),
        (subject, measure, error, "PCA", of_pca, error <= of_pca),
    ]


def likelihood(extent):
    """Bound the likelihood of binarised digits, drawn anew for every epoch of training."""
    X_train, X_test = _all_rows(extent)
    epochs = extent.epochs(100)
    autoencoder = skae.VariationalAutoencoder(
        50,
        network=skae.DenseNetwork((500, 500)),
        kl_warmup=10,
        learning_rate=cosine_decay(1e-3, epochs, len(X_train), 128),
        batch_size=128,
        **BERNOULLI,
    )
    for seed in range(extent.seed, extent.seed + epochs):
        autoencoder.set_params(random_state=seed).partial_fit(_binarized(X_train, seed))
    samples = 10 if extent.quick else IMPORTANCE_SAMPLES
    rows = _binarized(X_test, extent.seed)[:BOUNDED_ROWS]
    nats = -autoencoder.score_samples(rows, samples).mean()
    subject = "variational, 784-500-500-50"
    measure = f"NLL, nats, {len(rows)} test rows, {samples} importance samples"
    return [(subject, measure, nats, "goal", 90, nats <= 90)]


MEASURED = {"V-concrete": selection, "H": deep_compression, "N": likelihood}


def _accuracy_of_trees(X_train, y_train, X_test, y_test):
    """Return the accuracy of 50 randomised trees, the mean of five such forests."""
    forests = [ExtraTreesClassifier(50, random_state=i).fit(X_train, y_train) for i in range(5)]
    return float(np.mean([forest.score(X_test, y_test) for forest in forests]))


def _all_rows(extent):
    dataset = datasets.load("digits" if extent.quick else "mnist")
    n_train = QUICK_ROWS if extent.quick else dataset.n_train
    return dataset.X[:n_train], dataset.X[n_train:]


def _binarized(X, seed):
    """Return rows of 0 and 1, drawn with the pixels as probabilities."""
    return (np.random.default_rng(seed).random(X.shape, np.float32) < X).astype(np.float32)
