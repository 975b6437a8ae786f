"""Sphinx settings of the web site that `make book` builds from the committed notebooks.

The sources stand where they belong, in chapters/, book/, benchmarks/ and data/, so Sphinx is told
that the whole repository is its source, and which files of it are pages.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE / "extensions"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

project = "gan-keras"
author = "The gan-keras maintainers"
copyright = author
language = "en"

root_doc = "book/index"
include_patterns = [
    "book/**.md",
    "chapters/*.ipynb",
    "chapters/solutions/*.ipynb",
    "chapters/bugs/**.md",
    "benchmarks/README.md",
    "data/README.md",
    "CONTRIBUTING.md",
]
# What Sphinx need not even look into.
exclude_patterns = [
    ".*", "build", "gan_keras", "runs", "tests", "tools",
    "chapters/text", "chapters/solutions/text", "data/[!R]*", "benchmarks/results",
]  # fmt: skip

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinxcontrib.bibtex",
    "docstrings",
    "exercises",
    "references",
    "offline",
]

# Notebooks: as committed, never executed.
nb_execution_mode = "off"
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
myst_heading_anchors = 3
suppress_warnings = [
    "myst.header",  # README's sections stand below the title of the page that takes them in.
]

# The library's reference, from its docstrings.
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_inherit_docstrings = False  # Those of Keras are in Keras' own reference.
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True, "show-inheritance": True}
default_role = "py:obj"
napoleon_use_rtype = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "alpha"
bibtex_reference_style = "author_year"
bibtex_cite_id = "cite-{key}"

html_theme = "sphinx_book_theme"
html_title = "gan-keras"
html_theme_options = {
    "home_page_in_toc": True,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "use_download_button": True,
    "use_fullscreen_button": False,
    # Search stands in the sidebar.
    "navbar_persistent": [],
    "navbar_end": [],
}
html_context = {"default_mode": "auto"}
html_favicon = "static/icon.svg"
html_static_path = ["static"]
html_css_files = ["book.css"]
html_show_copyright = False
html_last_updated_fmt = None
html_copy_source = True
mathjax_path = "mathjax/tex-mml-chtml.js"
