"""What kept releases need of things that only save time: measurements, and the rendered demo.

What belongs here: naming the objects below `descriptors/`, `analyses/segments/` and `cache/` that
a run on a kept release's source would use again.
What does not: which releases are kept, and sweeping (`autogroove.releases.garbage`).

Losing any of them costs time and never a result, so what an older version of Autogroove left
under other keys is needed by nobody.
"""

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from pydantic import ValidationError

from autogroove.config import Settings
from autogroove.errors import AutogrooveError
from autogroove.releases.manifest import Manifest
from autogroove.store import Store, read_part

STATISTICS = "analyses/segments/"
_RENDERING = re.compile(r"cache/demo-[0-9a-f]{32}(?=/|$)")
_READERS = 16


def find_measurements(store: Store, kept: Iterable[Manifest]) -> frozenset[str] | None:
    """Keys of descriptors and of statistics that kept releases' cards and analyses came from.

    Releases whose settings this version cannot read could use none of them. None where a release
    is damaged: then nobody knows.
    """
    try:
        return frozenset(key for manifest in kept for key in _name_measurements(store, manifest))
    except AutogrooveError:
        return None


def _name_measurements(store: Store, manifest: Manifest) -> Iterator[str]:
    # These import PyTorch or compile: seconds that listing and publishing need not spend.
    from autogroove.evaluation.data_report import plan_treble, statistics_key, treble_key
    from autogroove.evaluation.descriptors import plan_descriptions
    from autogroove.source import read_catalogue

    try:
        settings = Settings.model_validate(manifest.parts.settings)
    except ValidationError:
        return
    catalogue = read_catalogue(read_part(store, manifest.parts.catalogue))
    for batch in plan_descriptions(catalogue, settings):
        yield batch.key
    yield from map(treble_key, plan_treble(catalogue))
    members = {
        str(segment): set(prints) for segment, prints in catalogue.groupby("segment")["fingerprint"]
    }
    with ThreadPoolExecutor(_READERS) as threads:
        yield from threads.map(
            lambda part: statistics_key(
                store, part.recipe_key, part.segment_key, members.get(part.segment_key, set())
            ),
            manifest.parts.segments,
        )


def find_renderings(kept: Iterable[Manifest], keys: Iterable[str]) -> set[str]:
    """Of the objects of `cache/`, those that stay: other people's, and the audio of kept releases.

    A release of the demo plays from the rendering that this version of Autogroove makes.
    """
    from autogroove.source import DEMO
    from autogroove.source.groovebox import DemoSpec, demo_prefix

    needed = set()
    for manifest in kept:
        if demo := DEMO.fullmatch(manifest.parts.source_url):
            needed.add(demo_prefix(DemoSpec()))
            needed.add(demo_prefix(DemoSpec(num_tracks=int(demo[1]) if demo[1] else None)))
        if named := _RENDERING.search(manifest.parts.source_url):
            needed.add(named[0])
    return {key for key in keys if (own := _RENDERING.match(key)) is None or own[0] in needed}
