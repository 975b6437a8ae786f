"""Links where the chapters, which are read without a web site as well, have words.

"section 2.4", "chapter 3" and "Goodfellow et al. (2014)" lead to what they name, an entry of a
chapter's References to its paper, a term in bold to the glossary, `load_dataset` to the reference.
"""

import re

import docstrings
from docutils import nodes
from pybtex.database import parse_file
from sphinx.transforms.post_transforms import SphinxPostTransform

BIBLIOGRAPHY, GLOSSARY = "book/reference/bibliography", "book/glossary"
NUMBERS = r"((?:, and |, | and | to )?{0})*"
# Sections of a paper are called sections too: "2016, section 3.2", "its section 5.2".
SECTIONS = re.compile(r"(?<!\d{4}, )(?<!its )\b[Ss]ections? \d\.\d+" + NUMBERS.format(r"\d\.\d+"))
CHAPTERS = re.compile(r"\b[Cc]hapters? \d+" + NUMBERS.format(r"\d+\b(?!\.\d)"))
EPRINT = re.compile(r"arXiv:(\d{4}\.\d{4,5})|doi:(10\.\S+[^\s.])")
SKIPPED = (nodes.title, nodes.reference, nodes.literal, nodes.literal_block, nodes.raw,
           nodes.math, nodes.math_block, nodes.citation)  # fmt: skip


def is_chinese(node) -> bool:
    return isinstance(node, (nodes.term, nodes.paragraph)) and bool(
        re.match(r"[\u4e00-\u9fff]", node.astext())
    )


class Papers:
    """What references.bib holds, found by authors and year as a text names them."""

    def __init__(self, path):
        self.entries = parse_file(path).entries
        self.authors = {
            key: [" ".join(person.prelast_names + person.last_names)
                  for person in entry.persons["author"]]
            for key, entry in self.entries.items()
        }  # fmt: skip
        surname = "|".join(sorted({re.escape(names[0]) for names in self.authors.values()}))
        other = r"(?:[a-z]+ )*[A-Z][\w-]+"
        self.pattern = re.compile(
            rf"\b(?P<names>(?:{surname})(?: et al\.|(?:, {other})*,? (?:and|&) {other})?),?"
            r" \(?(?P<year>\d{4})\b\)?"
        )

    def find(self, names: str, year: str, preferred=()) -> str | None:
        """The key of a paper; of several, one that the chapter lists, or the one first named."""
        named = re.split(r", | and | & ", names.removesuffix(" et al."))

        def fits(key):
            authors = self.authors[key]
            same = authors[:1] == named and len(authors) > 2 if "et al." in names else (
                authors == named
            )  # fmt: skip
            return same and self.entries[key].fields["year"] == year

        found = sorted(filter(fits, self.entries), key=lambda key: (key not in preferred, key))
        return found[0] if found else None

    def listed(self, text: str) -> str | None:
        """The key of the paper that an entry of a chapter's References describes."""
        eprint = EPRINT.search(text)
        numbers = set(eprint.groups()) - {None} if eprint else set()
        fields = {key: entry.fields for key, entry in self.entries.items()}
        same = [k for k, f in fields.items() if numbers & {f.get("eprint"), f.get("doi")}]
        titles = {key: plain_title(fields[key]) for key in same or fields}
        found = [key for key, title in titles.items() if title in simple(text)]
        # One title may hold another.
        return max(same or found, key=lambda key: len(titles[key]), default=None)


def simple(text: str) -> str:
    """`text` without marks, in lower case."""
    return re.sub(r"\W+", " ", text).lower()


def plain_title(fields) -> str:
    return simple(re.sub(r"[{}]", "", fields["title"])).strip()


def in_chapters(docname: str) -> bool:
    return bool(re.match(r"chapters/(solutions/)?\d", docname))


def section_called(doctree, title: str):
    return next((s for s in doctree.findall(nodes.section) if s[0].astext() == title), None)


def add_targets(app, doctree):
    """Sections 2.4 can be linked to as #section-2-4, papers as #paper-goodfellow2014."""
    if not in_chapters(app.env.docname):
        return
    for section in doctree.findall(nodes.section):
        if number := re.match(r"(\d+)\.(\d+) ", section[0].astext()):
            section["ids"].append(f"section-{number[1]}-{number[2]}")
    references = section_called(doctree, "References")
    for item in references.findall(nodes.list_item) if references else ():
        if key := app.papers.listed(item.astext()):
            item["ids"].append(f"paper-{key}")


