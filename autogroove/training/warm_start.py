"""Going on from a model that hears most of the collection already.

What belongs here: the schedule of such a training. What does not: when one is due
(`autogroove.policy`), or loading the first weights (`autogroove.training`).

The usual warm-up and cosine, over fewer epochs and to a lower height: the weights are near a
minimum already, and the full rate would first throw them out of it.
"""

import math

from autogroove.config import Settings

EPOCHS_SHARE = 1 / 3
RATE_SHARE = 0.5


def soften(settings: Settings) -> Settings:
    """The settings of a training from a model's weights instead of new ones."""
    training = settings.training
    return settings.model_copy(
        update={
            "training": training.model_copy(
                update={
                    "epochs": math.ceil(EPOCHS_SHARE * training.epochs),
                    "learning_rate": RATE_SHARE * training.learning_rate,
                }
            )
        }
    )
