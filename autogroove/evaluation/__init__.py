"""The evaluation card: what a release can hear, in numbers beside their baselines."""

from autogroove.evaluation.baselines import make_image_baselines
from autogroove.evaluation.card import Card, CardRow
from autogroove.evaluation.collection import Collection
from autogroove.evaluation.evaluate import (
    EvaluationInputs,
    evaluate_encodings,
    evaluate_release,
)
from autogroove.evaluation.figures import Figure
from autogroove.evaluation.hearing import Encoded
from autogroove.evaluation.promotion import is_not_worse
from autogroove.evaluation.rendering import render_markdown, render_text
from autogroove.evaluation.results import render_results

__all__ = [
    "Card",
    "CardRow",
    "Collection",
    "Encoded",
    "EvaluationInputs",
    "Figure",
    "evaluate_encodings",
    "evaluate_release",
    "is_not_worse",
    "make_image_baselines",
    "render_markdown",
    "render_results",
    "render_text",
]
