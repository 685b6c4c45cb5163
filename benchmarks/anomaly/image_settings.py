"""Settings of the detector of images, compared on training images alone.

Of each class of MNIST and Fashion-MNIST some training images are learned, and others of all classes
are ranked. Run with ``python -m benchmarks.anomaly.image_settings``.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

import skae
from benchmarks import datasets, start_keras
from benchmarks.anomaly.job import image_detector
from benchmarks.record import Parts, Record, finish

GROUPS = ("mnist", "fashion_mnist")
N_LEARNED, N_NORMAL, N_OF_OTHERS = 2000, 500, 100
AUTOENCODERS = tuple(itertools.product((32, 64), (1.0, 2.0)))
SCORES = {
    f"smoothing {smoothing}, power {power}": skae.LocalError(smoothing, power)
    for smoothing in (0.5, 1.0, 1.5)
    for power in (0.0, 0.5, 1.0)
}


def aurocs(group, normal, autoencoder, seed):
    """Return the AUROC of every score of one autoencoder that has learned one class."""
    data = datasets.load(group)
    images, y = data.X[: data.n_train].reshape(-1, 28, 28), data.y[: data.n_train]
    rng = np.random.RandomState(seed)
    by_class = [rng.permutation(np.flatnonzero(y == one)) for one in range(len(data.target_names))]
    learned, fresh = np.split(by_class[normal][: N_LEARNED + N_NORMAL], [N_LEARNED])
    others = [some[:N_OF_OTHERS] for one, some in enumerate(by_class) if one != normal]
    ranked = np.concatenate([fresh, *others])
    detector = image_detector(seed, *autoencoder, score=skae.ScoreEnsemble(list(SCORES.items())))
    terms = detector.fit(images[learned]).score_terms(images[ranked])
    return [roc_auc_score(y[ranked] != normal, term) for term in np.asarray(terms).T]


def main():
    """Measure every setting and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="measure only what is missing")
    arguments = parser.parse_args()
    start_keras()
    source = (arguments.seed, AUTOENCODERS, list(SCORES))
    parts = Parts(Path("reports", "image_settings"), source, resumes=arguments.resume)
    rows = []
    for group, normal, autoencoder in itertools.product(GROUPS, range(10), AUTOENCODERS):
        case = (group, normal, autoencoder, arguments.seed)
        found = parts("-".join(map(str, case)), aurocs, *case)
        rows += [
            (group, "code {}, noise {}".format(*autoencoder), score, auroc)
            for score, auroc in zip(SCORES, found, strict=True)
        ]
    parts.close()
    table = pd.DataFrame(rows, columns=["group", "autoencoder", "score", "auroc"])
    means = table.pivot_table("auroc", ["autoencoder", "score"], "group")[list(GROUPS)]
    means = means.loc[means.mean(axis=1).sort_values(ascending=False).index].reset_index()
    best = means.iloc[0]
    answer = f"{best['autoencoder']}, {best['score']} is best over both."
    title = "Settings of the detector of images, on training images"
    found = Record("anomaly/image-settings", title, answer, tables={"settings": means})
    finish(found, "benchmarks.anomaly.image_settings", [arguments.seed])


if __name__ == "__main__":
    main()
