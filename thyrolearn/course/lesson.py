"""A lesson while it runs: ``lesson = course.begin("architectures/cnn")`` and what it then offers."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from thyrolearn import settings as house
from thyrolearn.course import claims, evidence, progress, quiz
from thyrolearn.course.exercise import Verdict, grade
from thyrolearn.course.exercises import exercise, exercises_of
from thyrolearn.course.records import LessonRecord, find, read_yaml
from thyrolearn.course.show import card, escape, inline, show
from thyrolearn.errors import ClaimError, ParameterError
from thyrolearn.evaluation.estimate import Estimate

if TYPE_CHECKING:
    from thyrolearn.data import Batches, Cohort, Split

__all__ = ["Lesson", "begin"]

NOTICE = "For teaching, not for diagnosis."


def begin(slug: str, needs: tuple[str, ...] = (), cohort: str = "stills") -> "Lesson":
    """Open the lesson ``slug``: read the settings, print the header, return the `Lesson`.

    ``needs`` names what every use of the cohort in this lesson depends on, as fields of a case or of its ``raw``
    (``"label"``, ``"mask"``, ``"posterior"``, …). Where a public set has none of it, one sentence says so and the
    lesson goes on with the phantom. ``cohort`` names the phantom cohort (``"stills"``, ``"clips"``, …).

    >>> lesson = begin("architectures/cnn")
    Takes: ...
    Data: ...
    For teaching, not for diagnosis.
    """
    lesson = Lesson(find(slug), house.current(), cohort)
    lesson._settle(needs)
    show(*lesson.header())
    return lesson


class Lesson:
    """A running lesson. Its attributes:

    ``record`` (title, objectives, costs), ``slug``, ``settings``, ``seed``, ``budget`` (the work that the tier
    allows), ``cohort`` and ``split`` (both loaded when first used).

    >>> lesson = Lesson(find("architectures/cnn"), house.Settings(seed=3))
    >>> lesson
    Lesson('architectures/cnn', data='phantom', tier='lesson', seed=3)
    >>> lesson.budget.pixels
    64
    """

    def __init__(self, record: LessonRecord, settings: house.Settings, name: str = "stills") -> None:
        self.record = record
        self.slug = record.slug
        self.settings = settings
        self.seed = settings.seed
        self.budget = settings.budget
        self._name = name
        self._missing = ""

    def __repr__(self) -> str:
        return f"Lesson({self.slug!r}, data={self.settings.data!r}, tier={self.settings.tier!r}, seed={self.seed})"

    @cached_property
    def cohort(self) -> "Cohort":
        """The cases of this lesson, from the phantom or the public set that the settings name."""
        from thyrolearn import data

        return data.load(self.settings, root=self.settings.root, name=self._name)

    @cached_property
    def split(self) -> "Split":
        """The cohort cut into train, validation and test by patient; the same cut for every seed."""
        return self.cut(self.cohort)

    def cut(self, cohort: "Cohort") -> "Split":
        """Another cohort, such as one of `also`, cut as `split` is: by patient, the same for every seed."""
        from thyrolearn import data

        return data.split(cohort, seed=0)

    def also(self, name: str) -> "Cohort":
        """Another cohort of the phantom beside the lesson's own, such as the stills that a clip network starts from."""
        from thyrolearn import data

        return data.load("phantom", name=name)

    def _settle(self, needs: tuple[str, ...]) -> None:
        """Fall back on the phantom where the public set lacks what the lesson needs."""
        if self.settings.data == "phantom":
            return
        lacking = [need for need in needs if not _has(self.cohort, need)]
        if lacking:
            told = " and ".join(lacking)
            self._missing = f"{self.settings.data} has no {told}, so this lesson goes on with the phantom."
            self.settings = self.settings.model_copy(update={"data": "phantom", "root": None})
            del self.cohort

    def header(self) -> tuple[str, str]:
        """The header as (HTML, plain text): cost, data, tier, device, seed and what the results may be used for."""
        rows = {
            "Takes": _cost(self.record, self.settings),
            "Data": self._data_line(),
            "Tier": f"{self.settings.tier}, seed {self.seed}, on {_device(self.settings)}",
        }
        notes = [self._missing, NOTICE]
        table = "".join(f"<dt>{name}</dt><dd>{inline(text)}</dd>" for name, text in rows.items())
        body = f"<dl>{table}</dl>" + "".join(f"<p>{escape(note)}</p>" for note in notes if note)
        text = "\n".join([*(f"{name}: {text}" for name, text in rows.items()), *filter(None, notes)])
        return card("header", body, "About this run"), text

    def _data_line(self) -> str:
        if self.settings.data == "phantom":
            return "Synthetic images from the phantom; the truth is known by construction."
        from thyrolearn import data

        sources = sorted({case.label_source for case in self.cohort if case.label_source})
        card = data.cards().get(self.settings.data)
        told = f"{self.cohort.name}, {len(self.cohort)} cases; label: {' and '.join(sources) or 'none'}."
        return f"{told} {card.meaning}" if card else told

    def claim(self, name: str, estimate: Estimate, statement: str = "", excludes: float | None = None) -> None:
        """Show ``estimate`` on the band of ten seeds; raise `ClaimError` when its value leaves the band.

        ``excludes=0`` also demands that the interval does not hold 0, the rule for a paired difference. Without a
        band (the learner's own data, the full tier) value and interval stand alone. ``statement`` says in words
        what is claimed; it is stored with the band and may be left out once it is.
        """
        if not isinstance(estimate, Estimate):
            raise ParameterError(
                f"Claim {name!r} got {type(estimate).__name__}.", "Give an Estimate, with its interval."
            )
        key = claims.Key(self.slug, self.settings.data, self.settings.tier, name)
        band = claims.read_bands(house.folders().notebooks / "claims.yml").get(key)
        statement = statement or (band.statement if band else name.replace("_", " ").capitalize() + ".")
        if target := claims.recording():
            claims.record(target, key, estimate, statement, self.seed)
            return
        problem = claims.judge(estimate, band, excludes)
        patience = evidence.patience(self.slug, name, self.settings)
        show(*claims.shown(statement, estimate, band, problem, excludes, patience))
        if problem:
            raise ClaimError(
                f"Claim {name!r} of {self.slug} fails: {problem}.",
                "If you changed the lesson, this is your finding; if you did not, please report it.",
            )

    def ceiling(self, cases: "Cohort | Batches") -> float | None:
        """The AUC of the best possible reader on these ``cases``; None on real data, where the truth is not known."""
        return evidence.ceiling(cases)

    def published(self, limit: int | None = None, metric: str = "auc", **selectors: Any) -> evidence.Published:
        """Published studies that may be read beside this lesson's result; see `thyrolearn.literature.select`."""
        return evidence.published(limit, metric, **selectors)

    def check(self, name: str, answer: Any) -> None:
        """Check the answer to the exercise ``name``, say kindly what is right or missing, and note the progress."""
        verdict = grade(exercise(self.slug, name), answer)
        progress.remember(self.slug, name, verdict.ok)
        show(*_verdict(name, verdict))

    def hint(self, name: str) -> None:
        """Show the hint of the exercise ``name``."""
        hint = exercise(self.slug, name).hint
        show(card("open", f'<p><span class="tl-title">Hint.</span> {inline(hint)}</p>', "Hint"), f"Hint: {hint}")

    def exercises(self) -> list[str]:
        """The names of this lesson's exercises."""
        return list(exercises_of(self.slug))

    def quiz(self) -> None:
        """Show the lesson's quiz: choose an option and its reason appears."""
        items = quiz.load(self.slug)
        show(quiz.render(items, self.slug), quiz.plain(items))

    def real_data(self, line: str = "") -> None:
        """Show the one line that runs this lesson on real frames, and what its claims gave on each data set so far.

        ``line`` is the command that comes nearest where no public set holds what the notebook needs.
        """
        words = "What can be run on real recordings" if line else "The same notebook on real frames"
        line = line or f"thyrolearn run {self.slug} --data ddti --root FOLDER"
        rows = [
            (band.statement, key.data, f"{band.mean:.3f}", f"{band.sd:.3f}", str(band.seeds))
            for key, band in claims.read_bands(house.folders().notebooks / "claims.yml").items()
            if key.lesson == self.slug
        ]
        head = ("claim", "data", "mean", "sd over seeds", "seeds")
        body = f"<p>{words}:</p><p><code>{escape(line)}</code></p>"
        text = f"{words}: {line}"
        if rows:
            body += evidence.table(head, rows)
            text += "".join(f"\n{' | '.join(row)}" for row in rows)
        show(card("open", body, "On real data"), text)


