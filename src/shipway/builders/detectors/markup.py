"""XML files of build tools, read safely: no document type, so no entities, and nothing outside the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from shipway.builders.detectors.tree import Tree
from shipway.domain.errors import AnalysisFailed

#: Elements inside elements; no build file comes near it.
_MAX_DEPTH = 100


@dataclass
class Element:
    """One element; names are without their namespace."""

    name: str
    line: int = 0
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, path: str) -> list["Element"]:
        """The elements at `build/plugins/plugin`, in their order."""
        found = [self]
        for name in path.split("/"):
            found = [child for element in found for child in element.children if child.name == name]
        return found

    def first(self, path: str) -> "Element | None":
        """The first element at `path`."""
        return next(iter(self.all(path)), None)

    def value(self, path: str) -> str:
        """The text of the first element at `path` without the white space round it; empty when there is none."""
        found = self.first(path)
        return found.text.strip() if found else ""

    def inside(self) -> Iterator["Element"]:
        """Every element in this one, at any depth, in the order of the file."""
        for child in self.children:
            yield child
            yield from child.inside()


def read(tree: Tree, path: str) -> Element:
    """The root element. Raises `AnalysisFailed` (`manifest-error`) with the line, also for a document type."""
    parser = expat.ParserCreate(namespace_separator=" ")
    open_elements = [Element("")]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_elements) > _MAX_DEPTH:
            raise _unreadable(path, f"elements lie more than {_MAX_DEPTH} deep: line {parser.CurrentLineNumber}")
        element = Element(name.rpartition(" ")[2], parser.CurrentLineNumber, attributes)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def text(data: str) -> None:
        open_elements[-1].text += data

    def refuse(*_: object) -> None:
        raise _unreadable(path, f"a document type is not allowed: line {parser.CurrentLineNumber}")

    parser.StartElementHandler, parser.EndElementHandler = start, lambda _: open_elements.pop()
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, refuse
    parser.buffer_text = True
    try:
        parser.Parse(tree.text(path), True)
    except expat.ExpatError as error:
        raise _unreadable(path, str(error)) from error
    return open_elements[0].children[0]


def _unreadable(path: str, why: str) -> AnalysisFailed:
    return AnalysisFailed(
        f"{path} can't be read as XML: {why}.",
        code="manifest-error",
        hint=f"Correct {path} at the place named above.",
    )
