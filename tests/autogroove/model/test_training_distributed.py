"""Two processes train one model, as torchrun starts them."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from places import TESTS
from stored_clips import store_clips, tiny_settings

from autogroove.model.storing import load_model, read_summary
from autogroove.model.training.devices import ProcessGroup, join_process_group


@pytest.mark.parametrize("pairs", [False, True])
def test_shares_of_a_batch_are_disjoint_and_equal(pairs):
    batch = np.arange(24)
    shares = [ProcessGroup(rank, 3).share(batch, pairs=pairs) for rank in range(3)]
    assert sorted(np.concatenate(shares)) == list(batch)
    for share in shares:
        assert len(share) == 8
        if pairs:
            first, second = np.split(share, 2)
            np.testing.assert_array_equal(second - first, 12)


def test_a_batch_too_small_to_share_goes_to_all():
    batch = np.arange(6)
    for rank in range(2):
        np.testing.assert_array_equal(ProcessGroup(rank, 2).share(batch, pairs=False), batch)


def test_without_torchrun_there_is_a_crew_of_one(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with join_process_group(None) as group:
        assert group == ProcessGroup(0, 1)
        assert group.leads


PROGRAM = """
import sys
import pandas as pd
sys.path.insert(0, sys.argv[2])
from stored_clips import tiny_settings
from autogroove.store import Store
from autogroove.model.training import train_model
made = train_model(Store(sys.argv[1]), pd.read_parquet(sys.argv[3]), tiny_settings(), device="cpu")
print("MADE", made.model_key, made.weights_digest, flush=True)
"""


@pytest.mark.slow
def test_two_processes_end_with_one_model(local_store, tmp_path):
    settings = tiny_settings()
    catalogue = store_clips(local_store, settings, num_tracks=24)
    table, program = tmp_path / "catalogue.parquet", tmp_path / "program.py"
    catalogue.to_parquet(table)
    program.write_text(PROGRAM)
    helpers = str(TESTS)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    answer = subprocess.run(
        [*torchrun, "--nproc-per-node", "2", program, local_store.url, helpers, table],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert answer.returncode == 0, answer.stderr
    lines = re.findall(r"MADE \w+ \w+", answer.stdout)
    assert len(lines) == 2
    assert len(set(lines)) == 1
    _, model_key, digest = lines[0].split()
    summary = read_summary(local_store, model_key)
    assert summary.weights_digest == digest
    assert summary.train_loss[-1] < summary.train_loss[0]
    assert load_model(local_store, model_key).code_size == settings.model.code_size
