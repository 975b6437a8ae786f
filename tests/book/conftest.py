import pytest
from pages import BOOK, chromium, find_chromium, serve


def pytest_configure(config):
    if not (BOOK / "index.html").is_file():
        pytest.exit("The book is not built: make book", returncode=1)
    try:
        find_chromium()
    except SystemExit as missing:
        pytest.exit(str(missing), returncode=1)


@pytest.fixture(scope="session")
def address():
    with serve(BOOK) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    with chromium() as browser:
        yield browser
