"""Training on the GPU pool, where a worker of it is at work.

What belongs here: the flow that trains there, and handing a training over to it.
What does not: training (`tasks.modelling`), or the decision to train (`flows.train_model`).

A handed-over training is a run of its own, which the UI shows below the publishing run. Nothing
travels between the two but the key of a catalogue: the model is in the store, and is found there.
"""

import logging
import time
from typing import Literal, cast

import httpx
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, WorkerStatus
from prefect.context import FlowRunContext
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_logger, get_run_logger
from prefect.states import Cancelled, Cancelling

from autogroove.config import Circumstances, Settings
from autogroove.errors import ReleaseError
from autogroove.releases import open_release
from autogroove.store import Store
from flows.record import Run
from tasks.modelling import train

POOL = "autogroove-gpu"
DEPLOYMENT = "train-model/train"
_LOOK_AGAIN_SECONDS = 5.0


@flow(name="train-model", flow_run_name="train in {store}", timeout_seconds=8 * 24 * 3600)
def train_in_store(
    store: str = Circumstances().store,
    settings: Settings = Settings.from_preset(),  # noqa: B008 - frozen, shown as a form
    catalogue_key: str | None = None,
    device: Literal["auto", "cpu", "cuda"] = "auto",
) -> str:
    """Train a model; its key in the store. A training that was broken off goes on.

    Args:
        store: Folder or URL of the store.
        settings: Those of the publish that the model is for.
        catalogue_key: Tracks to learn from; none: those of the current release.
        device: auto: the GPU where there is one.
    """
    place = Store(store)
    key = catalogue_key or open_release(place).manifest.parts.catalogue.key.split("/")[-1][:-8]
    return train(place, key, settings, device).model_key


def train_on_gpu_pool(run: Run, catalogue_key: str) -> bool:
    """Have the GPU pool train for a run; False where it cannot, or where the CPU was asked for.

    Raises:
        ReleaseError: the training there did not end well.
    """
    if FlowRunContext.get() is None:
        return False
    return hand_over(run.store, run.settings, catalogue_key, run.circumstances.device)


def hand_over(store: Store, settings: Settings, catalogue_key: str, device: str) -> bool:
    """The same for a training that no run is of; it needs a server that Prefect is told of.

    Raises:
        ReleaseError: the training there did not end well.
    """
    if device == "cpu":
        return False
    with get_client(sync_client=True) as client:
        if not _is_at_work(client):
            return False
        parameters = {
            "store": store.url,
            "settings": settings.model_dump(mode="json"),
            "catalogue_key": catalogue_key,
            "device": device,
        }
        started = cast("FlowRun", run_deployment(DEPLOYMENT, parameters=parameters, timeout=0))
        _log().info("Training on pool %s, as run %s.", POOL, started.id)
        try:
            ended = _wait_for_end(client, started)
        except BaseException:
            _cancel(client, started)
            raise
    if ended is None:
        return False
    if ended.state is None or not ended.state.is_completed():
        raise ReleaseError(
            f"The training on pool {POOL} ended as {ended.state_name} (run {ended.name}; its log "
            "says why). Run again: it goes on after its last epoch. With device=cpu it is trained "
            "without the pool."
        )
    return True


def _log() -> "logging.Logger | logging.LoggerAdapter[logging.Logger]":
    return get_logger(__name__) if FlowRunContext.get() is None else get_run_logger()


def _is_at_work(client: SyncPrefectClient) -> bool:
    """Whether training is deployed, and a worker of the pool is there to do it."""
    try:
        client.read_deployment_by_name(DEPLOYMENT)
        workers = client.read_workers_for_work_pool(POOL)
    except ObjectNotFound:
        return False
    return any(worker.status == WorkerStatus.ONLINE for worker in workers)


def _wait_for_end(client: SyncPrefectClient, started: FlowRun) -> FlowRun | None:
    """The ended run; None where it never began, because the pool's workers have gone."""
    while True:
        time.sleep(_LOOK_AGAIN_SECONDS)
        try:
            seen = client.read_flow_run(started.id)
            if seen.state is not None and seen.state.is_final():
                return seen
            has_begun = seen.start_time is not None
            if not has_begun and not _is_at_work(client):
                _cancel(client, started)
                _log().warning("Pool %s has no worker any more: training here.", POOL)
                return None
        except httpx.HTTPError as error:
            _log().warning("The server does not answer (%s): asking again.", error)


def _cancel(client: SyncPrefectClient, started: FlowRun) -> None:
    """A run that has begun is stopped by its worker; one that has not just never begins."""
    has_begun = client.read_flow_run(started.id).start_time is not None
    client.set_flow_run_state(started.id, Cancelling() if has_begun else Cancelled(), force=True)
