"""What the report of `benchmarks.articles` shows: its words, tables and pictures."""

from benchmarks.articles.pictures import OWN, PUBLISHED, pictures
from benchmarks.report import Column, Fact, Picture, Report, Table

LOSSES = (
    Column("id", "Article"),
    Column("network", "Encoder", help="layers; the decoder mirrors them"),
    Column("data", "Data"),
    Column("parameters", "Parameters", "{:,}", "trained weights"),
    Column("difference", "± by hand", "{:,}", "how many more than the same network in Keras has"),
    Column("unit", "Loss", help="cross-entropy or mean squared error a feature; nats an image"),
    Column("published", "Published", "{:.4g}", "validation loss that the article reports"),
    Column("loss", "skae", "{:.4g}", "loss on test rows, published network and training"),
    Column("trained", "Epochs", help="trained, of those published"),
    Column("seconds", "s", "{:.0f}", "time of that training"),
)
OWN_LOSSES = (
    Column("id", "Article"),
    Column("data", "Data"),
    Column("code", "Code", "{:,}", "numbers a row"),
    Column("unit", "Loss", help="as above"),
    Column("published", "Published", "{:.4g}", "validation loss that the article reports"),
    Column("loss", PUBLISHED.capitalize(), "{:.4g}", "skae, published network and training"),
    Column("own_loss", OWN.capitalize(), "{:.4g}", "skae, its own network and training"),
    Column("own_epochs", "Epochs", help="of skae's own training"),
    Column("own_seconds", "s", "{:.0f}", "time of that training"),
)
TIMES = (
    Column("id", "Article"),
    Column("network", "Encoder"),
    Column("rows", "Rows", "{:,}", "training rows of this comparison"),
    Column("epochs", "Epochs", help="of either"),
    Column("keras_s", "Keras s", "{:.2f}", "build, compile and fit, written by hand in Keras"),
    Column("skae_s", "skae s", "{:.2f}", "fit of the estimator, compilation included"),
    Column("ratio", "Keras / skae", "{:.1f}×", "how many times as long Keras takes"),
    Column("keras_loss", "Keras loss", "{:.4g}", "on test rows after these epochs"),
    Column("skae_loss", "skae loss", "{:.4g}", "the same"),
)
FINDINGS = (
    Column("id", "Article", help="P: PCA, U: uses, V: variants, H: Hinton, N: likelihood"),
    Column("subject", "What"),
    Column("measure", "Measure"),
    Column("value", "skae", "{:.4g}"),
    Column("beside", "Beside"),
    Column("reference", "Its value", "{:.4g}"),
)


def describe(study, *, claims, command, wall_time_s):
    """Put a study into words, tables and pictures.

    Parameters
    ----------
    study : articles_study.Study
        What was measured.
    claims : tuple of Claim
        What the study was held against.
    command : str
        The command line.
    wall_time_s : float
        Seconds that this run took; parts measured before are not counted.

    Returns
    -------
    Report
    """
    return Report(
        benchmark="articles",
        title="Published autoencoders, rebuilt",
        question="Does skae build the networks of the tutorials, train them as far, and faster?",
        answer=_answer(study),
        command=command,
        seed=study.extent.seed,
        wall_time_s=wall_time_s,
        settings=_settings(study),
        facts=tuple(_facts(study)),
        claims=claims,
        blocks=tuple(_blocks(study)),
        raw=study.raw,
    )


def _answer(study):
    said = _said(study)
    return f"A quick run, on stand-in data. {said}" if study.extent.quick else said


def _said(study):
    if not study.articles:
        return f"{int(study.findings['holds'].sum())} of {len(study.findings)} findings hold."
    ratios = study.times["ratio"]
    answer = (
        f"{_number(len(study.articles), 'published network')} rebuilt, with the same parameters as "
        f"by hand. skae trains {ratios.median():.1f} times as fast as hand-written Keras in the "
        f"median, at least {ratios.min():.1f} and at most {ratios.max():.1f} times"
    )
    published = study.results.dropna(subset="published").query("own_in_full")
    if published.empty:
        return f"{answer}."
    better = int((published["own_loss"] < published["published"]).sum())
    return (
        f"{answer}. With a code of the same size, skae's own settings are below the published loss "
        f"in {better} of {len(published)}."
    )


def _number(count, noun):
    return f"{count} {noun}{'s' * (count != 1)}"


def _facts(study):
    if not study.articles:
        return
    results, times = study.results, study.times
    equal = int((results["difference"] == 0).sum())
    yield Fact("Networks with equal parameters", f"{equal}", f"of {len(results)}")
    yield Fact("Keras by hand / skae", f"{times['ratio'].median():.1f}×", "median of the times")
    for row in results.dropna(subset="published").query("own_in_full").itertuples():
        yield Fact(f"{row.id}, {row.unit}", f"{row.own_loss:.3f}", f"published {row.published:.4g}")


def _settings(study):
    extent = study.extent
    data = "few digits of scikit-learn, enlarged to 28×28 pixels, whatever the table says"
    cut = "as long as published" if extent.most_epochs is None else f"at most {extent.most_epochs}"
    return {
        "Data": data if extent.quick else "published training rows; losses on test rows",
        "Epochs": f"{cut}; the tables say how many were run of how many were published",
        "Comparison of times": f"{extent.raced_epochs} epochs of each, the same rows, in turns, "
        f"the shorter of {extent.rounds} rounds, compilation included in both",
        "Loss": "computed alike for all, from reconstructions in the units of the data; of "
        "variational ones cross-entropy and divergence of an image",
        "Networks by hand": "benchmarks/articles/by_hand.py",
    }


def _blocks(study):
    if study.articles:
        yield _losses(study)
        yield _own_losses(study)
        yield _times(study)
    if len(study.findings):
        yield _findings(study)
    for name, measured in study.articles.items():
        yield Picture(
            key=f"pictures-{name}",
            title=f"{name}: {measured.article.network}",
            caption=_caption(measured.article, measured.result),
            panels=pictures(measured, study.extent.seed),
            pixels=True,
        )


def _losses(study):
    return Table(
        key="losses",
        title="Parameters and losses",
        caption="The published network with the published training, or with Adam where it is said "
        f"so, as an estimator of skae, beside what was published{_cut(study)}. Lower is better.",
        frame=study.results[[column.key for column in LOSSES]],
        columns=LOSSES,
    )


def _own_losses(study):
    return Table(
        key="own",
        title="With skae's own settings",
        caption="As many numbers a row, in whatever network and training skae would use.",
        frame=study.results[[*(column.key for column in OWN_LOSSES), "own_network"]],
        columns=OWN_LOSSES,
    )


def _cut(study):
    short = study.results.query("epochs < of")["id"].tolist()
    if not short:
        return ""
    return f". {', '.join(short)}: cut short, so not to be held against what was published"


def _times(study):
    return Table(
        key="times",
        title="Time beside hand-written Keras",
        caption="A few epochs of each, in turns, within one process; every further epoch costs "
        "about as much. Losses after so few epochs differ by the random start.",
        frame=study.times,
        columns=TIMES,
    )


def _findings(study):
    return Table(
        key="findings",
        title="Uses and variants",
        caption="What else the tutorials and papers say that autoencoders do, each measured on "
        "rows that were held out.",
        frame=study.findings,
        columns=FINDINGS,
    )


def _caption(article, result):
    trained = f"{result.published.epochs} of {article.epochs} epochs"
    optimizer = f"{article.optimizer}, batches of {article.batch_size}"
    training = f"{article.training.capitalize()} ({optimizer}): {trained}"
    return f"{training}. skae's settings: {article.own.label}."
