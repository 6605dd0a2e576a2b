"""What users choose between; a value is what they write. Without imports: every start reads them."""

from __future__ import annotations

from enum import Enum

__all__ = [
    "AuditMode",
    "BuildNetwork",
    "BuilderName",
    "Collision",
    "DistInfo",
    "IfExists",
    "IndexStrategy",
    "Layout",
    "Part",
    "PlanFormat",
    "Preference",
    "ResolverName",
]


class Layout(Enum):
    """What a bundle is to be, and so where its files lie (`model/layouts.py`); the value is what users write."""

    FUNCTION = "function"
    LAYER = "layer"
    LAYER_SITE_PACKAGES = "layer-site-packages"
    OCI_DIR = "oci-dir"
    GLUE_RAY = "glue-ray"
    GLUE_SPARK = "glue-spark"


class ResolverName(Enum):
    """Who decides on versions."""

    UV = "uv"
    PIP = "pip"


class Preference(Enum):
    """What to do when the newest version has no compatible wheel: pack an older one, or build the newest."""

    COMPATIBLE = "compatible"
    NEWEST = "newest"


class AuditMode(Enum):
    """What to do when the files of a wheel say that it will not load: take another one, only warn, or not look."""

    ERROR = "error"
    WARN = "warn"
    OFF = "off"


class Collision(Enum):
    """What to do when two packages own one path with different bytes."""

    ERROR = "error"
    LAST = "last"


class Part(Enum):
    """Kinds of files that a bundle works without, most of the time."""

    TESTS = "tests"
    DOCS = "docs"
    HEADERS = "headers"
    STUBS = "pyi"
    PROGRAMS = "programs"
    SOURCES = "sources-of-pyc"


class DistInfo(Enum):
    """How much of packages' metadata is packed: all that is read at run time, what most readers ask for, or nothing."""

    KEEP = "keep"
    MINIMAL = "minimal"
    DROP = "drop"


class BuilderName(Enum):
    """Where builds run; `auto` is on this machine, and in a container what does not come to a fitting wheel there."""

    AUTO = "auto"
    HOST = "host"
    CONTAINER = "container"


class BuildNetwork(Enum):
    """What a container can reach while it builds; what a build requires is fetched before, outside of it."""

    DEFAULT = "default"
    NONE = "none"


class IndexStrategy(Enum):
    """What several indexes mean for one package.

    pip merges the files of all. uv's default is the first index that knows the package, and no other; its
    `unsafe-first-match` is the first that has a version which the requirements allow.
    """

    MERGE = "merge"
    FIRST_INDEX = "first-index"
    FIRST_MATCH = "first-match"


class WheelhouseMode(Enum):
    """What is done with a shared wheelhouse; whether it may be done is for the bucket's policy to say."""

    READ = "read"
    READ_WRITE = "read-write"


class IfExists(Enum):
    """What to do when the key holds something else already; the very same bytes are never sent again."""

    OVERWRITE = "overwrite"
    SKIP = "skip"
    FAIL = "fail"


class PlanFormat(Enum):
    """How a plan of many bundles is printed: for people, for programs, or as the matrix of a workflow's job."""

    TEXT = "text"
    JSON = "json"
    GITHUB_MATRIX = "github-matrix"