def _device(settings: house.Settings) -> str:
    kind = house.device(settings.device).type
    return {"cpu": "the CPU"}.get(kind, f"a GPU ({kind})")


def _has(cohort: "Cohort", need: str) -> bool:
    """Whether any case has ``need``; masks are read from a few cases only, for they cost a file each."""
    cases = cohort[:8] if need in ("mask", "image") else cohort
    found = (getattr(case, need, case.raw.get(need)) for case in cases)
    return any(value is not None and (not isinstance(value, str | tuple) or len(value) > 0) for value in found)


def _cost(record: LessonRecord, settings: house.Settings) -> str:
    if settings.tier == "full":
        return evidence.patience_cost(record.slug, settings) or "not measured at the full tier"
    measured = read_yaml(house.folders().notebooks / "measured.yml")
    cost = measured.get("lessons", {}).get(record.slug)
    if not cost:
        return "not measured yet"
    minutes = max(0.1, cost["seconds"] / 60)
    return f"{minutes:.1f} minutes and {cost['memory_mb']:.0f} MB on {cost['machine']}"


def _verdict(name: str, verdict: Verdict) -> tuple[str, str]:
    kind = "good" if verdict.ok else "open" if verdict.diagnosis == "unanswered" else "miss"
    word = {"good": "Solved.", "open": "Not answered yet.", "miss": "Not there yet."}[kind]
    body = f'<p><span class="tl-title">{word}</span> {inline(verdict.message)}</p>'
    return card(kind, body, f"Exercise {name}"), f"{word} {verdict.message}"
