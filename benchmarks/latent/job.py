"""Compare an autoencoder's codes with PCA's on rows that neither has seen."""

import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sklearn.decomposition import PCA, KernelPCA
from sklearn.model_selection import GridSearchCV
from tqdm import tqdm

import skae
from benchmarks import BenchmarkError, datasets, measures, start_keras
from benchmarks.latent.page import PLANE, describe
from benchmarks.options import add_shared_options, integer
from benchmarks.report import Claim, publish

COMPONENTS = (PLANE, 8, 16, 32)
SMALL_NETWORK = (64,)  # searched beside the default one
R2_TOLERANCE = 0.002
ROWS, QUICK_ROWS = 10_000, 600
KERNEL_PCA_ROWS = 3000  # its fit is cubic in them
SEARCH_ROWS = 3000
REPEATED_ROWS, REPEATS = 2000, 3  # up to so many rows, several random starts are cheap


@dataclass(frozen=True, eq=False)
class Study:
    """What was measured.

    Parameters
    ----------
    dataset : datasets.Dataset
        The data set.
    split : datasets.Split
        Its training and held-out rows.
    components : tuple of int
        Numbers per code, ascending.
    runs : DataFrame
        One `measures.Measurement` a row.
    encoders : dict of (str, int) to estimator
        Fitted encoders of the first random start, by method and components.
    search : GridSearchCV
        Fitted.
    search_rows : int
        Training rows that were searched.
    """

    dataset: datasets.Dataset
    split: datasets.Split
    components: tuple[int, ...]
    runs: pd.DataFrame
    encoders: dict
    search: GridSearchCV
    search_rows: int

    @property
    def has_classes(self):
        """Whether the labels are classes."""
        return self.dataset.target_names is not None

    @property
    def results(self):
        """Means over the random starts, one row an encoder."""
        keys = ["components", "method"]
        return self.runs.drop(columns="seed").groupby(keys, sort=False).mean().reset_index()

    def value(self, method, components, measure):
        """Return one number of the results."""
        rows = self.results.query("method == @method and components == @components")
        return rows[measure].item()


def add_arguments(parser):
    """Add the options of this job to its parser.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the subcommand.
    """
    names = ", ".join(datasets.NAMES)
    parser.add_argument("--data", default="digits", help=f"{names} (default: digits)")
    parser.add_argument("--components", type=integer(1), nargs="+", help="numbers per code")
    parser.add_argument(
        "--rows",
        type=integer(50),
        help=f"most training rows, and most held-out rows (default: {ROWS})",
    )
    parser.add_argument("--raw", action="store_true", help="leave tables unstandardized")
    add_shared_options(parser, note=" (default: reports/latent-<data>)")


def run(arguments, command):
    """Measure, print the table, write the report and say where it lies.

    Parameters
    ----------
    arguments : argparse.Namespace
        Options of this job.
    command : str
        The command line, as the report is to state it.

    Returns
    -------
    int
        Exit status: 1 if `--check` found a claim that does not hold.
    """
    start = time.perf_counter()
    study = measure(arguments)
    report = describe(
        study,
        claims=tuple(_claims(study)),
        command=command,
        seed=arguments.seed,
        standardized=_standardized(study.dataset, arguments),
        wall_time_s=time.perf_counter() - start,
    )
    folder = arguments.output or Path("reports", f"latent-{study.dataset.name.replace('/', '-')}")
    return publish(report, folder, check=arguments.check)


def measure(arguments):
    """Fit and measure every encoder, then search a grid around the autoencoder.

    Parameters
    ----------
    arguments : argparse.Namespace
        Options of this job.

    Returns
    -------
    Study
    """
    dataset = datasets.load(arguments.data)
    split = datasets.split(
        dataset,
        rows=arguments.rows or (QUICK_ROWS if arguments.quick else ROWS),
        standardize=_standardized(dataset, arguments),
        random_state=arguments.seed,
    )
    components = _components(arguments, split)
    start_keras()  # so that no fit is charged for it
    planned = list(_planned(components, split, arguments))
    networks = (skae.DenseAutoencoder().hidden_layer_sizes, SMALL_NETWORK)
    grid = {
        "n_components": components[:2] if arguments.quick else components,
        "hidden_layer_sizes": networks[1:] if arguments.quick else networks,
    }
    searched = datasets.sample_training(split, SEARCH_ROWS, arguments.seed)
    has_classes = dataset.target_names is not None
    with tqdm(total=len(planned) + measures.n_search_fits(grid), unit="fit") as progress:
        runs = _measure_all(planned, split, has_classes, progress)
        progress.set_description("grid search")
        search = measures.search(
            skae.DenseAutoencoder(random_state=arguments.seed),
            searched,
            grid,
            has_classes=has_classes,
            seed=arguments.seed,
            on_fit=progress.update,
        )
    return Study(
        dataset=dataset,
        split=split,
        components=components,
        runs=runs,
        encoders={(m, e.n_components): e for m, e, seed in planned if seed == arguments.seed},
        search=search,
        search_rows=len(searched.X_train),
    )


def _standardized(dataset, arguments):
    return dataset.image_shape is None and not arguments.raw


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
    """Yield (method, encoder, seed) for everything that is to be fitted."""
    rows, seed = len(split.X_train), arguments.seed
    repeats = REPEATS if rows <= REPEATED_ROWS and not arguments.quick else 1
    for k in components:
        yield "PCA", PCA(k, random_state=seed), seed
        if rows <= KERNEL_PCA_ROWS:
            yield "kernel PCA", _kernel_pca(k, split.X_train, seed), seed
        for start in range(seed, seed + repeats):
            yield "autoencoder", skae.DenseAutoencoder(k, random_state=start), start


def _kernel_pca(k, X, seed):
    """KernelPCA with SVC's default width; a ridge of 1, its default, reconstructs far worse."""
    gamma = 1 / (X.shape[1] * X.var())
    return KernelPCA(
        k,
        kernel="rbf",
        gamma=gamma,
        alpha=0.01,
        fit_inverse_transform=True,
        eigen_solver="arpack",
        random_state=seed,
    )


def _measure_all(planned, split, has_classes, progress):
    runs = []
    for method, encoder, seed in planned:
        progress.set_description(f"{method}, {encoder.n_components} components")
        runs.append(measures.measure(method, encoder, split, has_classes=has_classes, seed=seed))
        progress.update()
    if has_classes:
        runs.append(measures.measure_features("all features", split))
    return pd.DataFrame(runs)


def _claims(study):
    """Yield what the run is to show: never worse than PCA, and a better plane for an SVC."""
    gain = min(
        study.value("autoencoder", k, "r2") - study.value("PCA", k, "r2") for k in study.components
    )
    yield Claim(
        "At every number of components the autoencoder reconstructs held-out rows no worse than "
        f"PCA: its R² is at most {R2_TOLERANCE} lower.",
        gain >= -R2_TOLERANCE,
    )
    if study.has_classes:
        accuracy, of_pca = (
            study.value(method, PLANE, "svc_accuracy") for method in ("autoencoder", "PCA")
        )
        error = 0.5 / len(study.split.X_test) ** 0.5  # largest standard error of an accuracy
        yield Claim(
            f"With {PLANE} components an SVC is as accurate on the autoencoder's codes as on PCA's "
            f"or more so, up to the standard error of an accuracy here, {error:.3f}.",
            accuracy >= of_pca - error,
        )
