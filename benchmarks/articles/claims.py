"""What `benchmarks.articles` claims: equal networks, losses as published, less time."""

from benchmarks.articles.measures import parameters
from benchmarks.report import Claim

LOSS_TOLERANCE = 0.0005  # published losses have three digits
SPEED_TOLERANCE = 0.9


def claims(study):
    """Yield what a run is to show.

    Parameters
    ----------
    study : Study
        What was measured.

    Yields
    ------
    Claim
    """
    if study.articles:
        yield from _claims_about_articles(study)
    for finding in study.findings.itertuples():
        if finding.in_full:
            yield Claim(
                f"{finding.subject}: {finding.measure} is {finding.value:.4g}, "
                f"{finding.beside} {finding.reference:.4g}.",
                bool(finding.holds),
            )


def _claims_about_articles(study):
    results, times = study.results, study.times
    yield Claim(
        "Every network has as many parameters as the one written by hand.",
        bool((results["difference"] == 0).all()),
    )
    for measured in study.articles.values():
        article = measured.article
        if article.published_parameters:
            halves = _halves(measured.result.published.estimator)
            shown = " + ".join(f"{n:,}" for n in article.published_parameters)
            yield Claim(
                f"{article.id} has the published number of parameters, {shown}.",
                article.published_parameters in (halves, (sum(halves),)),
            )
    for row in results.dropna(subset="published").itertuples():
        reached = bool(row.loss <= row.published + LOSS_TOLERANCE)
        if reached or row.epochs == row.of:
            yield Claim(
                f"{row.id} reaches its published loss, {row.published:.4g}, with {row.training}: "
                f"{row.loss:.4f} after {row.epochs} of {row.of} epochs.",
                reached,
            )
    slowest = times.loc[times["ratio"].idxmin()]
    yield Claim(
        f"No network trains longer than by hand, up to a tenth: {slowest['id']} takes "
        f"{1 / slowest['ratio']:.2f} times as long.",
        bool(slowest["ratio"] >= SPEED_TOLERANCE),
    )
    worse = results[results["own_loss"] > results["loss"]]["id"].tolist()
    yield Claim(
        "skae's own settings have a lower loss than the published network, with a code of the "
        f"same size{': not ' + ', '.join(worse) if worse else ''}.",
        not worse,
    )


def _halves(estimator):
    return parameters(estimator.encoder_), parameters(estimator.decoder_)
