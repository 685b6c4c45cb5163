"""What the report of `benchmarks.anomaly` shows: its words, tables and pictures."""

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from benchmarks.figures import CLASS_COLORS, INK, STYLE
from benchmarks.report import Column, Fact, Picture, Report, Table

GROUP_NAMES = {
    "digits": "digits, one class normal",
    "mnist": "MNIST, one class normal",
    "fashion_mnist": "Fashion-MNIST, one class normal",
    "tables": "20 tables, trained on normal rows",
    "contaminated": "20 tables, anomalies left in training",
    "creditcard": "credit-card fraud",
    "ecg5000": "ECG5000 heartbeats",
}
MEASURES = (
    Column("auroc", "AUROC", "{:.4f}", "chance that an anomaly ranks above a normal row", "high"),
    Column("average_precision", "AP", "{:.3f}", "average precision", "high"),
    Column("fit_s", "Fit s", "{:.2f}", "time to fit, compilation included"),
    Column("score_us", "Score µs", "{:.1f}", "time to score one row"),
)


def describe(study, *, claims, command, seed, wall_time_s):
    """Put a study into words, tables and pictures.

    Parameters
    ----------
    study : anomaly.Study
        What was measured.
    claims : tuple of Claim
        What the study was held against.
    command : str
        The command line.
    seed : int
        First seed.
    wall_time_s : float
        Seconds that the study took.

    Returns
    -------
    Report
    """
    return Report(
        benchmark="anomaly",
        title="Anomalies by reconstruction, and thresholds that keep their promise",
        question="Does skae's detector rank anomalies above normal rows, and does its threshold "
        "give the false-alarm rate that was asked for?",
        answer=_answer(study),
        command=command,
        seed=seed,
        wall_time_s=wall_time_s,
        settings={
            "skae on tables": "ReconstructionOutlierDetector(random_state=seed) after a "
            "StandardScaler",
            "skae on images": "one setting for all classes: benchmarks.anomaly.image_detector",
            "overfitted": "DenseAutoencoder, half the features as code (64 at most), 100 epochs, "
            "squared error",
            "PCA residual": "30 components on images, 90 % of the variance elsewhere",
            "Others": "their packages' defaults; LOF with 20 neighbours, OCSVM on at most 10000 "
            "rows",
            "Trained on normal rows": "half of the normal rows; the rest and all anomalies are "
            "scored",
            "Anomalies left in": "70 % of all rows to train, 30 % to score, stratified",
            "Seeds": str(study.runs["seed"].nunique()),
        },
        facts=tuple(_facts(study)),
        claims=claims,
        blocks=tuple(_blocks(study)),
        raw={"runs": study.runs, "alarms": study.alarms},
    )


def _answer(study):
    means = study.means
    best = means.loc[means.groupby("group", sort=False)["auroc"].idxmax(), ["group", "method"]]
    of_skae = means[means["method"] == "skae"].set_index("group")["auroc"]
    parts = [
        f"{GROUP_NAMES[group]}: {of_skae[group]:.3f} (best: {method})"
        for group, method in best.to_numpy()
        if group in of_skae
    ]
    return f"Mean AUROC of skae's detector. {'; '.join(parts)}."


def _facts(study):
    means = study.means
    for group, rows in means.groupby("group", sort=False):
        by_method = rows.set_index("method")["auroc"]
        if "skae" in by_method and len(by_method) > 1:
            others = by_method.drop("skae")
            comparison = f"{others.idxmax()} {others.max():.3f}"
            yield Fact(f"AUROC, {group}", f"{by_method['skae']:.3f}", comparison)


def _blocks(study):
    yield _means(study)
    if len(study.alarms):
        yield _promises(study)
    yield _each(study)
    yield from _pictures(study)


def _means(study):
    frame = study.means.assign(group=lambda rows: rows["group"].map(GROUP_NAMES))
    spread = Column("auroc_spread", "±", "{:.4f}", "its standard deviation over the seeds")
    columns = (Column("group", "Problems"), Column("method", "Method"), *MEASURES[:1], spread)
    columns += MEASURES[1:]
    return Table(
        key="means",
        title="Mean over the problems",
        caption="The best of each group of problems is bold; press a heading to sort.",
        frame=frame[[column.key for column in columns]],
        columns=columns,
        best_within="group",
    )


