from .augmentation import augment_clip as augment_clip
from .clips import ClipDescriptions as ClipDescriptions
from .clips import describe_clips as describe_clips
from .storing import DescriptionBatch as DescriptionBatch
from .storing import find_missing as find_missing
from .storing import plan_descriptions as plan_descriptions
from .storing import write_descriptions as write_descriptions
