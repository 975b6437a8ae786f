import pytest
from browser import BOOK, chromium, opened, served


def pytest_configure(config):
    if not (BOOK / "index.html").is_file():
        pytest.exit("The book is not built: make book", returncode=1)
    if not chromium():
        pytest.exit(
            "Chromium is needed to open the book (on Debian: apt install chromium), or its path: "
            "CHROMIUM=/path/to/chrome make test-book",
            returncode=1,
        )


@pytest.fixture(scope="session")
def address():
    with served(BOOK) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    with opened() as browser:
        yield browser
