"""The tables of README and docs: which records each shows, and which of their columns."""

from functools import partial

import numpy as np
import pandas as pd

from benchmarks import columns, record
from benchmarks.anomaly.problems import GROUP_NAMES
from benchmarks.speed.contests import RACES

PROTOCOLS = ["normal rows", "anomalies left in"]
EXTRAPOLATED = (1e8, 1e9)
ARTICLE = ["id", "network", "data", "weights", "unit", "published", "loss", "trained"]


def markdown(frame, records):
    """Return a table as Markdown, and below it which runs its records come from."""
    shown = columns.shown(frame)
    lines = [list(shown.columns), ["---"] * shown.shape[1], *shown.to_numpy().tolist()]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"\n\n{text}\n\n{_origins(records)}\n"


def whole(name, table, without=()):
    """Return one table of one record, all columns but some."""
    one = record.load(name)
    return markdown(one.tables[table].drop(columns=list(without), errors="ignore"), [one])


def races():
    """Return the seconds of every contestant of the races, and multiples of skae's."""
    records = _existing("speed", RACES)
    rows = []
    for one in records:
        race = one.tables["race"].set_index("contestant")
        row = {"Training": one.title, "skae, s": f"{race.loc['skae', 'median']:.1f}"}
        others = race.drop(index="skae")["times_skae"]
        rows.append(row | {f"{other} / skae": f"{ratio:.1f}" for other, ratio in others.items()})
    return markdown(pd.DataFrame(rows), records)


def worst_path():
    """Return the headline of all paths, a sentence."""
    return f" {record.load('speed/paths').answer}"


def convolutions():
    """Return the least and the largest ratio of the paths with convolutions."""
    paths = record.load("speed/paths").table.set_index("objective")
    ratios = paths.loc["convolutional", "first_ratio"]
    return f"{ratios.min():.1f} to {ratios.max():.1f}"


def means():
    records, rows = _existing("anomaly", GROUP_NAMES), []
    for one in records:
        table = one.tables["means"].set_index("method")
        spreads = table["auroc_spread"].map(" ± {:.3f}".format, na_action="ignore").fillna("")
        cells = table["auroc"].map("{:.3f}".format) + spreads
        rows.append({"Data": GROUP_NAMES[one.name.partition("/")[2]], **cells})
    return markdown(pd.DataFrame(rows), records)


def classes(group):
    """Return the AUROC of skae on each class of a group of images."""
    one = record.load(f"anomaly/{group}")
    aurocs = one.tables["problems"].set_index("problem")[["skae"]].map("{:.3f}".format)
    return markdown(aurocs.rename(lambda problem: problem.split()[-1]).T, [one])


def divisions():
    """Return false alarms over divisions, and for each case the largest excess of its rates."""
    one = record.load("anomaly/false-alarms-divided")
    table = one.table
    rates = [column for column in table if column.startswith("at ")]
    shown = table[["rows"]].join(table[rates].map("{:.1%}".format))
    excess = table.filter(like="σ").max(axis=1)
    return markdown(shown.assign(largest_excess=excess, uniform=table["ks_p"]), [one])


def selection():
    """Return the means of the norms that two rules choose, and of their choices on other tables."""
    one = record.load("anomaly/selection")
    chosen = one.settings["chosen"]
    same = (one.tables["left out"]["chosen"] == chosen).sum()
    kinds = {
        f"within one standard error of the best, most scores: {chosen}": "chosen",
        f"the same rule on the other tables (this norm {same} times)": "chosen on the others",
        "highest mean on the other tables": "best on the others",
    }
    rows = [
        {"choice": choice, **{which: one.figures[f"{kind}, {which}"] for which in PROTOCOLS}}
        for choice, kind in kinds.items()
    ]
    return markdown(pd.DataFrame(rows), [one])


def parts_of_norm():
    """Return each part of the chosen norm alone, the norm without each part, and the norm."""
    one = record.load("anomaly/selection")
    return markdown(one.tables["parts"][["norm", *PROTOCOLS]], [one])


def tables_of_norm():
    """Return the AUROC of the chosen norm and of its parts for each table, protocols together."""
    one = record.load("anomaly/selection")
    by_table = one.tables["parts by table"].set_index(["protocol", "table"]).map("{:.2f}".format)
    shown = by_table.loc[PROTOCOLS[0]] + " / " + by_table.loc[PROTOCOLS[1]]
    return markdown(shown.rename(columns={one.settings["chosen"]: "norm"}).reset_index(), [one])


def image_settings():
    """Return the ten best settings of the detector of images."""
    one = record.load("anomaly/image-settings")
    return markdown(one.tables["settings"].head(10), [one])