def collect(app, env):
    """Where everything is that can be linked to, once all pages have been read."""
    app.targets = targets = {}
    for docname in filter(in_chapters, env.found_docs):
        doctree = env.get_doctree(docname)
        if "solutions" not in docname:
            number = str(int(docname.split("/")[-1][:2]))
            targets[f"chapter {number}"] = (docname, "")
        for node in doctree.findall(lambda n: isinstance(n, nodes.Element)):
            for name in node["ids"]:
                if re.match(r"section-\d|paper-", name):
                    targets.setdefault((docname, name), (docname, f"#{name}"))
                    if name.startswith("section-"):
                        targets[name.replace("section-", "section ").replace("-", ".")] = (
                            docname, f"#{name}",
                        )  # fmt: skip
    for kind, name, docname, anchor in (
        (obj[2], obj[0], obj[3], obj[4]) for obj in env.get_domain("std").get_objects()
    ):
        if kind == "term":
            targets[f"term {name.lower()}"] = (docname, f"#{anchor}")


class Links(SphinxPostTransform):
    default_priority = 700

    def run(self, **kwargs):
        self.targets = self.app.targets
        for strong in list(self.document.findall(nodes.strong)):
            target = self.targets.get(f"term {strong.astext().lower()}")
            if target and in_chapters(self.env.docname):
                link = self.link(strong.astext(), target)
                strong.clear()
                strong += link
        if self.env.docname == GLOSSARY:  # The class becomes the attribute lang="zh".
            for node in self.document.findall(is_chinese):
                node["classes"].append("language-zh")
        if in_chapters(self.env.docname):
            self.link_code()
        for text in list(self.document.findall(nodes.Text)):
            if not any(isinstance(parent, SKIPPED) for parent in parents(text)):
                self.replace(text)

    def link(self, text, target):
        docname, anchor = target
        here = docname == self.env.docname
        uri = "" if here else self.app.builder.get_relative_uri(self.env.docname, docname)
        return nodes.reference("", text, internal=True, refuri=uri + anchor)

    def link_code(self):
        """What the library calls so, to its place in the reference; a module alone is not meant."""
        documented = self.env.get_domain("py").objects
        for literal in list(self.document.findall(nodes.literal)):
            name = literal.astext().removeprefix("gan_keras.")
            plain = re.fullmatch(r"[A-Za-z_.]+", name)
            entry = documented.get(plain and docstrings.find(name, "gan_keras"))
            if entry and entry.objtype != "module" and literal.parent.tagname != "reference":
                link = self.link("", (entry.docname, f"#{entry.node_id}"))
                literal.parent.replace(literal, link)
                link.clear()
                link += literal

    def replace(self, text):
        links = [*self.papers(text), *self.numbers(text), *self.eprints(text)]
        pieces, end = [], 0
        for (start, stop), node in sorted(links, key=lambda link: link[0]):
            if start >= end:
                pieces += [nodes.Text(text[end:start]), node]
                end = stop
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(text[end:])])

    def papers(self, text):
        listed = {name[1].removeprefix("paper-") for name in self.targets
                  if name[0] == self.env.docname}  # fmt: skip
        for match in self.app.papers.pattern.finditer(text):
            if key := self.app.papers.find(match["names"], match["year"], listed):
                here = self.targets.get((self.env.docname, f"paper-{key}"))
                target = here or (BIBLIOGRAPHY, f"#cite-{key}")
                stop = match.end() - (match[0].endswith(")") and "(" not in match[0])
                yield (match.start(), stop), self.link(text[match.start() : stop], target)

    def numbers(self, text):
        if self.env.docname.startswith("book/reference"):
            return
        in_table = any(isinstance(parent, nodes.entry) for parent in parents(text))
        for kind, pattern, number in (
            ("chapter", CHAPTERS, r"\d+"),
            ("section", SECTIONS, r"\d\.\d+"),
        ):
            for phrase in pattern.finditer(text):
                # A paper's sections again: in tables that stand beside it, and where a sentence
                # speaks of it.
                begin, end = text.rfind(". ", 0, phrase.start()), text.find(". ", phrase.end())
                if kind == "section" and (in_table or "the paper" in text[begin + 1 : end].lower()):
                    continue
                found = list(re.finditer(number, phrase[0]))
                for match in found:
                    if target := self.targets.get(f"{kind} {match[0]}"):
                        first = 0 if len(found) == 1 else match.start()
                        span = phrase.start() + first, phrase.start() + match.end()
                        yield span, self.link(text[slice(*span)], target)

    def eprints(self, text):
        for match in EPRINT.finditer(text):
            host, number = ("arxiv.org/abs", match[1]) if match[1] else ("doi.org", match[2])
            uri = f"https://{host}/{number}"
            yield match.span(), nodes.reference("", match[0], refuri=uri)


def parents(node):
    while node := node.parent:
        yield node


def load(app):
    app.papers = Papers(app.confdir / app.config.bibtex_bibfiles[0])


def setup(app):
    app.connect("builder-inited", load)
    app.connect("doctree-read", add_targets)
    app.connect("env-updated", collect)
    app.add_post_transform(Links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
