"""What the report of `benchmarks.defaults` shows: its words, tables and pictures."""

from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks.figures import INK, METHOD_COLORS, STYLE
from benchmarks.report import Column, Fact, Picture, Report, Table

SETTING_COLUMNS = (
    Column("setting", "Setting", help="what differs from the defaults"),
    Column("worse", "Worse than PCA", help="cases whose R² is lower than PCA's by more than 0.002"),
    Column("worst", "Worst", "{:+.4f}", "lowest difference in R²"),
    Column("r2_gain", "R² gain", "{:+.4f}", "mean difference of held-out R² to PCA's"),
    Column("svc_gain", "SVC gain", "{:+.4f}", "mean difference in accuracy of an SVC on the codes"),
    Column("fit_s", "Fit s", "{:.1f}", "all fits together"),
)
CASE_COLUMNS = (
    Column("data", "Data"),
    Column("scaling", "Scaling"),
    Column("components", "Components", help="numbers per code"),
    Column("pca_r2", "R² of PCA", "{:.4f}", "share of held-out variance reconstructed"),
    Column("r2", "R²", "{:.4f}", "the same of the autoencoder"),
    Column("r2_gain", "R² gain", "{:+.4f}"),
    Column("pca_svc", "SVC of PCA", "{:.3f}", "accuracy of an SVC on PCA's codes"),
    Column("svc", "SVC", "{:.3f}", "accuracy on the autoencoder's"),
    Column("svc_gain", "SVC gain", "{:+.3f}"),
    Column("best_epoch", "Kept", help="epoch whose weights were kept; 0 is PCA's reconstruction"),
    Column("epochs", "Epochs", help="epochs run"),
    Column("fit_s", "Fit s", "{:.2f}"),
)


def describe(study, *, claims, command, seed, rows, wall_time_s):
    """Put a study into words, tables and pictures.

    Parameters
    ----------
    study : defaults.Study
        What was measured.
    claims : tuple of Claim
        What the study was held against.
    command : str
        The command line.
    seed : int
        Seed of splits and fits.
    rows : int
        Most training rows, and most held-out rows.
    wall_time_s : float
        Seconds that the study took.

    Returns
    -------
    Report
    """
    default = study.settings.iloc[0]
    return Report(
        benchmark="defaults",
        title="The defaults of DenseAutoencoder",
        question="Are the default parameters good wherever they are used, and is another better?",
        answer=f"Over {study.cases} cases the defaults gain {default['r2_gain']:.3f} in held-out "
        "R² over PCA, in the mean, and where there are classes "
        f"{default['svc_gain']:.3f} in the accuracy of an SVC on the codes; R² is worse by more "
        f"than 0.002 in {default['worse']} of them.",
        command=command,
        seed=seed,
        wall_time_s=wall_time_s,
        settings={
            "Cases": "each data set, its columns raw and standardized, at each number of "
            f"components; at most {rows} rows for training and as many held out",
            "Settings": "DenseAutoencoder(n_components, random_state=seed), and one parameter "
            "changed",
            "PCA and SVC": "scikit-learn's defaults",
        },
        facts=(
            Fact("R² gain over PCA", f"{default['r2_gain']:+.3f}", "mean, held out"),
            Fact("SVC gain over PCA", f"{default['svc_gain']:+.3f}", "mean accuracy"),
            Fact("Worst case", f"{default['worst']:+.4f}", "difference in R²"),
            Fact("A fit takes", f"{default['fit_s'] / study.cases:.1f} s", "in the mean"),
        ),
        claims=claims,
        blocks=(_settings(study), _gains(study), _cases(study)),
        raw={"runs": study.runs},
    )


def _settings(study):
    return Table(
        key="settings",
        title="The defaults and what else they could be",
        caption=f"Each setting on the same {study.cases} cases. Times are those of this machine.",
        frame=study.settings,
        columns=SETTING_COLUMNS,
    )


def _gains(study):
    measures = {"r2_gain": "R² less that of PCA", "svc_gain": "SVC accuracy less that on PCA"}
    return Picture(
        key="gains",
        title="Case by case",
        caption="Each stroke is a case, each diamond the mean over them. Left of the line PCA is "
        "better.",
        panels=tuple(
            (f"{label}, by setting", _strips(study.runs, measure, label))
            for measure, label in measures.items()
        ),
    )


@rc_context(STYLE)
def _strips(runs, measure, label):
    """Draw one row of strokes a setting."""
    settings = list(runs["setting"].unique())[::-1]
    figure = Figure((4.6, 0.9 + 0.28 * len(settings)), layout="constrained")
    axes = figure.subplots()
    for position, setting in enumerate(settings):
        gains = runs.loc[runs["setting"] == setting, measure].dropna()
        axes.plot(
            gains, [position] * len(gains), "|", color=METHOD_COLORS["autoencoder"], alpha=0.6
        )
        axes.plot(gains.mean(), position, "D", color=INK, ms=4)
    axes.axvline(0, color=METHOD_COLORS["PCA"], lw=1.5)
    axes.set_yticks(range(len(settings)), settings)
    axes.tick_params(axis="y", length=0)
    axes.set_xscale("symlog", linthresh=0.01)
    axes.set_title(label)
    return figure


def _cases(study):
    frame = study.of_default()[[column.key for column in CASE_COLUMNS]]
    return Table(
        key="cases",
        title="The defaults, case by case",
        caption="All measured on held-out rows.",
        frame=frame,
        columns=CASE_COLUMNS,
    )
