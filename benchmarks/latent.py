"""Compare an autoencoder's codes with PCA's on rows that neither has seen."""

import numpy as np
import pandas as pd
from matplotlib import rc_context
from sklearn.decomposition import PCA
from tqdm import tqdm

import skae
from benchmarks import BenchmarkError, datasets, integer, measures, page, start_keras
from benchmarks.page import Finding, Picture
from benchmarks.record import Record
from skae.display import LatentSpaceDisplay, ReconstructionDisplay

PLANE = 2  # components that a scatter can show
COMPONENTS = (PLANE, 8, 16, 32)
R2_TOLERANCE = 0.002
ROWS, QUICK_ROWS = 10_000, 600
REPEATED_ROWS, REPEATS = 2000, 3  # up to so many rows, several random starts are cheap
RECORDED_CODES = 500  # most of them, which the picture in the README shows
IMAGES, PROFILES = 10, 3


def add_arguments(parser):
    names = ", ".join(datasets.NAMES)
    parser.add_argument("--data", default="digits", help=f"{names} (default: digits)")
    parser.add_argument("--components", type=integer(1), nargs="+", help="numbers per code")
    parser.add_argument("--rows", type=integer(50), help=f"most rows a side (default: {ROWS})")
    parser.add_argument("--raw", action="store_true", help="leave tables unstandardized")


def source(arguments):
    return arguments.data, arguments.components, arguments.rows, arguments.raw


def seeds(arguments):
    return range(arguments.seed, arguments.seed + (1 if arguments.quick else REPEATS))


def measure(arguments, parts):
    dataset = datasets.load(arguments.data)
    standardized = dataset.image_shape is None and not arguments.raw
    rows = arguments.rows or (QUICK_ROWS if arguments.quick else ROWS)
    split = datasets.split(
        dataset, rows=rows, standardize=standardized, random_state=arguments.seed
    )
    components = _components(arguments, split)
    start_keras()  # so that no fit is charged for it
    fitted, runs = parts("encoders", _measure_all, dataset, split, components, arguments)
    results = runs.drop(columns="seed").groupby(["components", "method"], sort=False).mean()
    results = results.dropna(axis="columns", how="all").reset_index()
    figures = _figures(results)
    record = Record(
        name=f"latent/{dataset.name.replace('/', '-')}",
        title=f"Autoencoder codes beside PCA's: {dataset.name}",
        answer=f"With {PLANE} numbers per sample, the autoencoder reconstructs "
        f"{figures[f'r2_autoencoder_{PLANE}']:.0%} of the held-out variance, PCA "
        f"{figures[f'r2_PCA_{PLANE}']:.0%}.",
        figures=figures,
        tables={"results": results, "codes": _codes(fitted, dataset, split)},
        claims=_claims(results, len(split.X_test)),
        settings={
            "Rows": f"{len(split.X_train)} for training, {len(split.X_test)} held out",
            "Features": f"{split.X_train.shape[1]}, {'standardized' if standardized else 'raw'}",
            "Autoencoder": "DenseAutoencoder(n_components, random_state=seed), mean over the seeds",
            "PCA, SVC, 5-NN": "scikit-learn's defaults",
        },
    )
    with rc_context(page.STYLE):
        yield Finding(record, tuple(_pictures(fitted, dataset, split)))


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


def _planned(components, split, arguments):
    rows, seed = len(split.X_train), arguments.seed
    repeats = REPEATS if rows <= REPEATED_ROWS and not arguments.quick else 1
    for k in components:
        yield "PCA", PCA(k, random_state=seed), seed
        for start in range(seed, seed + repeats):
            yield "autoencoder", skae.DenseAutoencoder(k, random_state=start), start


def _measure_all(dataset, split, components, arguments):
    """Return fitted encoders of the first seed, by method and components, and all measurements."""
    has_classes = dataset.target_names is not None
    fitted, runs = {}, []
    for method, encoder, seed in tqdm(list(_planned(components, split, arguments)), unit="fit"):
        runs.append(measures.measure(method, encoder, split, has_classes=has_classes, seed=seed))
        fitted.setdefault((method, encoder.n_components), encoder)
    return fitted, pd.DataFrame(runs)


