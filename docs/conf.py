"""Sphinx configuration: no network is reached, every script in examples/ is executed, warnings are errors."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
os.environ.setdefault("MPLBACKEND", "Agg")

import generate  # docs/generate.py: pages made from the package's own data
import latex2mathml.converter
from docutils import nodes

import spinloom

project = "Spinloom"
author = "The Spinloom developers"
copyright = author
version = release = spinloom.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "generated", "gallery/*.ipynb", "gallery/*.py.md5"]
nitpicky = False
suppress_warnings = ["ref.python"]  # shapes in types, "(inputs, outputs)", are no references to what has such a name
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

html_math_renderer = "mathml"  # browsers draw it themselves: no script, no network
html_theme = "furo"
html_title = "Spinloom"
html_static_path = ["_static"]
html_css_files = ["spinloom.css"]
html_show_sphinx = False

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = False
napoleon_numpy_docstring = True
napoleon_use_rtype = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
    "min_reported_time": 1,
    "matplotlib_animations": False,
}


def _plain_equations(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Docstrings write equations as plain text; keep |m| from being read as a substitution and m* as emphasis."""
    for index, line in enumerate(lines):
        parts = re.split(r"(`+[^`]*`+)", line)  # odd ones are literals and roles
        lines[index] = "".join(part if i % 2 else part.replace("|", "\\|") for i, part in enumerate(parts))


def _inline_math(writer: Any, node: nodes.math) -> None:
    writer.body.append(latex2mathml.converter.convert(node.astext()))
    raise nodes.SkipNode


def _display_math(writer: Any, node: nodes.math_block) -> None:
    formula = latex2mathml.converter.convert(node.astext(), display="block")
    writer.body.append(f'<div class="math notranslate">{formula}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Make the generated pages, let plain-text equations pass, and write formulae as MathML."""
    app.connect("builder-inited", lambda app: generate.write_all(HERE / "generated"))
    app.connect("autodoc-process-docstring", _plain_equations, priority=600)
    app.add_html_math_renderer("mathml", (_inline_math, None), (_display_math, None))
