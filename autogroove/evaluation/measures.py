"""The rows of the card, in their order."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from autogroove.evaluation import agreement, clusters, hubness, probes
from autogroove.evaluation import agreement as retrieval
from autogroove.evaluation import measures as reconstruction
from autogroove.evaluation.card import Better, Figure, NotMeasurable, estimate_ratio
from autogroove.evaluation.view import EncoderView


def measure_unexplained(view: EncoderView) -> Figure:
    """Squared error of reconstructions ÷ squared error of the mean training image.

    1 is what the mean image alone gives, 0 is perfect. Measured on held-out tracks where they are
    known.

    Raises:
        NotMeasurable: this encoder has no decoder, or its images were not at hand.
    """
    encoded, collection = view.encoded, view.collection
    if encoded.squared_errors is None or encoded.mean_errors is None:
        raise NotMeasurable("there is nothing that was reconstructed")
    kept = np.ones(len(collection.clip_tracks), bool)
    if collection.held_out is not None and collection.held_out.any():
        kept = collection.held_out[collection.clip_tracks]
    artists = collection.artists[collection.clip_tracks[kept]]
    errors, mean_errors = encoded.squared_errors[kept], encoded.mean_errors[kept]
    return estimate_ratio(errors, mean_errors, artists, **view.resampling)


@dataclass(frozen=True)
class Measure:
    """One row of the card before it is measured."""

    key: str
    name: str
    better: Better
    take: Callable[[EncoderView], Figure]
    note: str = ""
    of_encoder: bool = True
    """Whether another encoder would give another value; else no baseline is measured."""
    costly: bool = False
    """Left out for encoders that stand beside the release to explain it."""


def _same_track() -> tuple[Measure, ...]:
    first, ten, precision = (
        retrieval.recall_at(1),
        retrieval.recall_at(10),
        retrieval.average_precision,
    )
    augmentation = "query equalised and shifted ±2 semitones"
    return (
        Measure("same_track_r1", "Same track R@1", "higher", retrieval.retrieve_plain(first)),
        Measure("same_track_r10", "Same track R@10", "higher", retrieval.retrieve_plain(ten)),
        Measure("same_track_map", "Same track mAP", "higher", retrieval.retrieve_plain(precision)),
        Measure(
            "held_out_r1",
            "Same track R@1, held-out queries",
            "higher",
            retrieval.retrieve_held_out(first),
        ),
        Measure(
            "disguised_r1",
            "Disguised R@1",
            "higher",
            retrieval.retrieve_augmented(first),
            augmentation,
        ),
        Measure("disguised_r10", "Disguised R@10", "higher", retrieval.retrieve_augmented(ten)),
        Measure(
            "disguised_map", "Disguised mAP", "higher", retrieval.retrieve_augmented(precision)
        ),
        Measure(
            "other_tempo_r1",
            "At another tempo R@1",
            "higher",
            retrieval.retrieve_stretched(first),
            "query 10 to 25 % slower or faster",
        ),
        Measure(
            "other_tempo_map",
            "At another tempo mAP",
            "higher",
            retrieval.retrieve_stretched(precision),
        ),
    )


def _neighbours() -> tuple[Measure, ...]:
    tempo, rhythm = agreement.pair_tempo, agreement.pair_rhythm
    modulation = agreement.pair_modulation
    share, lift = agreement.measure_agreement, agreement.measure_lift
    same_onsets = "the tempogram baseline hears the same onsets"
    return (
        Measure("tempo_agreement", "Tempo agreement@10", "higher", share(tempo), same_onsets),
        Measure("tempo_lift", "Tempo lift@10", "higher", lift(tempo), same_onsets),
        Measure("rhythm_ratio", "Rhythm ratio@10", "higher", lift(rhythm), same_onsets),
        Measure("modulation_ratio", "Modulation ratio@10", "higher", lift(modulation), same_onsets),
        Measure("between_ratio", "Kick-snare-hat ratio@10", "higher", lift(agreement.pair_between)),
        Measure(
            "tempo_known",
            "Tempo estimates that are right",
            "report",
            agreement.check_tempo,
            "against the catalogue's tempo; what rows of tempo can be trusted with",
            of_encoder=False,
        ),
    )


def _different_genre() -> tuple[Measure, ...]:
    lift = agreement.measure_lift
    return (
        Measure(
            "foreign_tempo_lift",
            "Tempo lift@10, other genres",
            "higher",
            lift(agreement.pair_tempo, different_genre=True),
        ),
        Measure(
            "foreign_rhythm_ratio",
            "Rhythm ratio@10, other genres",
            "higher",
            lift(agreement.pair_rhythm, different_genre=True),
        ),
        Measure(
            "foreign_between_ratio",
            "Kick-snare-hat ratio@10, other genres",
            "higher",
            lift(agreement.pair_between, different_genre=True),
        ),
        Measure(
            "groove_accuracy",
            "Groove 5-NN, other genres",
            "higher",
            agreement.measure_groove,
        ),
    )


def _probes() -> tuple[Measure, ...]:
    rows = []
    for column in ("danceability", "energy", "valence"):
        title = column.capitalize()
        rows += [
            Measure(f"{column}_r2", f"{title} R²", "higher", probes.probe_fit(column)),
            Measure(f"{column}_rank", f"{title} Spearman", "higher", probes.probe_order(column)),
        ]
    return (
        *rows,
        Measure("genre_linear", "Genre, linear", "higher", probes.classify_linear),
        Measure("genre_neighbours", "Genre, neighbours", "higher", probes.classify_by_neighbours),
    )


def _clusters() -> tuple[Measure, ...]:
    by_rhythm = clusters.differ_by(agreement.pair_rhythm)
    spread = clusters.measure_spread
    chance = "1 is size-matched chance"
    return (
        Measure("cluster_genre_ami", "AMI of cluster, genre", "report", clusters.share_with_genre),
        Measure(
            "cluster_stability",
            "Cluster stability (ARI)",
            "higher",
            clusters.measure_stability,
            "interval is the range over seeds",
        ),
        Measure(
            "cluster_clips",
            "First against last clip (ARI)",
            "higher",
            clusters.compare_clip_clusters,
        ),
        Measure(
            "cluster_tempo_spread",
            "Tempo spread in clusters",
            "lower",
            spread(clusters.differ_in_tempo),
            chance,
        ),
        Measure(
            "cluster_rhythm_spread",
            "Rhythm spread in clusters",
            "lower",
            spread(by_rhythm),
            chance,
        ),
    )


def _graph() -> tuple[Measure, ...]:
    return (
        Measure("hub_skewness", "Hubness (skewness)", "lower", hubness.measure_skewness),
        Measure("hub_antihubs", "Never a neighbour", "lower", hubness.measure_antihubs),
        Measure("hub_connected", "Largest component", "higher", hubness.measure_connection),
        Measure("unexplained", "FVU", "lower", reconstruction.measure_unexplained),
    )


MEASURES: tuple[Measure, ...] = (
    *_same_track(),
    *_neighbours(),
    *_different_genre(),
    *(replace(measure, costly=True) for measure in (*_probes(), *_clusters())),
    *_graph(),
)
