"""Exercises and their solutions find each other, and a solution is shown on a click."""

import re

from docutils import nodes
from references import section_called
from sphinx.transforms.post_transforms import SphinxPostTransform

FOLDED = '<details class="solution"><summary>Show the solution</summary>'


def other(docname: str) -> str:
    """chapters/02_gan <-> chapters/solutions/02_gan"""
    folder, _, name = docname.rpartition("/")
    return f"chapters/{name}" if folder.endswith("solutions") else f"chapters/solutions/{name}"


def exercises(doctree):
    section = section_called(doctree, "Exercises")
    listed = section and next(section.findall(nodes.enumerated_list), None)
    return list(listed.children) if listed else []


def solutions(doctree):
    """{number: section}"""
    numbered = ((re.match(r"(\d+)\. ", s[0].astext()), s) for s in doctree.findall(nodes.section))
    return {int(number[1]): s for number, s in numbered if number and s.parent.parent}


def add_targets(app, doctree):
    if app.env.docname.startswith("chapters/solutions/"):
        for number, section in solutions(doctree).items():
            section["ids"].append(f"solution-{number}")
    else:
        for number, item in enumerate(exercises(doctree), 1):
            item["ids"].append(f"exercise-{number}")


class Fold(SphinxPostTransform):
    """Runs before references are resolved, as the text of an exercise may hold some."""

    default_priority = 5

    def run(self, **kwargs):
        docname = self.env.docname
        if not docname.startswith("chapters/") or other(docname) not in self.env.found_docs:
            return
        partner = self.env.get_doctree(other(docname))
        if docname.startswith("chapters/solutions/"):
            texts = exercises(partner)
            for number, section in solutions(self.document).items():
                self.fold(number, section, texts[number - 1].deepcopy().children)
        else:
            solved = solutions(partner)
            for number, item in enumerate(exercises(self.document), 1):
                if number in solved:
                    link = self.link("Solution", f"#solution-{number}")
                    item += nodes.paragraph("", "", link)

    def fold(self, number, section, text):
        box = nodes.container("", *text, classes=["exercise"])
        box += nodes.paragraph("", "", self.link("In the chapter", f"#exercise-{number}"))
        for reference in box.findall(lambda node: "refdoc" in getattr(node, "attributes", ())):
            reference["refdoc"] = self.env.docname
        title, *solution = section.children
        open_, close = (nodes.raw("", html, format="html") for html in (FOLDED, "</details>"))
        section.children = []
        section += [title, box, open_, *solution, close]

    def link(self, text, anchor):
        uri = self.app.builder.get_relative_uri(self.env.docname, other(self.env.docname))
        return nodes.reference("", text, internal=True, refuri=uri + anchor)


def setup(app):
    app.connect("doctree-read", add_targets)
    app.add_post_transform(Fold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
