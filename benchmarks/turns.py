"""Contenders take turns in one process (A B C C B A A B C ...), so that all meet the same machine.

Every second round goes backwards, so that none always comes after the same other one.
"""

import statistics

from scipy.stats import quantile_test


def take(runs, rounds, goals=None, most=None):
    """{contender: [what it returned in each round]}, without a first round in which it is traced.

    Args:
        runs: {contender: function without arguments that returns seconds}.
        rounds: how many rounds at least.
        goals: {(of, over): goal} of ratios, see `ratio`. Rounds go on while one is not surely
            reached, with its two contenders, so that time is spent where a ratio lies near its goal
            and none is missed by few rounds.
        most: how many rounds at most; by default `rounds`.
    """
    times, going_on = {key: [] for key in runs}, list(runs)
    for done in range(max(rounds, most or 0) + 1):
        if done > rounds:
            near = {key for goal in unsure(times, goals or {}) for key in goal}
            going_on = [key for key in runs if key in near]
        if not going_on:
            break
        for key in reversed(going_on) if done % 2 else going_on:
            seconds = runs[key]()
            if done:
                times[key].append(seconds)
    return times


def ratios(times, of, over):
    """How many times as fast as `over` the contender `of` is, in each round that both were in."""
    return [b / a for a, b in zip(times[of], times[over], strict=False)]


def ratio(times, of, over):
    """The median of `ratios`."""
    return round(float(statistics.median(ratios(times, of, over))), 3)


def unsure(times, goals):
    """The goals that the median's confidence interval of 95 % does not lie above."""
    found = []
    for (of, over), goal in goals.items():
        low, _ = quantile_test(ratios(times, of, over), q=goal).confidence_interval(0.95)
        if not low > goal:  # Of fewer than six rounds it is NaN.
            found.append((of, over))
    return found
