"""The book in Chromium: on a desktop and on a phone, light and dark, without an error."""

import pytest
from pages import DESKTOP, PHONE, ready
from test_links import PAGES

# What was still loading when the reader went on to another page is no error.
LEFT = "net::ERR_ABORTED"
SIZES = {"desktop": DESKTOP, "phone": PHONE}
# How light the page's ground and its text are, from 0 to 255, and how wide it is.
LOOK = """() => {
  const light = color => color.match(/[\\d.]+/g).slice(0, 3).reduce((a, b) => a + +b, 0) / 3;
  return {
    ground: light(getComputedStyle(document.body).backgroundColor),
    text: light(getComputedStyle(document.querySelector("main")).color),
    wide: document.documentElement.scrollWidth,
    broken: [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src),
    faulty: [...document.querySelectorAll("mjx-merror, .problematic")].map(e => e.textContent),
    undrawn: [...document.querySelectorAll(".math")].filter(
      e => !e.querySelector("mjx-container")).map(e => e.textContent),
  };
}"""


@pytest.fixture
def page(browser, request):
    """A page of that size that keeps what goes wrong on it in `page.errors`."""
    size, scheme = getattr(request, "param", ("desktop", "light"))
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)
    page = context.new_page()
    page.errors = []
    page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("requestfailed", lambda r: page.errors.append(r.url) if r.failure != LEFT else None)
    page.on("response", lambda r: page.errors.append(r.url) if r.status >= 400 else None)
    yield page
    context.close()


@pytest.mark.parametrize("page", [("desktop", "light"), ("phone", "dark")], indirect=True)
@pytest.mark.parametrize("name", [page for page in PAGES if page != "index.html"])
def test_every_page_opens_light_and_dark_and_is_as_wide_as_the_screen(page, name, address):
    page.goto(f"{address}{name}")
    ready(page)
    page.wait_for_load_state("networkidle")
    preferred = "matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'"
    assert page.evaluate(f"document.documentElement.dataset.theme === ({preferred})")
    for scheme in ("light", "dark"):
        page.evaluate("scheme => { document.documentElement.dataset.theme = scheme }", scheme)
        look = page.evaluate(LOOK)
        assert look["wide"] <= page.viewport_size["width"], scheme
        dark = look["ground"] < 60 and look["text"] > 180
        light = look["ground"] > 240 and look["text"] < 80
        assert dark if scheme == "dark" else light, look
        assert not look["broken"] and not look["faulty"] and not look["undrawn"]
    assert not page.errors


def test_the_first_address_leads_to_the_front_page(page, address):
    page.goto(f"{address}index.html")
    page.wait_for_url("**/book/index.html")
    assert page.locator("article h1").inner_text().startswith("gan-keras")
    page.get_by_role("link", name="2. The first GAN").first.click()
    page.wait_for_url("**/chapters/02_gan.html")
    assert not page.errors


@pytest.mark.parametrize("page", [("desktop", "light"), ("phone", "light")], indirect=True)
@pytest.mark.parametrize(
    "words, found",
    [("mode collapse", "chapters/02_gan.html"), ("判别器", "book/glossary.html"),
     ("DifferentiableAugment", "book/reference/parts.html")],
)  # fmt: skip
def test_search(page, words, found, address):
    page.goto(f"{address}book/index.html")
    page.locator(".search-button:visible, .search-button__button:visible").first.click()
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    result = page.locator(f"#search-results a[href*='{found}']").first
    result.wait_for(timeout=20_000)
    result.click()
    page.wait_for_url(f"**/{found}*")
    assert not page.errors


@pytest.mark.parametrize("page", [("desktop", "light"), ("phone", "dark")], indirect=True)
def test_an_exercise_leads_to_its_solution_which_unfolds(page, address):
    page.goto(f"{address}chapters/02_gan.html")
    exercise = page.locator("#exercise-3")
    asked = exercise.inner_text()
    exercise.get_by_role("link", name="Solution").click()
    page.wait_for_url("**/solutions/02_gan.html#solution-3")
    section = page.locator("section", has=page.locator("#solution-3")).last
    answer = section.locator("details.solution")
    assert asked.split(" minutes) ")[1][:40] in section.locator(".exercise").inner_text()
    picture = answer.locator("img").first
    assert not picture.is_visible()
    answer.locator("summary").click()
    picture.scroll_into_view_if_needed()
    assert picture.is_visible()
    assert page.evaluate(LOOK)["wide"] <= page.viewport_size["width"]
    section.get_by_role("link", name="In the chapter").click()
    page.wait_for_url("**/02_gan.html#exercise-3")
    assert not page.errors


def test_the_reader_chooses_light_or_dark(page, address):
    page.goto(f"{address}book/index.html")
    for chosen, is_dark in (("Dark", True), ("Light", False), ("System", False)):
        page.locator(".theme-switch-button:visible").click()
        page.locator(".dropdown-item:visible", has_text=chosen).click()
        assert (page.evaluate(LOOK)["ground"] < 60) is is_dark, chosen
    page.locator(".theme-switch-button:visible").click()
    page.locator(".dropdown-item:visible", has_text="Dark").click()
    page.goto(f"{address}book/glossary.html")  # The choice is kept from page to page.
    assert page.evaluate(LOOK)["ground"] < 60
    assert not page.errors


def test_a_word_leads_to_what_it_names(page, address):
    for name, target in (("section 2.12", "**/02_gan.html#section-2-12"),
                         ("Brock et al. 2019", "**#paper-brock2019"),
                         ("load_reference", "**/metrics.html#*.load_reference")):  # fmt: skip
        page.goto(f"{address}chapters/03_dcgan.html")
        page.get_by_role("link", name=name).first.click()
        page.wait_for_url(target)
    assert not page.errors


def test_the_walk_sees_what_goes_wrong(page, address):
    page.goto(f"{address}book/index.html")
    page.evaluate("""() => {
      document.querySelector("article").insertAdjacentHTML("beforeend",
        '<img src="none.png"><div style="width: 3000px">wide</div><span class="math">x</span>');
      console.error("an error");
    }""")
    page.wait_for_load_state("networkidle")
    look = page.evaluate(LOOK)
    assert look["broken"] and look["undrawn"] and look["wide"] > DESKTOP["width"]
    assert "an error" in page.errors and len(page.errors) > 1
