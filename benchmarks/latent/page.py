"""What the report of `benchmarks.latent` shows: its words, tables and pictures."""

import numpy as np
import pandas as pd

from benchmarks import figures
from benchmarks.report import Column, Fact, Picture, Report, Table

PLANE = 2  # components that a scatter can show
COLUMNS = (
    Column("method", "Method", help="what made the code"),
    Column("components", "Components", help="numbers per code"),
    Column("r2", "R²", "{:.3f}", "share of held-out variance reconstructed; 1 is all", "high"),
    Column("mse", "MSE", "{:.4f}", "mean squared error per feature", "low"),
    Column("svc_accuracy", "SVC", "{:.3f}", "accuracy of an SVC on the codes", "high"),
    Column("knn_accuracy", "5-NN", "{:.3f}", "accuracy of 5 nearest neighbours", "high"),
    Column(
        "precision_at_10",
        "Prec@10",
        "{:.3f}",
        "share of a row's own class among the 10 training rows with the nearest codes",
        "high",
    ),
    Column("query_us", "Query µs", "{:.1f}", "time to find these 10 for one row"),
    Column("fit_s", "Fit s", "{:.3f}", "time to fit the encoder, compilation included"),
    Column("transform_us", "Encode µs", "{:.2f}", "time to encode one row"),
)
CLASS_MEASURES = ("svc_accuracy", "knn_accuracy", "precision_at_10", "query_us")
HEADLINES = {
    "r2": "R²",
    "svc_accuracy": "SVC accuracy",
    "precision_at_10": "Precision at 10",
    "fit_s": "Seconds to fit",
}
IMAGES, PROFILES = 10, 3


def describe(study, *, claims, command, seed, standardized, wall_time_s):
    """Put a study into words, tables and pictures.

    Parameters
    ----------
    study : latent.Study
        What was measured.
    claims : tuple of Claim
        What the study was held against.
    command : str
        The command line.
    seed : int
        Seed of the study.
    standardized : bool
        Whether the columns were standardized.
    wall_time_s : float
        Seconds that the study took.

    Returns
    -------
    Report
    """
    return Report(
        benchmark="latent",
        title=f"Autoencoder codes beside PCA's: {study.dataset.name}",
        question="Are an autoencoder's codes worth more than PCA's, on rows neither has seen?",
        answer=_answer(study),
        command=command,
        seed=seed,
        wall_time_s=wall_time_s,
        settings=_settings(study, standardized),
        facts=tuple(_facts(study)),
        claims=claims,
        blocks=(
            _results(study),
            _plane(study),
            _reconstructions(study),
            _curves(study),
            _histories(study),
            _search(study),
        ),
        raw={"runs": study.runs},
    )


def _answer(study):
    autoencoder, pca = _both(study, "r2", "{:.0%}")
    answer = (
        f"With {PLANE} numbers per row, the autoencoder reconstructs {autoencoder} of the held-out "
        f"variance, PCA {pca}"
    )
    if not study.has_classes:
        return f"{answer}."
    autoencoder, pca = _both(study, "svc_accuracy", "{:.0%}")
    return f"{answer}; an SVC on its codes is right on {autoencoder} of these rows, on PCA's {pca}."


def _facts(study):
    for column in COLUMNS:
        if column.key in HEADLINES and (study.has_classes or column.key not in CLASS_MEASURES):
            autoencoder, pca = _both(study, column.key, column.format)
            yield Fact(f"{HEADLINES[column.key]} at {PLANE}", autoencoder, f"PCA {pca}")


def _both(study, measure, template):
    values = (study.value(method, PLANE, measure) for method in ("autoencoder", "PCA"))
    return map(template.format, values)


def _settings(study, standardized):
    data, split = study.dataset, study.split
    columns = "standardized over the training rows" if standardized else "as they come"
    columns = columns if data.image_shape is None else "pixels in [0, 1]"
    starts = study.runs.query("method == 'autoencoder'")["seed"].nunique()
    return {
        "Rows": f"{len(split.X_train)} for training, {len(split.X_test)} held out",
        "Features": f"{split.X_train.shape[1]}, {columns}",
        "Classes": str(len(data.target_names)) if study.has_classes else "none",
        "Autoencoder": "DenseAutoencoder(n_components, random_state=seed), its other parameters "
        f"at their defaults, mean of {starts} random start{'s' * (starts > 1)}",
        "PCA": "scikit-learn's defaults",
        "Kernel PCA": "RBF kernel with gamma='scale' of SVC, alpha=0.01; on small data only",
        "SVC and 5-NN": "scikit-learn's defaults, in a Pipeline after the encoder",
        "Grid search": f"3-fold cross-validation on {study.search_rows} training rows",
    }


def _results(study):
    columns = [c for c in COLUMNS if study.has_classes or c.key not in CLASS_MEASURES]
    return Table(
        key="results",
        title="Every measure",
        caption="All measured on held-out rows. The best of each number of components is bold; "
        "press a heading to sort. Times are those of this machine, and what else ran on it.",
        frame=study.results[[column.key for column in columns]],
        columns=tuple(columns),
        best_within="components",
    )


