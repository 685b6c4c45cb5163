"""How the columns of records are shown, on pages, in the terminal and in the documentation."""

from pathlib import Path

import pandas as pd

COLUMNS = pd.read_csv(Path(__file__).with_name("columns.csv"), index_col="column").fillna("")


def label(key):
    if key in COLUMNS.index:
        return COLUMNS["label"][key]
    is_name = key.isidentifier() and key == key.lower() and key != "skae"
    return key.replace("_", " ").capitalize() if is_name else key


def explanation(key):
    return COLUMNS["explanation"].get(key, "")


def text(key, value):
    """Return a cell as it is shown; a dash where nothing was measured."""
    if isinstance(value, list):
        return " / ".join(map(str, value))
    if pd.isna(value):
        return "–"
    if isinstance(value, str) or key not in COLUMNS.index:
        return f"{value:.4g}" if isinstance(value, float) else str(value)
    return COLUMNS["format"][key].format(value)


def shown(frame):
    """Return a table as it is shown: every cell as text, every column under its heading."""
    cells = {key: [text(key, value) for value in frame[key]] for key in frame}
    return pd.DataFrame(cells).rename(columns=label)
