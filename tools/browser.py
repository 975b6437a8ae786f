"""Chromium, driven by Playwright, on pages that are served from a folder of this machine."""

import contextlib
import functools
import http.server
import os
import shutil
import sys
import threading

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str:
    """The path of Chromium or Chrome; the environment variable CHROMIUM names another one.

    Raises:
        SystemExit: with a sentence, if there is none.
    """
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        sys.exit(
            "A browser is needed: install Chromium (on Debian and Ubuntu: apt install chromium), "
            "or set CHROMIUM to its path."
        )
    return found


@contextlib.contextmanager
def serve(folder):
    """Serves a folder on the loopback interface while the context lasts; gives its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def chromium():
    """A headless browser while the context lasts."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium())
        try:
            yield browser
        finally:
            browser.close()
