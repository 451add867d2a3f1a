"""From the bytes of a music file to the samples of its clips.

Memory: whatever a file's length or its header's claims, reading one track holds at most the file
itself where it is no larger than `WHOLE_FILE_BYTES` (32 MiB; larger ones are read in pieces),
its clips as mono float32, and one block of decoded samples (16 MiB; where an MP3 is decoded in
part, one clip and its bytes).

An MP3 is decoded in part where it may be (`layer3`): docs/adr/0005-partial-decoding.md.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
