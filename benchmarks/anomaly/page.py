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
    Column("distinct", "Distinct", "{:.1%}", "distinct scores as a share of the distinct rows"),
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
    parts = []
    for group, rows in study.means.groupby("group", sort=False):
        by_method = rows.set_index("method")["auroc"]
        if "skae" in by_method:
            best = f" (best: {by_method.idxmax()})" if len(by_method) > 1 else ""
            parts.append(f"{GROUP_NAMES[group]} {by_method['skae']:.3f}{best}")
    return f"Mean AUROC of skae's detector: {'; '.join(parts) or 'not measured'}."


def _facts(study):
    means = study.means
    for group, rows in means.groupby("group", sort=False):
        by_method = rows.set_index("method")["auroc"]
        if "skae" in by_method and len(by_method) > 1:
            others = by_method.drop("skae")
            comparison = f"{others.idxmax()} {others.max():.3f}"
            yield Fact(f"AUROC, {GROUP_NAMES[group]}", f"{by_method['skae']:.3f}", comparison)


def _blocks(study):
    yield _means(study)
    if len(study.alarms):
        yield _promises(study)
    yield _each(study)
    yield _scaling(study)
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
    of_group = study.alarm_means.groupby(["group", "method", "promised"], sort=False)
    rates = of_group[["measured", "by_training_error"]].mean()
    rates["largest_excess"] = of_group["excess"].max()
    rates["training_excess"] = of_group["training_excess"].max()
    rates["problems"] = of_group.size()
    return Table(
        key="promises",
        title="Promised and measured false alarms",
        caption="The calibrated threshold is read off rows that the autoencoder was not trained "
        "on; the other one off its training rows, as tutorials do.",
        frame=rates.reset_index().assign(group=lambda rows: rows["group"].map(GROUP_NAMES)),
        columns=(
            Column("group", "Problems"),
            Column("method", "Method"),
            Column("promised", "Promised", "{:.0%}", "false-alarm rate asked for"),
            Column("measured", "Measured", "{:.1%}", "mean rate on fresh normal rows"),
            Column(
                "largest_excess",
                "Excess σ",
                "{:.1f}",
                "largest of any problem's mean over the seeds, in its standard deviations; that of "
                "one split is √(α(1 − α)(1/n + 1/m)) with n calibration and m fresh rows",
            ),
            Column("by_training_error", "By training", "{:.1%}", "mean rate of the other"),
            Column("training_excess", "Its σ", "{:.1f}", "largest excess, as above"),
            Column("problems", "Sets", help="how many problems"),
        ),
    )


def _scaling(study):
    return Table(
        key="scaling",
        title="Scoring many rows",
        caption="skae's default detector on rows of 30 features, alone in a process.",
        frame=study.scaling,
        columns=(
            Column("rows", "Rows", "{:,.0f}"),
            Column("seconds", "Seconds", "{:.2f}", "the least of three"),
            Column("us_per_row", "µs a row", "{:.2f}"),
            Column("rows_mb", "Rows MB", "{:.0f}", "what the rows themselves take"),
            Column("memory_mb", "Memory MB", "{:.0f}", "by how much scoring lifts the peak"),
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
    examples = {f"{one.name}\n{GROUP_NAMES[group]}": one for group, one in study.examples.items()}
    yield Picture(
        key="roc",
        title="ROC curves",
        caption="One problem of each group, first seed. The rates of false alarms that one can "
        "live with are at the left edge.",
        panels=tuple(
            (f"ROC curves on {one.name}", roc_curves(one, title)) for title, one in examples.items()
        ),
    )
    yield Picture(
        key="histograms",
        title="Scores and threshold",
        caption="Scores of skae's detector on the same problems. The line is the threshold for "
        "10 % false alarms, or that of contamination='auto' where anomalies were left in training.",
        panels=tuple(
            (f"Histogram of scores on {one.name}", histogram(one, title))
            for title, one in examples.items()
            if one.threshold is not None
        ),
    )


@rc_context(STYLE)
def roc_curves(example, title):
    """Draw the ROC curve of every method.

    Parameters
    ----------
    example : Example
        One problem, with labels and scores.
    title : str
        Of the panel.

    Returns
    -------
    Figure
    """
    figure = Figure((4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    for color, (method, values) in zip(CLASS_COLORS, example.scores.items(), strict=False):
        false_alarms, found, _ = roc_curve(example.is_anomaly, values)
        axes.plot(
            false_alarms, found, color=color, lw=2.5 if method == "skae" else 1.2, label=method
        )
    axes.set(title=title, xlabel="share of normal rows", ylabel="share of anomalies")
    axes.legend(fontsize=8)
    return figure


@rc_context(STYLE)
def histogram(example, title):
    """Draw the scores of normal rows and of anomalies, and the threshold.

    Parameters
    ----------
    example : Example
        One problem on which skae's detector was measured.
    title : str
        Of the panel.

    Returns
    -------
    Figure
    """
    scores, threshold = example.scores["skae"], example.threshold
    figure = Figure((4.6, 3.2), layout="constrained")
    axes = figure.subplots()
    low, high = np.quantile(scores, (0.0, 0.99))
    bins = np.linspace(low, max(high, threshold if np.isfinite(threshold) else high), 50)
    for label, chosen, color in (
        ("normal", ~example.is_anomaly, CLASS_COLORS[0]),
        ("anomaly", example.is_anomaly, CLASS_COLORS[2]),
    ):
        values = np.clip(scores[chosen], bins[0], bins[-1])
        axes.hist(values, bins, density=True, color=color, alpha=0.6, label=label)
    if np.isfinite(threshold):
        axes.axvline(threshold, color=INK, lw=1.2, ls="--", label="threshold")
    axes.set(title=title, xlabel="score, highest hundredth clipped", yticks=[])
    axes.legend(fontsize=8)
    return figure
