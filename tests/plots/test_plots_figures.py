"""Figures carry the numbers they were given, their units, their n, and words for those who cannot see them."""

import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from thyrolearn import plots
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.estimate import Estimate


def words(figure):
    return [t.get_text() for axes in figure.axes for t in axes.findobj(lambda o: hasattr(o, "get_text"))]


def case(label=1, source="phantom", label_source="phantom truth", spacing=(0.5, 0.25)):
    mask = np.zeros((40, 60), bool)
    mask[10:20, 15:45] = True
    return SimpleNamespace(image=np.full((40, 60), 90, np.uint8), mask=mask, label=label, label_source=label_source,
                           source=source, spacing_mm=spacing, level=4, size_mm=12.4)  # fmt: skip


def line():
    figure, axes = plots.canvas()
    axes.plot([0, 1], [0, 1])
    axes.set_title("rise")
    return figure


def test_a_figure_becomes_one_accessible_element():
    page = plots.html(line(), alt='It "rises" <steeply>.', caption="A & B")
    assert page.startswith("<figure") and page.endswith("</figure>")
    assert 'role="img" aria-label="It &quot;rises&quot; &lt;steeply&gt;."' in page
    assert "<figcaption>A &amp; B</figcaption>" in page
    assert ">rise</text>" in page, "letters stay letters"
    assert "http" not in re.sub(r'(xmlns(:\w+)?)="[^"]*"', "", page), "nothing is asked of another host"


def test_the_theme_changes_the_figure_and_not_the_data():
    page = plots.html(line(), alt="A line.")
    for theme in ('html[data-theme="dark"]', '[data-jp-theme-light="false"]'):
        assert f"{theme} .th-figure" in page
    assert f"stroke: var(--th-blue,{plots.LIGHT['blue']})" in page
    assert f"--th-blue:{plots.DARK['blue']}" in page


def test_the_same_figure_gives_the_same_text_and_another_gives_other_ids():
    first, again, other = plots.svg(line()), plots.svg(line()), plots.svg(plots.bars({"a": 1.0}, unit="cases"))
    assert first == again
    ids = [set(re.findall(r'id="([^"]+)"', text)) for text in (first, other)]
    assert ids[0] and not ids[0] & ids[1]
    for text in (first, other):
        used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
        assert used <= set(re.findall(r'id="([^"]+)"', text)), "every reference finds its target"


def test_alt_text_is_not_optional():
    with pytest.raises(ParameterError, match="alt text"):
        plots.html(line(), alt="  ")


def test_show_prints_words_in_a_terminal(capsys):
    plots.show(line(), alt="A line that rises.", caption="From two points.")
    assert capsys.readouterr().out == "Figure: A line that rises. From two points.\n"


