"""Scores and autoencoders for images and series, compared on training samples alone.

Of each class of MNIST and Fashion-MNIST some training images are learned, and others of all classes
are ranked; of ECG5000's training set the normal beats in five folds. Run with
``python -m benchmarks.anomaly.image_settings``.
"""

import argparse
import itertools
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold

import skae
from benchmarks import datasets, start_keras
from benchmarks.anomaly.job import image_detector
from benchmarks.record import Parts, Record, finish

GROUPS = ("mnist", "fashion_mnist")
N_LEARNED, N_NORMAL, N_OF_OTHERS = 2000, 500, 100
N_FOLDS = 5  # of the normal beats
AUTOENCODERS = tuple(itertools.product((32, 64), (0.3, 1.0, 2.0)))
SCORES = {
    f"smoothing {smoothing}, power {power}": skae.LocalError(smoothing, power)
    for smoothing in (0.5, 1.0, 1.5)
    for power in (0.0, 0.5, 1.0)
}


TERMS = {
    "local error": skae.LocalError(),
    "residual": skae.ResidualDistance(),
    "path": skae.HiddenPath(),
    "row": skae.RowDistance(),
    "neighbor of 512": skae.NeighborDistance(n_landmarks=512),
    "isolation": skae.Isolation(),
}


def images_of(group, normal, seed):
    """Return images of one class to learn, images to rank, and which of these are anomalies."""
    data = datasets.load(group)
    images, y = data.X[: data.n_train].reshape(-1, 28, 28), data.y[: data.n_train]
    rng = np.random.RandomState(seed)
    by_class = [rng.permutation(np.flatnonzero(y == one)) for one in range(len(data.target_names))]
    learned, fresh = np.split(by_class[normal][: N_LEARNED + N_NORMAL], [N_LEARNED])
    others = [some[:N_OF_OTHERS] for one, some in enumerate(by_class) if one != normal]
    ranked = np.concatenate([fresh, *others])
    return images[learned], images[ranked], y[ranked] != normal


def beats_of(fold, seed):
    """Return normal beats to learn, beats to rank, and which of these are anomalies."""
    data = datasets.load("ecg5000")
    beats, y = data.X[: data.n_train, :, None], data.y[: data.n_train]
    normal, others = np.flatnonzero(y == 0), np.flatnonzero(y != 0)
    folds = KFold(N_FOLDS, shuffle=True, random_state=seed).split(normal)
    learned, fresh = list(folds)[fold]
    ranked = np.concatenate([normal[fresh], others])
    return beats[normal[learned]], beats[ranked], y[ranked] != 0


def aurocs(samples, detector, scores):
    """Return the AUROC of each score of a detector."""
    learned, ranked, is_anomaly = samples
    detector.set_params(score=skae.ScoreEnsemble(list(scores.items())))
    terms = detector.fit(learned).score_terms(ranked)
    return [roc_auc_score(is_anomaly, term) for term in terms.T]


def of_autoencoder(group, normal, autoencoder, seed):
    samples = images_of(group, normal, seed)
    return aurocs(samples, image_detector(seed, *autoencoder), SCORES)


def of_default(group, part, seed):
    samples = beats_of(part, seed) if group == "ecg5000" else images_of(group, part, seed)
    return aurocs(samples, skae.ReconstructionOutlierDetector(random_state=seed), TERMS)


def main():
    """Measure every setting and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="measure only what is missing")
    arguments = parser.parse_args()
    start_keras()
    seed = arguments.seed
    source = (seed, AUTOENCODERS, list(SCORES), list(TERMS))
    settings, scores = [], []
    with closing(
        Parts(Path("reports", "image_settings"), source, resumes=arguments.resume)
    ) as parts:
        for case in itertools.product(GROUPS, range(10), AUTOENCODERS, [seed]):
            found = parts("-".join(map(str, case)), of_autoencoder, *case)
            name = "code {}, noise {}".format(*case[2])
            settings += [(case[0], name, *pair) for pair in zip(SCORES, found, strict=True)]
        for group, n_parts in {**dict.fromkeys(GROUPS, 10), "ecg5000": N_FOLDS}.items():
            for part in range(n_parts):
                found = parts(f"{group}-{part}-default-{seed}", of_default, group, part, seed)
                scores += [(group, *pair) for pair in zip(TERMS, found, strict=True)]
    by_score = pd.DataFrame(scores, columns=["group", "score", "auroc"])
    by_score = by_score.pivot_table("auroc", "score", "group")[[*GROUPS, "ecg5000"]]
    table = pd.DataFrame(settings, columns=["group", "autoencoder", "score", "auroc"])
    means = table.pivot_table("auroc", ["autoencoder", "score"], "group")[list(GROUPS)]
    means = means.loc[means.mean(axis=1).sort_values(ascending=False).index].reset_index()
    best = means.iloc[0]
    found = Record(
        "anomaly/image-settings",
        "Scores and autoencoders for images and series, on training samples",
        f"{best['autoencoder']}, {best['score']} is best over both kinds of images.",
        tables={"settings": means, "scores": by_score.loc[list(TERMS)].reset_index()},
    )
    finish(found, "benchmarks.anomaly.image_settings", [seed])


if __name__ == "__main__":
    main()
