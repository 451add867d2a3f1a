"""From encodings to clusters: affinity propagation, dense and sparse, and cluster numbers that
outlive a release.

`AffinityPropagation` is the same with scikit-learn's interface.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
