"""Measure the default parameters of DenseAutoencoder and what else they could be, against PCA."""

from itertools import product
from math import nan

import pandas as pd
from sklearn.decomposition import PCA

import skae
from benchmarks import datasets, measures, start_keras
from benchmarks.record import Record

SOURCE = ()
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


def add_arguments(parser):
    parser.add_argument("--data", nargs="+", help=f"data sets (default: {', '.join(DATA)})")
    parser.add_argument(
        "--settings", nargs="+", choices=SETTINGS, metavar="SETTING", help=", ".join(SETTINGS)
    )


def seeds(arguments):
    return [arguments.seed]


def measure(arguments, parts):
    start_keras()  # so that no fit is charged for it
    names = arguments.data or (QUICK_DATA if arguments.quick else DATA)
    chosen = arguments.settings or (QUICK_SETTINGS if arguments.quick else SETTINGS)
    rows, seed = QUICK_ROWS if arguments.quick else ROWS, arguments.seed
    runs = []
    for name, scaling, components, split in _cases(names, rows, seed):
        case = {"data": name, "scaling": scaling, "components": components}
        key = f"{name}-{scaling}-{components}"
        pca = parts(f"{key}-PCA", _measured, PCA(components, random_state=seed), split)
        beside = {"pca_r2": pca["r2"], "pca_svc": pca["svc"]}
        for setting in dict.fromkeys((DEFAULT, *chosen)):
            encoder = skae.DenseAutoencoder(components, random_state=seed, **SETTINGS[setting])
            found = parts(f"{key}-{setting}", _measured, encoder, split)
            gains = {f"{one}_gain": found[one] - pca[one] for one in ("r2", "svc")}
            runs.append(case | {"setting": setting} | beside | gains | found)
    yield describe(pd.DataFrame(runs), rows)


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
    return Record(
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


def _cases(names, rows, seed):
    for name, scaling in product(names, ("raw", "standardized")):
        standardize = scaling == "standardized"
        dataset = datasets.load(name)
        split = datasets.split(dataset, rows=rows, standardize=standardize, random_state=seed)
        for components in COMPONENTS:
            if components <= min(split.X_train.shape):
                yield name, scaling, components, split


def _measured(encoder, split):
    found = measures.measure(encoder, split)
    return {
        "r2": found["r2"],
        "svc": found.get("svc_accuracy", nan),
        "best_epoch": nan if isinstance(encoder, PCA) else encoder.best_epoch_,
        "fit_s": found["fit_s"],
    }
