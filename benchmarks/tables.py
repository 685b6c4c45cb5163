"""Write the tables of README and docs from the records in benchmarks/results.

A page holds ``<!-- record: WHAT -->`` … ``<!-- end -->``. WHAT is one of

- the name of a table of `benchmarks.views`, as in ``speed/races``; its text stays where there is no
  record yet;
- a figure of a record and its format, as in ``speed/paths.worst .1f``;
- a claim about a figure, as in ``speed/paths.worst >= 1.5``: the text stays, the claim is checked.
"""

import operator
import re
from pathlib import Path

from matplotlib import rc_context

from benchmarks import BenchmarkError, latent, record, views

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
MARKED = re.compile(r"(<!-- record: (.*?) -->)(.*?)(<!-- end -->)", re.DOTALL)
FIGURE = re.compile(r"(?P<name>[\w-]+/[\w-]+)\.(?P<figure>.+?) (?P<format>[^ ]*\.\d+[f%g])")
CLAIM = re.compile(r"(?P<name>[\w-]+/[\w-]+)\.(?P<figure>.+?) (?P<how><=|>=) (?P<bound>[-.\d]+)")
HOW = {"<=": operator.le, ">=": operator.ge}
PICTURE = ROOT / "docs" / "images" / "latent_space.png"


def write(*, check=False):
    """Bring all pages up to date and draw the picture of codes; with `check` only compare.

    Return 1 if a claim does not hold, or if a page differs and was only to be checked, else 0.
    """
    wrong = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for claim in broken_claims(text):
            print(f"{page.name}: not held by its record: {claim}")
            wrong = 1
        if (new := filled(text)) != text:
            print(f"{page.name}: {'differs from' if check else 'written from'} the records")
            wrong |= int(check)
            if not check:
                page.write_text(new, encoding="utf-8")
    if not check:
        with rc_context({"font.size": 9}):
            latent.drawn(record.load("latent/digits").tables["codes"]).savefig(PICTURE, dpi=100)
    return wrong


def filled(text):
    """Return a page with everything that is marked as its records have it."""
    return MARKED.sub(lambda match: match[1] + _content(match[2], match[3]) + match[4], text)


def broken_claims(text):
    """Return the marked claims of a page that their records do not hold."""
    claims = filter(None, (CLAIM.fullmatch(match[2]) for match in MARKED.finditer(text)))
    return [one[0] for one in claims if not HOW[one["how"]](_figure(one), float(one["bound"]))]


def _content(what, text):
    if CLAIM.fullmatch(what):
        return text
    if found := FIGURE.fullmatch(what):
        value = _figure(found)
        return re.sub(r"^([-+]?)0\.", r"\1.", format(value, found["format"]))
    if what not in views.VIEWS:
        raise BenchmarkError(
            f"Expected a table out of {', '.join(views.VIEWS)}, 'RECORD.FIGURE FORMAT' or "
            f"'RECORD.FIGURE >= NUMBER'; received {what!r}."
        )
    try:
        return views.VIEWS[what]()
    except record.NotMeasuredError:
        print(f"{what}: no record yet, so that it is left as it was written")
        return text


def _figure(match):
    figures = record.load(match["name"]).figures
    if match["figure"] not in figures:
        raise BenchmarkError(
            f"Expected a figure of {match['name']} out of {', '.join(figures)}; received "
            f"{match['figure']!r}."
        )
    return figures[match["figure"]]
