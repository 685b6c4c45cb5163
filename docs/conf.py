"""Configuration of the documentation."""

import os
import re

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from sklearn.experimental import enable_halving_search_cv  # noqa: F401, for the gallery's links

import skae

project = "skae"
author = "The skae developers"
copyright = f"2026, {author}"
version = release = skae.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "examples"]
templates_path = ["_templates"]
nitpicky = False

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_attributes_as_param_list = True

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "doc_module": ("skae",),
    "backreferences_dir": "auto_api/backreferences",
    "within_subsection_order": "FileNameSortKey",
    "capture_repr": ("_repr_html_",),
    "matplotlib_animations": False,
    "download_all_examples": False,
    "remove_config_comments": True,
    "min_reported_time": 60,
    "show_memory": False,
    "abort_on_example_error": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "skae"
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_align": "left",
}
html_sidebars = {page: [] for page in ("architecture", "comparison", "index", "user_guide")}
html_static_path = ["_static"]
html_css_files = ["skae.css"]
html_copy_source = False


def plain_names(app, what, name, obj, options, lines):
    """Put lists of names on one line, and keep reST from reading ``model_`` as a link."""
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    joined = re.sub(r"(?<![`\w])(\w+[a-z])_(?=,\)| ·)", r"\1\_", joined)
    start, heading, attributes = joined.partition("Attributes\n----------\n")
    lists = re.sub(
        r"^(?:\w+, )+\w+$", lambda names: names[0].replace("_,", r"\_,"), attributes, flags=re.M
    )
    lines[:] = (start + heading + lists).split("\n")


def setup(app):
    app.connect("autodoc-process-docstring", plain_names, priority=100)
