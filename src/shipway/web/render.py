"""Templates to pages. Everything that is not markup of ours is escaped."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from shipway.domain.clock import now
from shipway.domain.headcount import headcount
from shipway.web import states, words
from shipway.web.static import version
from shipway.web.visit import Visit

_templates = Environment(
    loader=PackageLoader("shipway.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals |= {"static": lambda name: f"/static/{version()}/{name}", "now": now, "states": states}
_templates.filters |= {
    word.__name__: word
    for word in (
        words.ago,
        words.exactly,
        words.lasting,
        words.so_far,
        words.took,
        words.action,
        words.door,
        words.source,
        words.first_commands,
        words.mebibytes,
        words.purpose,
        words.overlap,
        words.strategy,
        headcount,
    )
}


def fragment(name: str, **values: Any) -> str:
    """A template's text."""
    return _templates.get_template(name).render(values).strip()


def page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page for anybody."""
    return HTMLResponse(fragment(name, visit=None, **values), status)


def page_for(visit: Visit, name: str, **values: Any) -> HTMLResponse:
    """A page for someone who is logged in."""
    return HTMLResponse(fragment(name, visit=visit, **values))
