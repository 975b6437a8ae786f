from gan_keras.schedules import ConstantThenLinear

import keras
import numpy as np
import pytest


def test_rate_stays_then_falls_to_zero_and_comes_back_from_its_config():
    schedule = ConstantThenLinear(2e-4, 200)
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    for rate in (schedule, again):
        found = [float(rate(step)) for step in (0, 99, 100, 150, 175, 200, 300)]
        expected = [2e-4, 2e-4, 2e-4, 1e-4, 5e-5, 0, 0]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-12)
    assert float(ConstantThenLinear(1.0, 100, constant=0.8)(90)) == pytest.approx(0.5, rel=1e-5)


@pytest.mark.parametrize("steps, constant, message", [(0, 0.5, "epochs"), (10, 1, r"\[0, 1\)")])
def test_schedules_that_make_no_sense(steps, constant, message):
    with pytest.raises(ValueError, match=message):
        ConstantThenLinear(1e-3, steps, constant)
