"""The page in a real browser: what a reader does with it, with scripts and without."""

import re
from contextlib import contextmanager

import pytest

from tests.report.conftest import written
from tests.report.test_report import HOSTILE
from tests.writing import ssd_log


@contextmanager
def opened(browser, path, **options):
    """The page, loaded; fails on anything in the console, any error, and any request but for the page."""
    context = browser.new_context(**options)
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    context.close()


def background(page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def texts(page, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


def test_charts_are_drawn(browser, page_of_three):
    with opened(browser, page_of_three) as page:
        lines = page.locator("#reached > .charts path.curve")
        assert lines.count() == 6  # three runs, loss and mAP
        for number in range(6):
            box = lines.nth(number).bounding_box()
            assert box["width"] > 200
            assert box["height"] > 20
        assert page.locator("#correlation circle.dot").count() == 3


def test_a_click_in_the_legend_hides_a_curve(browser, page_of_three):
    with opened(browser, page_of_three) as page:
        curve = page.locator("#curve-0 path.curve[data-run='1']")
        button = page.locator(".legend button[data-run='1']")
        assert curve.is_visible()
        button.click()
        assert not curve.is_visible()
        assert button.get_attribute("aria-pressed") == "false"
        assert page.locator("#curve-0 path.curve[data-run='0']").is_visible()
        button.click()
        assert curve.is_visible()


def test_a_double_click_leaves_one_curve(browser, page_of_three):
    with opened(browser, page_of_three) as page:
        page.locator(".legend button[data-run='2']").dblclick()
        shown = page.locator("#curve-0 path.curve")
        assert [shown.nth(k).is_visible() for k in range(3)] == [False, False, True]
        page.locator(".legend button[data-run='2']").dblclick()
        assert all(shown.nth(k).is_visible() for k in range(3))


def test_tables_sort_by_numbers(browser, page_of_three):
    with opened(browser, page_of_three) as page:
        table = page.locator("#reached table").first
        heads = table.locator("thead th")
        column = heads.all_inner_texts().index("summed loss")

        def losses() -> list[float]:
            cells = table.locator(f"tbody tr > :nth-child({column + 1})").all_inner_texts()
            return [float(re.match(r"[\d.]+", cell)[0]) for cell in cells]

        before = losses()
        heads.nth(column).locator("button").click()
        assert losses() == sorted(before, reverse=True)
        assert heads.nth(column).get_attribute("aria-sort") == "descending"
        heads.nth(column).locator("button").click()
        assert losses() == sorted(before)


def test_folds_open(browser, page_of_three):
    with opened(browser, page_of_three) as page:
        fold = page.locator("#converged > details").first
        inside = fold.locator(".inside")
        assert not inside.is_visible()
        fold.locator("summary").first.click()
        assert inside.is_visible()
        assert "What was judged" in inside.inner_text()


def test_the_pointer_is_told_the_values(browser, page_of_three):
    with opened(browser, page_of_three) as page:
        page.locator("#curve-0 svg").hover()
        tip = page.locator("#curve-0 .tip")
        assert tip.is_visible()
        assert "mobilenet1.0" in tip.inner_text()
        page.mouse.move(0, 0)
        assert not tip.is_visible()


def test_dark_and_light(browser, page_of_three):
    with opened(browser, page_of_three, color_scheme="dark") as page:
        dark = background(page)
        page.get_by_role("button", name="Light").click()
        light = background(page)
        page.get_by_role("button", name="Dark").click()
        assert background(page) == dark
    with opened(browser, page_of_three, color_scheme="light") as page:
        assert background(page) == light
    assert dark == "rgb(20, 23, 27)"
    assert light == "rgb(255, 255, 255)"


def test_print_shows_all_on_white(browser, page_of_three):
    with opened(browser, page_of_three, color_scheme="dark") as page:
        page.emulate_media(media="print")
        assert background(page) == "rgb(255, 255, 255)"
        assert not page.get_by_role("button", name="Light").is_visible()
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details:not([open])").count() == 0
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details[open]").count() == 0
        assert page.pdf().startswith(b"%PDF")


def test_it_reads_without_scripts(browser, page_of_three):
    with opened(browser, page_of_three, java_script_enabled=False) as page:
        assert page.locator("#reached > .charts path.curve").count() == 6
        assert page.locator("#curve-0 path.curve").first.bounding_box()["width"] > 200
        assert len(texts(page, "main h2")) == 6
        assert all(text for text in texts(page, ".answer"))
        fold = page.locator("#converged > details").first
        fold.locator("summary").first.click()
        assert fold.locator(".inside").is_visible()


@pytest.mark.parametrize("width", [320, 375, 768])
def test_a_phone_needs_no_sideways_scrolling(browser, page_of_three, width):
    with opened(browser, page_of_three, viewport={"width": width, "height": 700}) as page:
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_names_are_text(browser, tmp_path):
    logs = {HOSTILE: ssd_log(12), "<img src=x onerror=alert(2)>": ssd_log(12, seed=1, network="vgg16_atrous")}
    path = written(tmp_path, logs)
    with opened(browser, path) as page:
        assert HOSTILE in texts(page, ".legend button")
        assert page.locator("img").count() == 0
        page.locator("#curve-0 svg").hover()
        assert "onerror" in page.locator("#curve-0 .tip").inner_text()


def test_forty_runs(browser, tmp_path):
    """Each has a curve, a button and a row, in a page that is small."""
    names = ("mobilenet1.0", "resnet50_v1", "vgg16_atrous", "resnet101_v1")
    logs = {f"run {k}": ssd_log(200, batches=1, seed=k, lr=k / 1e4, network=names[k % 4]) for k in range(40)}
    path = written(tmp_path, logs)
    assert path.stat().st_size < 2_000_000
    with opened(browser, path, viewport={"width": 375, "height": 700}) as page:
        assert page.locator("#curve-0 path.curve").count() == 40
        assert page.locator(".legend button").count() == 40
        assert page.locator("#reached table tbody tr").count() >= 40
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