def scale(part):
    """Return all figures of one part of the scale benchmark, one row a record."""
    records = record.matching(f"scale/{part}_*")
    rows = []
    for one in records:
        figures = one.table.set_index("figure")["value"]
        rows.append({"rows": int(one.settings["rows"]), "kind": one.settings["kind"], **figures})
    return markdown(pd.DataFrame(rows).sort_values(["rows", "kind"]), records)


def cost_of_epochs():
    """Return seconds of streamed epochs, and those of overhead plus cost times rows.

    The line goes through all sizes but the largest, with errors relative to the measured seconds.
    """
    records = record.matching("scale/stream_memmap_*")
    records.sort(key=lambda one: int(one.settings["rows"]))
    rows = np.array([float(one.settings["rows"]) for one in records])
    found = [one.table.set_index("figure")["value"]["streamed_epoch_seconds"] for one in records]
    shown = pd.DataFrame({"rows": [*rows, *EXTRAPOLATED]})
    for kind, seconds in zip(("clock", "processor"), np.array(found).T, strict=True):
        design = np.column_stack([np.ones_like(rows), rows]) / seconds[:, np.newaxis]
        line = np.linalg.lstsq(design[:-1], np.ones(len(rows) - 1))[0]
        shown[f"{kind}_seconds"] = pd.Series(seconds)
        shown[f"{kind}_seconds_of_line"] = line[0] + line[1] * shown["rows"]
    return markdown(shown.map(lambda value: float(f"{value:.3g}")), records)


def articles():
    records = [one for one in record.matching("articles/*") if "article" in one.tables]
    table = pd.concat([one.tables["article"] for one in records])
    trained = table["epochs"].astype(str) + " of " + table["of"].astype(str)
    return markdown(table.assign(trained=trained)[ARTICLE], records)


def findings():
    records = [one for one in record.matching("articles/*") if "findings" in one.tables]
    return markdown(pd.concat([one.table for one in records]), records)


VIEWS = {
    "latent/codes": partial(whole, "latent/digits", "results", ["mse", "query_us", "transform_us"]),
    "speed/races": races,
    "speed/all-paths": partial(whole, "speed/paths", "paths", ["difference"]),
    "speed/worst-path": worst_path,
    "speed/convolutions": convolutions,
    "speed/random-epochs": partial(whole, "speed/epochs", "epochs"),
    "speed/scoring-costs": partial(whole, "speed/scoring", "scoring"),
    "speed/first-fits": partial(whole, "speed/starts", "starts"),
    "speed/workers": partial(whole, "speed/jobs", "jobs"),
    "speed/wide-table": partial(whole, "speed/wide", "wide"),
    "anomaly/detectors": means,
    "anomaly/mnist-classes": partial(classes, "mnist"),
    "anomaly/fashion-classes": partial(classes, "fashion_mnist"),
    "anomaly/false-alarms": partial(whole, "anomaly/tables", "promises"),
    "anomaly/divisions": divisions,
    "anomaly/delays": partial(whole, "anomaly/drift", "drift"),
    "anomaly/image-scores": partial(whole, "anomaly/image-settings", "scores"),
    "anomaly/image-settings": image_settings,
    "anomaly/choice": selection,
    "anomaly/parts": parts_of_norm,
    "anomaly/parts-by-table": tables_of_norm,
    "scale/memory": partial(scale, "memory"),
    "scale/stream": partial(scale, "stream"),
    "scale/cost": cost_of_epochs,
    "scale/order": partial(scale, "order"),
    "scale/dask": partial(scale, "dask"),
    "serving/times": partial(whole, "serving/onnx", "serving"),
    "articles/networks": articles,
    "articles/uses": findings,
    "defaults/all-settings": partial(whole, "defaults/settings", "settings"),
}


def _existing(question, wanted):
    known = record.names(pattern=f"{question}/*")
    return [record.load(name) for thing in wanted if (name := f"{question}/{thing}") in known]


def _origins(records):
    """Return one line a run: command, commit, date, machine, and what is to be said of it."""
    runs = {}
    for one in records:
        told = [f"`{one.origin['command']}`", f"commit {one.origin['commit']}"]
        told += [one.origin[key] for key in ("date", "processor") if key in one.origin]
        run = f"{', '.join(told)}. {one.note}".strip()
        runs.setdefault(run, []).append(one.name.partition("/")[2])
    if len(runs) == 1:
        return f"*{next(iter(runs))}*"
    return "\n".join(f"- *{', '.join(of)}: {run}*" for run, of in runs.items())
