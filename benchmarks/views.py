"""The tables of README and docs: which records each shows, and which of their columns."""

import pandas as pd

from benchmarks import columns, record
from benchmarks.speed.contests import RACES

PATHS = "speed/paths"
ARTICLE = ["id", "network", "data", "weights", "unit", "published", "loss", "trained"]
ARTICLE += ["own_loss", "own_epochs"]


def markdown(frame, names):
    """Return a table as Markdown, and below it which runs its records come from."""
    shown = columns.shown(frame)
    lines = [list(shown.columns), ["---"] * shown.shape[1], *shown.to_numpy().tolist()]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"\n\n{text}\n\n{_origins(names)}\n"


def codes():
    name = "latent/digits"
    table = record.load(name).tables["results"]
    return markdown(
        table.drop(columns=["mse", "query_us", "transform_us"], errors="ignore"), [name]
    )


def races():
    """Return the seconds of every contestant of the races, and multiples of skae's."""
    names = _existing("speed", RACES)
    rows = []
    for name in names:
        one = record.load(name)
        race = one.tables["race"].set_index("contestant")
        row = {"Training": one.title, "skae, s": f"{race.loc['skae', 'median']:.1f}"}
        others = race.drop(index="skae")["times_skae"]
        rows.append(row | {f"{other} / skae": f"{ratio:.1f}" for other, ratio in others.items()})
    return markdown(pd.DataFrame(rows), names)


def paths():
    if PATHS not in record.names(question="speed"):
        return "\nNot measured yet: `python -m benchmarks speed --paths --record`.\n"
    return markdown(record.load(PATHS).table.drop(columns="difference"), [PATHS])


def worst_path():
    """Return the headline of all paths, a sentence."""
    return f" {record.load(PATHS).answer}" if PATHS in record.names(question="speed") else ""


def means():
    from benchmarks.anomaly.job import GROUP_NAMES

    names, rows = _existing("anomaly", GROUP_NAMES), []
    for name in names:
        table = record.load(name).tables["means"].set_index("method")
        spreads = table["auroc_spread"].map(lambda one: "" if pd.isna(one) else f" ± {one:.3f}")
        cells = table["auroc"].map("{:.3f}".format) + spreads
        rows.append({"Data": GROUP_NAMES[name.partition("/")[2]], **cells})
    return markdown(pd.DataFrame(rows), names)


def classes(group):
    """Return the AUROC of skae on each class of a group of images."""
    name = f"anomaly/{group}"
    table = record.load(name).tables["problems"][["problem", "skae"]]
    shown = {
        problem.split()[-1]: f"{value:.3f}" for problem, value in table.itertuples(index=False)
    }
    return markdown(pd.DataFrame([shown]), [name])


def articles():
    names = [n for n in record.names(question="articles") if "article" in record.load(n).tables]
    table = pd.concat([record.load(name).tables["article"] for name in names])
    trained = table["epochs"].astype(str) + " of " + table["of"].astype(str)
    return markdown(table.assign(trained=trained)[ARTICLE], names)


def findings():
    names = [n for n in record.names(question="articles") if "findings" in record.load(n).tables]
    return markdown(pd.concat([record.load(name).table for name in names]), names)


def whole(name, table):
    return lambda: markdown(record.load(name).tables[table], [name])


VIEWS = {
    "latent/codes": codes,
    "speed/races": races,
    "speed/all-paths": paths,
    "speed/worst-path": worst_path,
    "anomaly/detectors": means,
    "anomaly/mnist-classes": lambda: classes("mnist"),
    "anomaly/fashion-classes": lambda: classes("fashion_mnist"),
    "anomaly/false-alarms": whole("anomaly/tables", "promises"),
    "speed/scoring-costs": whole("speed/scoring", "scoring"),
    "articles/networks": articles,
    "articles/uses": findings,
    "defaults/all-settings": whole("defaults/settings", "settings"),
}


def _existing(question, wanted):
    names = [f"{question}/{one}" for one in wanted]
    return [name for name in names if name in record.names(question=question)]


def _origins(names):
    """Return one line a run: command, commit, date, machine, and what is to be said of it."""
    runs = {}
    for name in names:
        one = record.load(name)
        told = one.origin
        run = f"`{told['command']}`, commit {told['commit']}, {told['date']}, {told['processor']}."
        runs.setdefault(f"{run} {one.note}".strip(), []).append(name.partition("/")[2])
    if len(runs) == 1:
        return f"*{next(iter(runs))}*"
    return "\n".join(f"- *{', '.join(of)}: {run}*" for run, of in runs.items())
