/** generators.html: both demonstrations; what goes wrong is said on the page. */

import { draw } from "./drawing.js";
import { explore } from "./exploring.js";

function report(error) {
  const place = document.getElementById("problem");
  place.textContent =
    `The generators cannot run here: ${error.message ?? error}. The page must be served ` +
    "(python -m http.server --directory build/play) from a folder that make play has made, to a " +
    "browser with WebAssembly.";
  place.hidden = false;
}

window.addEventListener("unhandledrejection", (event) => report(event.reason));
// One after the other, so that the upper one is there first.
explore().then(draw);
