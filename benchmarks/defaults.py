"""Measure the default parameters of DenseAutoencoder and what else they could be, against PCA."""

import time
from collections import namedtuple
from math import nan

import pandas as pd
from sklearn.decomposition import PCA
from sklearn.svm import SVC
from tqdm import tqdm

import skae
from benchmarks import datasets, integer, start_keras
from benchmarks.measures import variance_reconstructed
from benchmarks.page import Finding
from benchmarks.record import Record

ADBENCH = (
    *("glass", "vowels", "letter", "pendigits", "satellite"),
    *("fault", "yeast", "Ionosphere", "cardio", "WBC"),
)
DATA = (
    *("iris", "wine", "breast_cancer", "digits", "diabetes", "ecg5000", "mnist", "fashion_mnist"),
    *(f"{datasets.ANOMALIES}{name}" for name in ADBENCH),
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
Case = namedtuple("Case", "name scaling components split has_classes")


def add_arguments(parser):
    parser.add_argument("--data", nargs="+", help=f"data sets (default: {', '.join(DATA)})")
    parser.add_argument(
        "--settings", nargs="+", choices=SETTINGS, metavar="SETTING", help=", ".join(SETTINGS)
    )
    parser.add_argument("--rows", type=integer(50), help=f"most rows a side (default: {ROWS})")


def source(arguments):
    return (arguments.rows,)


def seeds(arguments):
    return [arguments.seed]


def measure(arguments, parts):
    start_keras()  # so that no fit is charged for it
    names = arguments.data or (QUICK_DATA if arguments.quick else DATA)
    chosen = arguments.settings or (QUICK_SETTINGS if arguments.quick else SETTINGS)
    settings = dict.fromkeys((DEFAULT, *chosen))
    runs = []
    with tqdm(unit="fit") as progress:
        for case in _cases(names, _rows(arguments), arguments.seed):
            of_case = f"{case.name}-{case.scaling}-{case.components}"
            pca = PCA(case.components, random_state=arguments.seed)
            beside = parts(f"{of_case}-PCA", _measured, pca, case)
            for setting in settings:
                progress.set_description(f"{of_case}: {setting}")
                autoencoder = skae.DenseAutoencoder(
                    case.components, random_state=arguments.seed, **SETTINGS[setting]
                )
                measured = parts(f"{of_case}-{setting}", _measured, autoencoder, case)
                runs.append(_row(case, setting, measured, beside))
                progress.update()
    yield describe(pd.DataFrame(runs), _rows(arguments))


def summarized(runs):
    grouped = runs.assign(worse=runs["r2_gain"] < -TOLERANCE).groupby("setting", sort=False)
    return grouped.agg(
        worse=("worse", "sum"),
        worst=("r2_gain", "min"),
        r2_gain=("r2_gain", "mean"),
        svc_gain=("svc_gain", "mean"),
        fit_s=("fit_s", "sum"),
    ).reset_index()


def describe(runs, rows):
    settings = summarized(runs)
    default = settings.set_index("setting").loc[DEFAULT]
    of_default = runs[runs["setting"] == DEFAULT].drop(columns="setting")
    n_cases = len(of_default)
    claims = {f"R² is nowhere lower than PCA's by more than {TOLERANCE}.": default["worse"] == 0}
    if runs["svc"].notna().any():
        gained = f"An SVC on the codes gains at least {SVC_GAIN} in accuracy over PCA's on average."
        claims[gained] = default["svc_gain"] >= SVC_GAIN
    record = Record(
        name="defaults/settings",
        title="The defaults of DenseAutoencoder",
        answer=f"Over {n_cases} cases the defaults gain {default['r2_gain']:.3f} in held-out R² "
        f"over PCA, {default['svc_gain']:.3f} in the accuracy of an SVC; R² is lower in "
        f"{default['worse']:.0f}.",
        figures={"cases": n_cases, "data": runs["data"].nunique(), **default.to_dict()},
        tables={"settings": settings, "cases": of_default},
        claims=claims,
        settings={
            "Cases": "each data set, raw and standardized, at 2 and 6 components; at most "
            f"{rows} samples for training and as many held out",
            "Settings": "DenseAutoencoder(n_components, random_state=seed), one parameter changed",
        },
    )
    return Finding(record)


def _rows(arguments):
    return arguments.rows or (QUICK_ROWS if arguments.quick else ROWS)


def _cases(names, rows, seed):
    for name in names:
        dataset = datasets.load(name)
        for scaling in ("raw", "standardized"):
            split = datasets.split(
                dataset, rows=rows, standardize=scaling == "standardized", random_state=seed
            )
            for components in COMPONENTS:
                if components <= min(split.X_train.shape):
                    yield Case(name, scaling, components, split, dataset.target_names is not None)


def _measured(encoder, case):
    split = case.split
    start = time.perf_counter()
    encoder.fit(split.X_train)
    fit_s = time.perf_counter() - start
    codes = encoder.transform(split.X_test)
    reconstructed = encoder.inverse_transform(codes)
    accuracy = nan
    if case.has_classes:
        classifier = SVC().fit(encoder.transform(split.X_train), split.y_train)
        accuracy = classifier.score(codes, split.y_test)
    return {
        "r2": variance_reconstructed(split.X_test, reconstructed, split.X_train.mean(axis=0)),
        "svc": accuracy,
        "best_epoch": nan if isinstance(encoder, PCA) else encoder.best_epoch_,
        "fit_s": fit_s,
    }


def _row(case, setting, measured, pca):
    return {
        "data": case.name,
        "scaling": case.scaling,
        "components": case.components,
        "setting": setting,
        "pca_r2": pca["r2"],
        "r2_gain": measured["r2"] - pca["r2"],
        "pca_svc": pca["svc"],
        "svc_gain": measured["svc"] - pca["svc"],
        **measured,
    }
