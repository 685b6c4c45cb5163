"""Measure the default parameters of DenseAutoencoder and what else they could be, against PCA."""

import time
from dataclasses import dataclass
from math import nan

import pandas as pd
from sklearn.decomposition import PCA
from sklearn.svm import SVC
from tqdm import tqdm

import skae
from benchmarks import datasets, start_keras
from benchmarks.defaults.page import describe
from benchmarks.measures import variance_reconstructed
from benchmarks.options import add_shared_options
from benchmarks.report import Claim, publish

DATA = (
    *("iris", "wine", "breast_cancer", "digits", "diabetes"),
    *("ecg5000", "mnist", "fashion_mnist"),
    *(
        f"{datasets.ANOMALIES}{name}"
        for name in (
            *("glass", "vowels", "letter", "pendigits", "satellite"),
            *("fault", "yeast", "Ionosphere", "cardio", "WBC"),
        )
    ),
)
QUICK_DATA = ("iris", "wine", "digits")
COMPONENTS = (2, 6)
DEFAULT = "default"
SETTINGS = {
    DEFAULT: {},
    "activation relu": {"activation": "relu"},
    "activation tanh": {"activation": "tanh"},
    "hidden 64": {"hidden_layer_sizes": (64,)},
    "hidden 128-64": {"hidden_layer_sizes": (128, 64)},
    "hidden 512-256": {"hidden_layer_sizes": (512, 256)},
    "learning rate 5e-4": {"learning_rate": 5e-4},
    "learning rate 1e-3": {"learning_rate": 1e-3},
    "learning rate 5e-3": {"learning_rate": 5e-3},
    "validation 0.1": {"validation_split": 0.1},
    "validation 0.3": {"validation_split": 0.3},
    "batch 16": {"batch_size": 16},
    "batch 256": {"batch_size": 256},
    "init random": {"init": "random"},
}
QUICK_SETTINGS = (DEFAULT, "hidden 64", "init random")
ROWS, QUICK_ROWS = 5000, 300
TOLERANCE, SVC_GAIN = 0.002, 0.02


@dataclass(frozen=True, eq=False)
class Case:
    """What is encoded by every setting.

    Parameters
    ----------
    name : str
        Data set.
    standardized : bool
        Whether its columns are.
    components : int
        Numbers per code.
    split : datasets.Split
        Its rows.
    has_classes : bool
        Whether the labels are classes.
    """

    name: str
    standardized: bool
    components: int
    split: datasets.Split
    has_classes: bool


@dataclass(frozen=True, eq=False)
class Study:
    """What was measured.

    Parameters
    ----------
    runs : DataFrame
        One setting on one case a row, with what PCA reaches there.
    cases : int
        How many cases.
    """

    runs: pd.DataFrame
    cases: int

    @property
    def settings(self):
        """Figures of every setting over all cases."""
        rows = self.runs.assign(worse=self.runs["r2_gain"] < -TOLERANCE)
        grouped = rows.groupby("setting", sort=False)
        return grouped.agg(
            worse=("worse", "sum"),
            worst=("r2_gain", "min"),
            r2_gain=("r2_gain", "mean"),
            svc_gain=("svc_gain", "mean"),
            fit_s=("fit_s", "sum"),
        ).reset_index()

    def of_default(self):
        """Return the runs of the default setting."""
        return self.runs[self.runs["setting"] == DEFAULT]


def add_arguments(parser):
    """Add the options of this job to its parser.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the subcommand.
    """
    parser.add_argument("--data", nargs="+", help=f"data sets (default: {', '.join(DATA)})")
    parser.add_argument(
        "--settings", nargs="+", choices=SETTINGS, metavar="SETTING", help=", ".join(SETTINGS)
    )
    add_shared_options(parser, "reports/defaults")


def run(arguments, command):
    """Measure, print the tables, write the report and say where it lies.

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
        rows=_rows(arguments),
        wall_time_s=time.perf_counter() - start,
    )
    return publish(report, arguments.output, check=arguments.check)


def measure(arguments):
    """Fit every setting and PCA on every case.

    Parameters
    ----------
    arguments : argparse.Namespace
        Options of this job.

    Returns
    -------
    Study
    """
    start_keras()  # so that no fit is charged for it
    cases = list(_cases(arguments))
    chosen = arguments.settings or (QUICK_SETTINGS if arguments.quick else SETTINGS)
    settings = dict.fromkeys((DEFAULT, *chosen))
    runs = []
    with tqdm(total=len(cases) * len(settings), unit="fit") as progress:
        for case in cases:
            pca = _measured(PCA(case.components, random_state=arguments.seed), case)
            for setting in settings:
                progress.set_description(f"{case.name}, {case.components}: {setting}")
                autoencoder = skae.DenseAutoencoder(
                    case.components, random_state=arguments.seed, **SETTINGS[setting]
                )
                runs.append(_row(case, setting, _measured(autoencoder, case), pca, autoencoder))
                progress.update()
    return Study(pd.DataFrame(runs), len(cases))


def _rows(arguments):
    return QUICK_ROWS if arguments.quick else ROWS


def _cases(arguments):
    for name in arguments.data or (QUICK_DATA if arguments.quick else DATA):
        dataset = datasets.load(name)
        for standardized in (False, True):
            split = datasets.split(
                dataset,
                rows=_rows(arguments),
                standardize=standardized,
                random_state=arguments.seed,
            )
            for components in COMPONENTS:
                if components <= min(split.X_train.shape):
                    has_classes = dataset.target_names is not None
                    yield Case(name, standardized, components, split, has_classes)


def _measured(encoder, case):
    """Return R², SVC accuracy (NaN without classes) and seconds of an encoder, fitted here."""
    split = case.split
    start = time.perf_counter()
    encoder.fit(split.X_train)
    fit_s = time.perf_counter() - start
    codes = encoder.transform(split.X_test)
    r2 = variance_reconstructed(
        split.X_test, encoder.inverse_transform(codes), split.X_train.mean(axis=0)
    )
    accuracy = nan
    if case.has_classes:
        classifier = SVC().fit(encoder.transform(split.X_train), split.y_train)
        accuracy = classifier.score(codes, split.y_test)
    return {"r2": r2, "svc": accuracy, "fit_s": fit_s}


def _row(case, setting, measured, pca, autoencoder):
    return {
        "data": case.name,
        "scaling": "standardized" if case.standardized else "raw",
        "components": case.components,
        "setting": setting,
        **measured,
        "pca_r2": pca["r2"],
        "pca_svc": pca["svc"],
        "r2_gain": measured["r2"] - pca["r2"],
        "svc_gain": measured["svc"] - pca["svc"],
        "best_epoch": autoencoder.best_epoch_,
        "epochs": autoencoder.n_epochs_,
    }


def _claims(study):
    """Yield what the defaults are to show."""
    default = study.settings.set_index("setting").loc[DEFAULT]
    yield Claim(
        f"With the defaults, R² is nowhere lower than PCA's by more than {TOLERANCE}.",
        bool(default["worse"] == 0),
    )
    if study.runs["svc"].notna().any():
        yield Claim(
            "With the defaults, an SVC on the codes gains at least "
            f"{SVC_GAIN} in accuracy over PCA's, in the mean.",
            bool(default["svc_gain"] >= SVC_GAIN),
        )
