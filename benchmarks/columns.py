"""How the columns of records are shown, on pages, in the terminal and in the documentation."""

import pandas as pd

COLUMNS = {
    # codes
    "components": ("Components", "{}", "numbers per code"),
    "r2": ("R²", "{:.3f}", "share of held-out variance reconstructed"),
    "mse": ("MSE", "{:.4f}", "mean squared error per feature"),
    "svc_accuracy": ("SVC", "{:.3f}", "accuracy of an SVC on the codes"),
    "knn_accuracy": ("5-NN", "{:.3f}", "accuracy of 5 nearest neighbours on the codes"),
    "precision_at_10": ("Prec@10", "{:.3f}", "share of a row's class among the 10 nearest codes"),
    "query_us": ("Query µs", "{:.1f}", "time to find these 10 for one row"),
    "fit_s": ("Fit s", "{:.2f}", "time to fit, compilation included"),
    "transform_us": ("Encode µs", "{:.2f}", "time to encode one row"),
    # defaults
    "setting": ("Setting", "{}", "what differs from the defaults"),
    "worse": ("Worse than PCA", "{:.0f}", "cases whose R² is more than .002 below PCA's"),
    "worst": ("Worst", "{:+.4f}", "lowest difference in R²"),
    "r2_gain": ("R² gain", "{:+.4f}", "held-out R² less PCA's, on average"),
    "svc_gain": ("SVC gain", "{:+.4f}", "accuracy of an SVC less that on PCA's codes, on average"),
    "pca_r2": ("R² of PCA", "{:.4f}", ""),
    "pca_svc": ("SVC of PCA", "{:.3f}", ""),
    "best_epoch": ("Kept", "{:.0f}", "epoch of the restored weights; 0 is PCA's reconstruction"),
    # anomalies
    "auroc": ("AUROC", "{:.4f}", "chance that an anomaly ranks above a normal row"),
    "auroc_spread": ("±", "{:.4f}", "its standard deviation over the seeds"),
    "average_precision": ("AP", "{:.3f}", "average precision"),
    "distinct": ("Distinct", "{:.1%}", "distinct scores as a share of the distinct rows"),
    "score_us": ("Score µs", "{:.1f}", "time to score one row"),
    "promised": ("Promised", "{:.0%}", "false-positive rate asked for"),
    "measured": ("Measured", "{:.1%}", "mean rate on fresh normal rows"),
    "excess": (
        "Largest excess, σ",
        "{:.1f}",
        "of any data set's mean over the seeds; σ is √(α(1 − α)(1/n + 1/m)) for one split with n "
        "calibration and m fresh rows",
    ),
    "by_training_error": ("By training errors", "{:.1%}", "the same quantile of training errors"),
    "training_excess": ("Its largest excess, σ", "{:.0f}", ""),
    "problems": ("Data sets", "{:.0f}", ""),
    "us_per_row": ("µs a row", "{:.2f}", ""),
    "rows_mb": ("Rows, MB", "{:.0f}", "what the rows themselves take"),
    "one_row_ms": ("One row, ms", "{:.2f}", "time to score one row alone"),
    "memory_mb": ("Peak above that, MB", "{:.0f}", "by how much scoring lifts the peak"),
    # articles
    "weights": ("Weights", "{:,.0f}", "trained"),
    "difference": ("± by hand", "{:.0f}", "how many more than the same network in Keras has"),
    "unit": ("Loss", "{}", "cross-entropy or squared error a feature; nats an image"),
    "published": ("Published", "{:.4g}", ""),
    "loss": ("Loss reached", "{:.4g}", "computed alike for all, from reconstructions"),
    "trained": ("Epochs", "{}", "trained, of those published"),
    "broken": ("Beyond 3σ", "{:.0f}", "data sets where that excess is larger"),
    "own_loss": ("skae's settings", "{:.4g}", "with a code of the same size"),
    "own_epochs": ("Their epochs", "{:.0f}", ""),
    "keras_s": ("Keras s", "{:.1f}", "build, compile and fit by hand"),
    "skae_s": ("skae s", "{:.1f}", "fit, compilation included"),
    "ratio": ("Keras / skae", "{:.1f}", "how many times as long Keras by hand takes"),
    "value": ("skae", "{:.4g}", ""),
    "reference": ("Its value", "{:.4g}", ""),
    # speed
    "median": ("Seconds", "{:.2f}", "median over the rounds, compilation included"),
    "times_skae": ("× skae", "{:.2f}", "seconds as a multiple of those of skae"),
    "best_loss": ("Best loss", "{:.4f}", "of the rounds; some starts lose a ReLU code"),
    "by_hand_s": ("Keras by hand, s", "{:.2f}", "build, compile and fit"),
    "first_s": ("skae first, s", "{:.2f}", "first fit of this architecture"),
    "second_s": ("skae second, s", "{:.2f}", "second fit of this architecture"),
    "first_ratio": ("by hand / first", "{:.1f}", ""),
    "second_ratio": ("by hand / second", "{:.1f}", ""),
    "by_hand_loss": ("Loss by hand", "{:.4g}", "squared error of the reconstructed rows"),
    "skae_loss": ("Loss of skae", "{:.4g}", "the same"),
    "times_pca": ("× PCA", "{:.1f}", ""),
    "float32_mb": ("Data in float32, MB", "{:.0f}", ""),
    "lift_mb": ("Lift, MB", "{:.0f}", "peak during the fit less what was held before"),
}


def label(key):
    if key in COLUMNS:
        return COLUMNS[key][0]
    is_name = key.isidentifier() and key == key.lower() and key != "skae"
    return key.replace("_", " ").capitalize() if is_name else key


def explanation(key):
    return COLUMNS[key][2] if key in COLUMNS else ""


def text(key, value):
    """Return a cell as it is shown; a dash where nothing was measured."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return "–"
    if isinstance(value, str) or key not in COLUMNS:
        return f"{value:.4g}" if isinstance(value, float) else str(value)
    return COLUMNS[key][1].format(value)


def shown(frame):
    """Return a table as it is shown: every cell as text, every column under its heading."""
    cells = {key: [text(key, value) for value in frame[key]] for key in frame}
    return pd.DataFrame(cells).rename(columns=label)
