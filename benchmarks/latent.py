"""Compare an autoencoder's codes with PCA's on rows that neither has seen."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

import skae
from benchmarks import BenchmarkError, datasets, integer, measures, start_keras
from benchmarks.record import Record
from skae.display import LatentSpaceDisplay

SOURCE = ("data", "components")
PLANE = 2  # components that a scatter can show
COMPONENTS = (PLANE, 8, 16, 32)
R2_TOLERANCE = 0.002
ROWS, QUICK_ROWS = 10_000, 600
REPEATED_ROWS, REPEATS = 2000, 3  # up to so many rows, several random starts are cheap
RECORDED_CODES = 500  # most of them, which the picture in the README shows


def add_arguments(parser):
    names = ", ".join(datasets.NAMES)
    parser.add_argument("--data", default="digits", help=f"{names} (default: digits)")
    parser.add_argument("--components", type=integer(1), nargs="+", help="numbers per code")


def seeds(arguments):
    return range(arguments.seed, arguments.seed + (1 if arguments.quick else REPEATS))


def measure(arguments, parts):
    dataset = datasets.load(arguments.data)
    rows = QUICK_ROWS if arguments.quick else ROWS
    standardized = dataset.name not in datasets.OF_PIXELS
    split = datasets.split(
        dataset, rows=rows, standardize=standardized, random_state=arguments.seed
    )
    components = _components(arguments, split)
    start_keras()  # so that no fit is charged for it
    runs, codes = parts("encoders", _measure_all, dataset, split, components, arguments)
    results = runs.groupby(["components", "method"], sort=False).mean().reset_index()
    found = results.set_index(["method", "components"]).stack(future_stack=True)
    figures = {f"{measure}_{method}_{k}": value for (method, k, measure), value in found.items()}
    yield Record(
        name=f"latent/{dataset.name.replace('/', '-')}",
        title=f"Autoencoder codes beside PCA's: {dataset.name}",
        answer=f"With {PLANE} numbers per sample, the autoencoder reconstructs "
        f"{figures[f'r2_autoencoder_{PLANE}']:.0%} of the held-out variance, PCA "
        f"{figures[f'r2_PCA_{PLANE}']:.0%}.",
        figures=figures,
        tables={"results": results, "codes": codes},
        claims=_claims(results, len(split.X_test)),
        settings={
            "Rows": f"{len(split.X_train)} for training, {len(split.X_test)} held out",
            "Features": f"{split.X_train.shape[1]}, {'standardized' if standardized else 'raw'}",
            "Autoencoder": "DenseAutoencoder(n_components, random_state=seed), mean over the seeds",
            "PCA, SVC, 5-NN": "scikit-learn's defaults",
        },
        pictures={
            f"{method}: held-out samples, coloured by class": drawn(rows)
            for method, rows in codes.groupby("method", sort=False)
        },
    )


def _components(arguments, split):
    limit = min(split.X_train.shape)
    if arguments.components is None:
        chosen = COMPONENTS[:2] if arguments.quick else COMPONENTS
        return tuple(k for k in chosen if k < limit) if limit > chosen[1] else (PLANE, limit - 1)
    if max(arguments.components) > limit:
        raise BenchmarkError(
            f"Expected --components of at most {limit}, the smaller side of the training rows; "
            f"received {max(arguments.components)}. Pass fewer components."
        )
    return tuple(sorted({PLANE, *arguments.components}))


def _measure_all(dataset, split, components, arguments):
    """Return all measurements, and codes in the plane by the first encoder of each method."""
    starts = seeds(arguments) if len(split.X_train) <= REPEATED_ROWS else [arguments.seed]
    codes, runs = {}, []
    for k in components:
        encoders = [("PCA", PCA(k, random_state=arguments.seed))]
        encoders += [("autoencoder", skae.DenseAutoencoder(k, random_state=i)) for i in starts]
        for method, encoder in encoders:
            runs.append({"components": k, "method": method, **measures.measure(encoder, split)})
            if k == PLANE and method not in codes:
                codes[method] = _codes(encoder, dataset, split).assign(method=method)
    return pd.DataFrame(runs), pd.concat(codes.values())


def _claims(results, n_test):
    """Return what the run is to show: never worse than PCA, and a better plane for an SVC."""
    by_method = results.set_index(["method", "components"])
    gains = by_method.loc["autoencoder"] - by_method.loc["PCA"]
    claims = {
        "At every number of components the autoencoder reconstructs held-out rows no worse than "
        f"PCA: its R² is nowhere more than {R2_TOLERANCE} lower.": gains["r2"].min()
        >= -R2_TOLERANCE
    }
    if "svc_accuracy" in results:
        error = 0.5 / n_test**0.5  # largest standard error of an accuracy
        claims[
            f"With {PLANE} components an SVC is as accurate on the autoencoder's codes as on PCA's "
            f"or more so, up to the standard error of an accuracy here, {error:.3f}."
        ] = gains.loc[PLANE, "svc_accuracy"] >= -error
    return claims


def _codes(encoder, dataset, split):
    """Return held-out codes of two numbers, rounded, for the picture in the README."""
    codes = encoder.transform(split.X_test[:RECORDED_CODES])
    labels, names = split.y_test[:RECORDED_CODES], dataset.target_names
    return pd.DataFrame(np.round(codes, 3).astype(float), columns=["x", "y"]).assign(
        label=labels if names is None else [names[i] for i in labels]
    )


def drawn(codes):
    """Return the codes of each method, side by side, as a figure."""
    by_method = codes.groupby("method", sort=False)
    figure = Figure((5 * by_method.ngroups, 4.5), layout="constrained")
    panels = figure.subplots(1, by_method.ngroups, squeeze=False).flat
    for axes, (method, rows) in zip(panels, by_method, strict=True):
        labels = rows["label"].to_numpy()
        LatentSpaceDisplay(rows[["x", "y"]].to_numpy(), y=labels).plot(axes)
        axes.set_title(method)
    return figure
