/**
 * Runs an asynchronous `work` for the newest wish only: wishes that come while it is busy are kept
 * until it is free, each in place of the one before.
 */
export function latest(work) {
  let wish = null;
  let busy = false;
  return async (...args) => {
    wish = args;
    if (busy) return;
    busy = true;
    try {
      while (wish) {
        const now = wish;
        wish = null;
        await work(...now);
      }
    } finally {
      busy = false;
    }
  };
}

/** Milliseconds that `work` takes, the median of its last 20 runs, written into `element`. */
export function timed(work, element) {
  const times = [];
  return async (...args) => {
    const start = performance.now();
    const result = await work(...args);
    times.push(performance.now() - start);
    if (times.length > 20) times.shift();
    const median = [...times].sort((a, b) => a - b)[times.length >> 1];
    element.textContent = median.toFixed(1);
    return result;
  };
}
