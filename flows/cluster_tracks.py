"""The clustering stage: exemplars and clusters from track encodings.

What belongs here: acting on the decision. What does not: affinity propagation.
"""

from dataclasses import dataclass

from autogroove.clusters import ClusterDecision
from autogroove.memo import Made
from flows.encode_tracks import Encodings
from flows.record import Run
from flows.train_model import Model
from tasks.clustering import cluster, decide
from tasks.progress import Stage


@dataclass(frozen=True)
class Clusters:
    """Parts `clusters` and `report`, and why they are these."""

    parts: Made
    decision: ClusterDecision


def cluster_tracks(run: Run, encodings: Encodings, model: Model) -> Clusters:
    """The clusters of this run: kept, grown or found anew."""
    stage = Stage("cluster")
    decision, kept = decide(
        run.store,
        encodings.tracks,
        model.decision.action == "kept",
        run.settings.clustering,
        run.policy.recluster_fraction,
    )
    made = kept or cluster(run.store, encodings.tracks, decision, run.settings.clustering)
    run.note(stage, ran=not made.reused, decision=decision.action, why=decision.why)
    return Clusters(made, decision)
