"""The first look of a run: what it may reuse is compared with what is known, and mended.

What belongs here: the order, and that a model is trained on the cluster.
What does not: comparing, or making again (`autogroove.runs.repairing`).

What needs audio, or is made batch by batch, is left to the stages that follow, which find that it
is not there.
"""

from autogroove.runs.repairing import Lesson
from flows.record import Run
from flows.runtime.fan_out import await_result, follow_workers, placed_on_gpu
from tasks.modelling import train
from tasks.progress import Stage
from tasks.repairing import find_lost_lesson, inspect, keep_only_same_model, mend


def mend_store(run: Run) -> None:
    """Set aside what is damaged, and make again what of the current release can be at once."""
    stage = Stage("inspect")
    found = inspect(run.store, run.policy.verify)
    if not found.missing:
        run.log.note(stage, ran=not found.is_sound, set_aside=len(found.set_aside), remade=0)
        return
    lesson = find_lost_lesson(run.store) if run.policy.retrain != "always" else None
    if lesson is not None:
        _train_again(run, lesson)
    made = mend(run.store, found.missing)
    run.log.note(stage, ran=True, set_aside=len(found.set_aside), remade=len(made))


def _train_again(run: Run, lesson: Lesson) -> None:
    follow_workers()
    with placed_on_gpu():
        future = train.submit(
            run.store,
            lesson.catalogue_key,
            lesson.settings,
            run.circumstances.device,
            lesson.start_from,
        )
    await_result(future)
    keep_only_same_model(run.store)