def test_show_closes_a_pyplot_figure():
    code = (
        "import matplotlib; matplotlib.use('Agg'); import matplotlib.pyplot as p; from thyrolearn import plots;"
        "f, a = p.subplots(); plots.show(f, alt='x'); assert not p.get_fignums()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_cases_takes_labels_in_turn_keeps_millimetres_and_says_synthetic():
    figure = plots.cases([case(0)] * 6 + [case(1)] * 2, count=4)
    titles = [axes.get_title("left") for axes in figure.axes]
    assert titles == ["benign · TR4 · 12 mm", "malignant · TR4 · 12 mm"] * 2
    left, right, bottom, top = figure.axes[0].images[0].get_extent()
    assert (right - left, bottom - top) == (60 * 0.25, 40 * 0.5)
    assert "synthetic" in figure.get_supxlabel()
    assert figure.axes[0].get_aspect() == 1


def test_cases_says_what_its_labels_are():
    titles = [a.get_title("left") for a in plots.cases([case(1, "ddti", "TI-RADS category", None)], count=1).axes]
    assert titles[0].startswith("suspicious")
    assert "synthetic" not in plots.cases([case(1, "ddti", "TI-RADS category", None)], count=1).get_supxlabel()


def test_outlines_follow_the_border_of_the_mask():
    axes = plots.cases([case()], count=1).axes[0]
    outline = max(axes.lines, key=lambda drawn: len(drawn.get_xdata()))
    assert (min(outline.get_xdata()), max(outline.get_xdata())) == pytest.approx((15 * 0.25, 45 * 0.25))
    assert (min(outline.get_ydata()), max(outline.get_ydata())) == pytest.approx((10 * 0.5, 20 * 0.5))
    assert len(plots.cases([case()], count=1, masks=False).axes[0].lines) == 1, "only the bar is left"


def test_the_bar_is_ten_millimetres():
    bar = plots.cases([case(spacing=(0.5, 0.5))], count=1, masks=False).axes[0].lines[0]
    assert np.ptp(bar.get_xdata()) == 10


def test_roc_agrees_with_scikit_learn():
    from sklearn.metrics import roc_auc_score, roc_curve

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    scores = labels + rng.normal(0, 1, 200)
    figure = plots.roc({"model": (labels, scores)})
    x, y, _ = roc_curve(labels, scores)
    drawn = figure.axes[0].lines[1]
    # every point of scikit-learn's curve lies on the drawn steps
    assert np.trapezoid(drawn.get_ydata(), drawn.get_xdata()) == pytest.approx(np.trapezoid(y, x))
    text = " ".join(words(figure))
    assert f"AUC {roc_auc_score(labels, scores):.2f}" in text
    assert f"n = 200 nodules, {labels.sum()} malignant" in text


def test_estimates_draws_value_interval_ceiling_and_n():
    figure = plots.estimates({"CNN": Estimate(0.86, 0.83, 0.89, "DeLong", 600)}, ceiling=0.91, chance=0.5)
    axes = figure.axes[0]
    assert [line.get_xdata()[0] for line in axes.lines] == [0.83, 0.86, 0.91, 0.5]
    text = " ".join(words(figure))
    assert "n = 600" in text and "ceiling 0.91" in text and "AUC (95 % interval: DeLong)" in text


def test_curves_draws_the_band_it_was_given():
    found = [Estimate(0.7, 0.6, 0.8, "bootstrap", 50), Estimate(0.8, 0.7, 0.9, "bootstrap", 50)]
    figure = plots.curves({"CNN": ([50, 100], found)}, x="patients", y="AUC", n=50, log=True)
    band = figure.axes[0].collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == 0.6 and band[:, 1].max() == 0.9
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["50", "100"]


def test_bars_start_at_zero():
    figure = plots.bars({"a": Estimate(5, 4, 6, "x", 9), "b": 2}, unit="biopsies", n=9)
    assert [bar.get_x() for bar in figure.axes[0].patches] == [0, 0]
    assert figure.axes[0].get_xlabel() == "biopsies (n = 9)"


def test_heat_shares_one_scale():
    figure = plots.heat({"a": np.zeros((4, 4)), "b": np.full((4, 4), 7.0)}, unit="mm")
    assert {axes.images[0].get_clim() for axes in figure.axes[:2]} == {(0, 7)}
    assert figure.axes[-1].get_ylabel() == "mm"


@pytest.mark.parametrize("draw", [
    lambda: plots.cases([]), lambda: plots.estimates({}), lambda: plots.history([]), lambda: plots.frames([]),
    lambda: plots.cases([case()], count=0), lambda: plots.heat(np.zeros(3), unit="mm"), lambda: plots.roc({}),
])  # fmt: skip
def test_nothing_to_draw_is_said(draw):
    with pytest.raises(ParameterError):
        draw()


def test_every_figure_survives_the_way_to_html():
    history = [{"epoch": 1, "loss": 0.7, "auc": 0.6}, {"epoch": 2, "loss": 0.5, "auc": 0.7}]
    for figure in (plots.history(history), plots.cases([case()], 1), plots.heat(np.eye(5), unit="gain")):
        assert "<svg" in plots.html(figure, alt="A figure.")


def test_pareto_draws_costs_against_results_and_the_front_as_steps():
    found = {name: Estimate(v, v - 0.01, v + 0.01, "t", 3) for name, v in {"a": 0.6, "b": 0.7, "c": 0.65}.items()}
    figure = plots.pareto({"a": 1, "b": 10, "c": 20}, found, x="seconds", y="AUC", front=["b", "a"], ceiling=0.9)
    axes = figure.axes[0]
    assert axes.get_xscale() == "log" and {"a", "b", "c", "ceiling 0.90", "n = 3 seeds each"} <= set(words(figure))
    front, hollow = axes.lines[0], [line for line in axes.lines if line.get_marker() == "o"][-1]
    assert list(front.get_xdata()) == [1, 10] and front.get_drawstyle() == "steps-post", "in the order of cost"
    assert hollow.get_xdata()[0] == 20 and hollow.get_markerfacecolor() != hollow.get_color()
    with pytest.raises(ParameterError, match="c has no cost"):
        plots.pareto({"a": 1, "b": 2}, found, x="seconds", y="AUC")


def test_heat_takes_a_last_row_that_is_not_full():
    figure = plots.heat({str(n): np.full((4, 4), n) for n in range(6)}, unit="gain")
    assert [axes.get_title("left") for axes in figure.axes[:-1]] == list("012345")
    assert figure.axes[-1].get_ylabel() == "gain"
