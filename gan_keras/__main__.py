"""`python -m gan_keras` is the command `gan-keras`."""

import sys

from gan_keras.cli import main

sys.exit(main())
