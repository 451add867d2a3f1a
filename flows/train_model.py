"""The model stage: keep the current model, or train one where there is a GPU.

What belongs here: acting on the decision, placing the training: on the GPU pool where one is at
work, else on a Dask worker with a GPU, else on any. What does not: either decision or training.
"""

from dataclasses import replace

from autogroove.evaluation import Card
from autogroove.runs import Model, ModelDecision, Segments
from flows.gpu_pool import train_on_gpu_pool
from flows.record import Run
from flows.runtime.fan_out import await_result, follow_workers, placed_on_gpu
from tasks.modelling import decide, judge, summarise, train
from tasks.progress import Stage


def train_model(run: Run, segments: Segments) -> Model:
    """The model that this run encodes with."""
    stage = Stage("train")
    decision = decide(
        run.store, segments.catalogue_key, segments.recipe_key, run.settings, run.policy
    )
    if decision.action == "kept":
        return _keep(run, stage, decision)
    was_trained_there = train_on_gpu_pool(run, segments.catalogue_key)
    follow_workers()
    with placed_on_gpu():
        future = train.submit(
            run.store,
            segments.catalogue_key,
            run.settings,
            run.circumstances.device,
            decision.start_from,
        )
    summary = await_result(future)  # from the store, where the pool has put it
    run.log.note(
        stage,
        ran=was_trained_there or not summary.reused,
        model=summary.model_key,
        epochs=summary.epochs,
        decision=decision.action,
        why=decision.why,
    )
    return Model(summary, decision)


def promote_model(run: Run, model: Model, card: Card) -> Model:
    """This model, or the incumbent where the card says that this one hears worse."""
    if model.decision.action == "kept" or run.policy.promote:
        return model
    stage = Stage("promote")
    decision = judge(run.store, model.decision, card)
    if decision.action != "kept":
        return replace(model, decision=decision)
    return _keep(run, stage, decision)


def _keep(run: Run, stage: Stage, decision: ModelDecision) -> Model:
    assert decision.incumbent is not None
    summary = summarise(run.store, decision.incumbent)
    run.log.note(stage, ran=False, model=summary.model_key, why=decision.why)
    return Model(summary, decision)
