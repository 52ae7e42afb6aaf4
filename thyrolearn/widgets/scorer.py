"""One nodule read by five TI-RADS systems side by side: an app over `thyrolearn.tirads.compare`."""

from html import escape

import ipywidgets as ipw

from thyrolearn.errors import ParameterError
from thyrolearn.tirads import NOTICE, WORDS, Assessment, Descriptors, Focus, compare

__all__ = ["Scorer", "scorer_table"]

# Colours come from JupyterLab, else from the site's theme, so that light and dark both follow the page.
_STYLE = """<style>
.tl-scorer { color: var(--jp-ui-font-color1, var(--pst-color-text-base, #222)); max-width: 60rem; overflow-x: auto; }
.tl-scorer table { border-collapse: collapse; width: 100%; font-size: .92em; line-height: 1.4; }
.tl-scorer caption { text-align: left; padding: .3rem 0; color: inherit; }
.tl-scorer th, .tl-scorer td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; white-space: normal;
  border-bottom: 1px solid var(--jp-border-color1, var(--pst-color-border, #c9c9c9)); color: inherit; }
.tl-scorer small, .tl-scorer ul { font-size: .9em; margin: .2rem 0 0; padding-left: 1.1em; }
.tl-scorer small { display: block; padding-left: 0; font-weight: 400; }
.tl-scorer a { color: inherit; text-decoration: underline; }
</style>"""
_HEAD = ("System", "Points", "Level", "Advice at this size")
_TITLES = {"composition": "Composition", "echogenicity": "Echogenicity", "shape": "Shape", "margin": "Margin"}


def scorer_table(descriptors: Descriptors, size_mm: float | None = None) -> str:
    """Return an HTML table: a row a system with points, level, advice, special rules and source.

    ``size_mm`` is the largest diameter in mm; without it the advice names the cut-offs. Raises `ParameterError`
    for a size outside 1 to 150 mm.

    >>> scorer_table(Descriptors("solid", "hypo", "wider", "smooth"), 12).count('<th scope="row">')
    5
    """
    size = "size not given" if size_mm is None else f"{size_mm:g} mm"
    caption = f"{escape(str(descriptors))}; {size}. Levels of different systems are not the same thing."
    head = "".join(f'<th scope="col">{title}</th>' for title in _HEAD)
    body = "".join(_row(found) for found in compare(descriptors, size_mm))
    table = f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'{_STYLE}<div class="tl-scorer">{table}<p><strong>{NOTICE[0].upper()}{NOTICE[1:]}.</strong></p></div>'


def _row(found: Assessment) -> str:
    counted = ", ".join(f"{name} {points}" for name, points in found.parts if points)
    points = "by pattern" if found.points is None else f"{found.points}"
    notes = "".join(f"<li>{escape(note)}</li>" for note in found.notes)
    return (
        f'<tr><th scope="row">{escape(found.system)}<small><a href="https://doi.org/{escape(found.source)}">'
        f"doi:{escape(found.source)}</a>; {escape(found.status)}</small></th>"
        f"<td>{points}<small>{counted}</small></td>"
        f"<td>{escape(found.label)}<small>risk in its table: {escape(found.risk)}</small></td>"
        f"<td>{escape(found.advice)}{f'<ul>{notes}</ul>' if notes else ''}</td></tr>"
    )


class Scorer(ipw.VBox):
    """The side-by-side scorer: choose descriptors and a size, read five systems. For teaching, not for diagnosis.

    ``descriptors`` and ``size_mm`` (largest diameter, 1 to 150 mm) set the first view. What cannot be, such as an
    anechoic mixed nodule, is said in place of the table. Raises `ParameterError` for a first size out of range.
    Lesson: 0_start/01_first_look.

    >>> app = Scorer(size_mm=18)
    >>> app.choices["echogenicity"].value = "hypo"
    >>> "EU-TIRADS 4" in app.output.value
    True
    """

    def __init__(self, descriptors: Descriptors | None = None, size_mm: float = 15.0) -> None:
        start = descriptors or Descriptors.parse("mixed", "iso", "wider", "smooth")
        wide = {"style": {"description_width": "7.5em"}, "layout": {"width": "100%", "max_width": "28em"}}
        self.choices = {
            name: ipw.Dropdown(
                options=[(word.term, word.value) for word in WORDS[name]],
                value=getattr(start, name).value,
                description=title,
                **wide,
            )
            for name, title in _TITLES.items()
        }
        self.foci = {
            focus.value: ipw.Checkbox(value=focus in start.foci, description=focus.term, indent=False)
            for focus in Focus
            if focus is not Focus.NONE
        }
        self.size = ipw.FloatText(value=size_mm, step=0.5, description="Largest diameter, mm", **wide)
        self.size.style.description_width = "initial"
        self.output = ipw.HTML(value=scorer_table(start, size_mm))
        controls = [*self.choices.values(), *self.foci.values(), self.size]
        for control in controls:
            control.observe(self._refresh, names="value")
        foci = ipw.VBox([ipw.HTML("<strong>Echogenic foci, all that apply</strong>"), *self.foci.values()])
        halves = [ipw.VBox([*self.choices.values(), self.size]), foci]
        for half, share in zip(halves, ("3 1 24em", "2 1 17em"), strict=True):
            half.layout = {"flex": share, "min_width": "0"}
        beside = {"flex_flow": "row wrap", "grid_gap": "0 1.5em", "align_items": "flex-start", "width": "100%"}
        super().__init__([ipw.Box(halves, layout=beside), self.output])

    def descriptors(self) -> Descriptors:
        """Return the chosen record; raises `ParameterError` where the choices cannot go together.

        >>> Scorer().descriptors().composition.value
        'mixed'
        """
        chosen = {name: control.value for name, control in self.choices.items()}
        return Descriptors.parse(**chosen, foci=[name for name, box in self.foci.items() if box.value])

    def _refresh(self, _change: object) -> None:
        try:
            self.output.value = scorer_table(self.descriptors(), self.size.value)
        except ParameterError as problem:
            self.output.value = f'{_STYLE}<div class="tl-scorer"><p role="alert">{escape(str(problem))}</p></div>'