def _plane(study):
    panels = []
    for method in figures.METHOD_MARKERS:
        if (method, PLANE) not in study.encoders:
            continue
        codes = study.encoders[method, PLANE].transform(study.split.X_test)
        title = f"{method}, R² {study.value(method, PLANE, 'r2'):.2f}"
        names = study.dataset.target_names
        drawn = figures.latent_scatter(codes, study.split.y_test, names, title)
        panels.append((f"Scatter of held-out codes: {title}", drawn))
    told = "its class, which no encoder was told" if study.has_classes else "its target"
    return Picture(
        key="plane",
        title="The latent plane",
        caption=f"Each point is a held-out row at its {PLANE}-number code, coloured by {told}. "
        "Look for colours that overlap in one panel and stand apart in another.",
        panels=tuple(panels),
    )


def _reconstructions(study):
    shown, names = _examples(study)
    originals = study.split.X_test[shown]
    panels = tuple(
        (
            f"Originals and reconstructions, {k} components",
            _reconstruction(study, k, originals, names),
        )
        for k in study.components
    )
    return Picture(
        key="reconstructions",
        title="Reconstructions",
        caption="Held-out rows and what each code of so many numbers gives back. Look for the "
        "number of components at which a row can be told from its neighbours again.",
        panels=panels,
        pixels=study.dataset.image_shape is not None,
    )


def _reconstruction(study, k, originals, names):
    reconstructed = {}
    for method in ("PCA", "autoencoder"):
        encoder = study.encoders[method, k]
        reconstructed[method] = encoder.inverse_transform(encoder.transform(originals))
    title = f"{k} components"
    return figures.reconstructions(study.dataset, originals, reconstructed, names, title)


def _examples(study):
    """Choose the first held-out row of each class, or the first rows where there are none."""
    limit = PROFILES if study.dataset.image_shape is None else IMAGES
    if not study.has_classes:
        return list(range(limit)), [f"row {i}" for i in range(limit)]
    labels, first = np.unique(study.split.y_test, return_index=True)
    return first[:limit], [study.dataset.target_names[label] for label in labels[:limit]]


def _curves(study):
    drawn = [("r2", "R² of the reconstruction")]
    if study.has_classes:
        drawn += [("svc_accuracy", "SVC accuracy"), ("precision_at_10", "Precision at 10")]
    panels = tuple(
        (
            f"{label} against components",
            figures.against_components(study.results, measure, label),
        )
        for measure, label in drawn
    )
    return Picture(
        key="curves",
        title="Against the number of components",
        caption="The same measures as in the table. The gap between the lines is what the "
        "autoencoder adds; look where it closes.",
        panels=panels,
    )


def _histories(study):
    return Picture(
        key="histories",
        title="Training",
        caption="Loss of the autoencoders over their epochs, on training rows and on rows held "
        "out of them for validation; the dotted line marks the weights that were kept. A "
        "validation line that rises while the other falls is overfitting; where it never gets "
        "below the start, which is PCA's reconstruction, the start is kept.",
        panels=tuple(
            (f"Training history, {k} components", _history(study.encoders["autoencoder", k]))
            for k in study.components
        ),
    )


def _history(autoencoder):
    return figures.training_history(
        autoencoder.history_, autoencoder.best_epoch_, f"{autoencoder.n_components} components"
    )


def _search(study):
    found = study.search
    step = "ae__" if study.has_classes else ""
    score = "accuracy" if study.has_classes else "R²"
    results = pd.DataFrame(found.cv_results_)
    frame = pd.DataFrame(
        {
            "n_components": results[f"param_{step}n_components"].astype(int),
            "hidden_layer_sizes": results[f"param_{step}hidden_layer_sizes"].map(str),
            "mean_score": results["mean_test_score"],
            "std_score": results["std_test_score"],
            "mean_fit_s": results["mean_fit_time"],
            "rank": results["rank_test_score"],
        }
    ).sort_values("rank", ignore_index=True)
    labels = study.split.y_test if study.has_classes else None
    held_out = found.best_estimator_.score(study.split.X_test, labels)
    best = frame.iloc[0]
    model = "Pipeline(autoencoder, SVC)" if study.has_classes else "the autoencoder alone"
    return Table(
        key="search",
        title="Grid search",
        caption=f"GridSearchCV over {model} chose n_components={best['n_components']} and "
        f"hidden_layer_sizes={best['hidden_layer_sizes']}: {score} {best['mean_score']:.3f} in "
        f"cross-validation and {held_out:.3f} on the held-out rows.",
        frame=frame,
        columns=(
            Column("rank", "Rank"),
            Column("n_components", "n_components", help="numbers per code"),
            Column("hidden_layer_sizes", "hidden_layer_sizes", help="units of the encoder"),
            Column("mean_score", score, "{:.3f}", "mean over the folds"),
            Column("std_score", "±", "{:.3f}", "standard deviation over the folds"),
            Column("mean_fit_s", "Fit s", "{:.2f}", "mean time of a fit"),
        ),
    )