def _figures(results):
    """Return every measure, as "measure_method_components"."""
    return {
        f"{measure}_{row['method']}_{row['components']}": row[measure]
        for row in results.to_dict("records")
        for measure in results.columns.drop(["method", "components"])
    }


def _claims(results, n_test):
    """Return what the run is to show: never worse than PCA, and a better plane for an SVC."""
    by_method = results.set_index(["method", "components"])
    gains = by_method.loc["autoencoder"] - by_method.loc["PCA"]
    claims = {
        "At every number of components the autoencoder reconstructs held-out rows no worse than "
        f"PCA: its R² is at most {R2_TOLERANCE} lower.": gains["r2"].min() >= -R2_TOLERANCE
    }
    if "svc_accuracy" in results:
        error = 0.5 / n_test**0.5  # largest standard error of an accuracy
        claims[
            f"With {PLANE} components an SVC is as accurate on the autoencoder's codes as on PCA's "
            f"or more so, up to the standard error of an accuracy here, {error:.3f}."
        ] = gains.loc[PLANE, "svc_accuracy"] >= -error
    return claims


def _codes(fitted, dataset, split):
    """Return held-out codes of two numbers, rounded, for the picture in the README."""
    parts = []
    for method in ("PCA", "autoencoder"):
        codes = fitted[method, PLANE].transform(split.X_test[:RECORDED_CODES])
        frame = pd.DataFrame(np.round(codes, 3).astype(float), columns=["x", "y"])
        labels = split.y_test[:RECORDED_CODES]
        names = dataset.target_names
        parts.append(
            frame.assign(
                label=labels if names is None else [names[i] for i in labels], method=method
            )
        )
    return pd.concat(parts)


def _pictures(fitted, dataset, split):
    planes = {}
    for method in ("PCA", "autoencoder"):
        codes = fitted[method, PLANE].transform(split.X_test)
        display = LatentSpaceDisplay(codes, y=split.y_test, target_names=dataset.target_names)
        planes[f"Held-out codes, {method}"] = _drawn(display, (4.6, 4.2), title=method)
    yield Picture("Each point is a held-out sample, coloured by what no encoder was told.", planes)
    yield Picture(
        "Held-out rows, and what each code gives back of them.",
        {
            _n_components(k): _reconstructions(fitted, dataset, split, k)
            for k in dict.fromkeys(k for _, k in fitted)
        },
        pixels=dataset.image_shape is not None,
    )


def _reconstructions(fitted, dataset, split, k):
    limit = PROFILES if dataset.image_shape is None else IMAGES
    chosen, names = np.arange(limit), [f"row {i}" for i in range(limit)]
    if dataset.target_names is not None:
        labels, first = np.unique(split.y_test, return_index=True)
        chosen, names = first[:limit], [dataset.target_names[label] for label in labels[:limit]]
    rows = split.X_test[chosen]
    display = ReconstructionDisplay(
        rows,
        {
            method: fitted[method, k].inverse_transform(fitted[method, k].transform(rows))
            for method in ("PCA", "autoencoder")
        },
        image_shape=dataset.image_shape,
        sequence_shape=dataset.sequence_shape,
        sample_names=names,
        feature_names=dataset.feature_names,
        feature_scale=dataset.X.std(axis=0),
    )
    size = (5.2, 1.75) if dataset.image_shape else (5.2, 1.1 + 1.7 * len(rows))
    return _drawn(display, size, title=_n_components(k))


def _n_components(k):
    return f"{k} component{'s' if k > 1 else ''}"


def _drawn(display, size, title=None):
    figure = page.Figure(size, layout="constrained")
    display.plot(figure.subplots())
    if title is not None:
        figure.suptitle(title, fontweight="bold", fontsize="medium")
    return figure