def _promises(study):
    frame = study.alarms.assign(
        excess=(study.alarms["measured"] - study.alarms["promised"]) / study.alarms["deviation"]
    )
    keys = ["group", "method", "promised"]
    rates = frame.groupby(keys, sort=False)[["measured", "by_training_error"]].mean()
    rates["largest_excess"] = frame.groupby(keys, sort=False)["excess"].max()
    rates["splits"] = frame.groupby(keys, sort=False).size()
    return Table(
        key="promises",
        title="Promised and measured false alarms",
        caption="The calibrated threshold is read off rows that the autoencoder was not trained "
        "on; the other one off its training rows, as tutorials do.",
        frame=rates.reset_index(),
        columns=(
            Column("group", "Problems"),
            Column("method", "Method"),
            Column("promised", "Promised", "{:.0%}", "false-alarm rate asked for"),
            Column("measured", "Measured", "{:.1%}", "mean rate on fresh normal rows"),
            Column(
                "largest_excess",
                "Largest excess",
                "{:.1f}",
                "largest difference of one split, in standard deviations of what the finite "
                "numbers of calibration and fresh rows let it be",
            ),
            Column("by_training_error", "By training error", "{:.1%}", "mean rate of the other"),
            Column("splits", "Splits", help="problems times seeds"),
        ),
    )


def _each(study):
    frame = study.runs.groupby(["problem", "group", "method"], sort=False)["auroc"].mean()
    frame = frame.unstack("method", sort=False).reset_index()
    return Table(
        key="problems",
        title="AUROC of every problem",
        caption="Mean over the seeds.",
        frame=frame,
        columns=tuple(
            Column(name, name.capitalize() if name in ("problem", "group") else name, "{}")
            if name in ("problem", "group")
            else Column(name, name, "{:.3f}")
            for name in frame.columns
        ),
    )


def _pictures(study):
    panels = tuple(
        (f"ROC curves on {problem.name}", roc_curves(problem, scores))
        for problem, scores, _ in study.examples.values()
    )
    if not panels:
        return
    yield Picture(
        key="roc",
        title="ROC curves",
        caption="One problem of each group, first seed. Look at the left edge: there are the "
        "rates of false alarms that one can live with.",
        panels=panels,
    )
    yield Picture(
        key="histograms",
        title="Scores and threshold",
        caption="Scores of skae's detector on the same problems. The line is the threshold for "
        "10 % false alarms, or that of contamination='auto' where anomalies were left in training.",
        panels=tuple(
            (f"Histogram of scores on {problem.name}", histogram(problem, scores["skae"], offset))
            for problem, scores, offset in study.examples.values()
        ),
    )


@rc_context(STYLE)
def roc_curves(problem, scores):
    """Draw the ROC curve of every method.

    Parameters
    ----------
    problem : Problem
        The problem, with its labels.
    scores : dict of str to ndarray of shape (n_test,)
        Anomaly scores by method.

    Returns
    -------
    Figure
    """
    figure = Figure((4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    for color, (method, values) in zip(CLASS_COLORS, scores.items(), strict=False):
        false_alarms, found, _ = roc_curve(problem.is_anomaly, values)
        axes.plot(
            false_alarms, found, color=color, lw=2.5 if method == "skae" else 1.2, label=method
        )
    axes.set(title=problem.name, xlabel="share of normal rows", ylabel="share of anomalies")
    axes.legend(fontsize=8)
    return figure


@rc_context(STYLE)
def histogram(problem, scores, threshold):
    """Draw the scores of normal rows and of anomalies, and the threshold.

    Parameters
    ----------
    problem : Problem
        The problem, with its labels.
    scores : ndarray of shape (n_test,)
        Anomaly scores.
    threshold : float
        Above it rows are called outliers.

    Returns
    -------
    Figure
    """
    figure = Figure((4.6, 3.2), layout="constrained")
    axes = figure.subplots()
    low, high = np.quantile(scores, (0.0, 0.99))
    bins = np.linspace(low, max(high, threshold if np.isfinite(threshold) else high), 50)
    for label, chosen, color in (
        ("normal", ~problem.is_anomaly, CLASS_COLORS[0]),
        ("anomaly", problem.is_anomaly, CLASS_COLORS[2]),
    ):
        values = np.clip(scores[chosen], bins[0], bins[-1])
        axes.hist(values, bins, density=True, color=color, alpha=0.6, label=label)
    if np.isfinite(threshold):
        axes.axvline(threshold, color=INK, lw=1.2, ls="--", label="threshold")
    axes.set(title=problem.name, xlabel="score, highest hundredth clipped", yticks=[])
    axes.legend(fontsize=8)
    return figure
