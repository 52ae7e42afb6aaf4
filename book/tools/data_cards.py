"""The cards of the public data sets as a page, generated from ``datasets/*.yml``."""

import html
from typing import Any

GRADES = {"F": "seen in files or code", "R": "reported by a page or paper", "M": "recalled"}


def _cards() -> dict[str, Any]:
    from thyrolearn.data import cards

    return cards()


def _grade(grade: str) -> str:
    return f'<abbr class="th-grade" title="{GRADES[grade]}">{grade}</abbr>'


def overview(up: str = "") -> str:
    """Return one row a data set: what it holds, what its label is, on what terms, and whether we read it."""
    del up
    rows = "".join(
        f'<tr><td><a class="reference" href="#card-{name}">{html.escape(_short(card))}</a></td>'
        f"<td>{html.escape(card.size[0].says)}</td><td>{html.escape(card.unit)}</td>"
        f"<td>{html.escape(card.terms.licence)}</td><td>{'yes' if card.reader else 'no'}</td></tr>"
        for name, card in _cards().items()
    )
    head = "".join(f'<th scope="col">{t}</th>' for t in ("set", "holds", "finest group", "licence", "reader"))
    return (
        f'<div class="th-scroll" tabindex="0"><table class="table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _short(card: Any) -> str:
    return card.title.split(",")[0].split(" (")[0]


def all_cards(up: str = "") -> str:
    """Return all cards, each as a section with its facts and their grades."""
    del up
    return "".join(_card(name, card) for name, card in _cards().items())


def _card(name: str, card: Any) -> str:
    doi = f' <a href="https://doi.org/{card.doi}">doi {card.doi}</a>' if card.doi else ""
    rows = {
        "Holds": _facts(card.size),
        "Labels": _facts(card.labels),
        "The labels mean": html.escape(card.meaning),
        "Grouped by": html.escape(card.unit),
        "Terms": f"{html.escape(card.terms.licence)}. {html.escape(card.terms.says)}{_grade(card.terms.grade)}",
        "How to get it": _steps(card),
        "Layout": _facts((*card.layout, *card.variants)),
        "Known defects": _facts(card.defects),
        "Our reader": f"<code>{card.reader}</code>" if card.reader else html.escape(card.why_no_reader or "none"),
    }
    body = "".join(f"<dt>{title}</dt><dd>{text}</dd>" for title, text in rows.items() if text)
    return (
        f'<section class="th-card" id="card-{name}" aria-labelledby="name-{name}"><h3 id="name-{name}">'
        f"{html.escape(card.title)}</h3><p>{html.escape(card.citation)}{doi}</p><dl>{body}</dl></section>"
    )


def _facts(facts: tuple[Any, ...]) -> str:
    rows = [f"{html.escape(fact.says)}{_grade(fact.grade)}" for fact in facts]
    return rows[0] if len(rows) == 1 else f"<ul>{''.join(f'<li>{row}</li>' for row in rows)}</ul>" if rows else ""


def _steps(card: Any) -> str:
    page = f'<a href="{html.escape(card.get.page, quote=True)}">its page</a>' if card.get.page else ""
    steps = "".join(f"<li>{html.escape(step)}</li>" for step in card.get.steps)
    return f"{page}<ol>{steps}</ol>"
