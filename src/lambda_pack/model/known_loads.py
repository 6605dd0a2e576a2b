"""Libraries that Python code loads by name, and programs that it starts, where the code alone does not say it well.

A row of `LOADS` is about one module, and counts instead of what can be read in it (`lambda_pack.files.named_loads`).
A row of `OPTIONAL_LOADS` says that a package goes on without what some of its modules load. `READ` is for `lambda-pack
check`, which looks into no wheel: what was read in the newest release. `TRIED` is for `lambda-pack verify`.

Everything was looked at in the wheels of PyPI, releases of 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from lambda_pack.model.binaries import NamedLoad

__all__ = [
    "DRIVERS",
    "LOADS",
    "OPTIONAL_LOADS",
    "READ",
    "TRIED",
    "KnownLoads",
    "OptionalLoads",
    "Tried",
    "is_optional_load",
    "known_loads",
    "loads_of_package",
]

_SEEN: Final = date(2026, 11, 28)


class KnownLoads(Struct, frozen=True):
    """What the module at `path` of a package (its normalized name) loads or starts; `evidence` says how it is known.

    `is_in_own_wheels` says that wheels of the package bring it, as a rule.
    """

    package: str
    path: str
    loads: tuple[NamedLoad, ...]
    evidence: str
    checked: date = _SEEN
    is_in_own_wheels: bool = False


class Tried(Struct, frozen=True):
    """A library that binaries of a package load by name where the system has it, and work without."""

    library: str
    package: str
    evidence: str
    checked: date = _SEEN


class OptionalLoads(Struct, frozen=True):
    """Modules, by a pattern for their path in the wheel, whose package works without what they load."""

    pattern: str
    evidence: str
    checked: date = _SEEN


def _starts(*programs: str, brought_by: tuple[str, ...] = ()) -> NamedLoad:
    return NamedLoad(programs=programs, brought_by=brought_by)


LOADS = (
    KnownLoads(
        "wand",
        "wand/api.py",
        (
            NamedLoad(
                ("libMagickWand-7.Q16HDRI.so", "libMagickWand-7.Q16.so", "libMagickWand-6.Q16.so", "libMagickWand.so"),
                hint="set MAGICK_HOME to the folder above its lib/: it looks there first",
            ),
        ),
        "wand 0.7.2: library_paths() puts the names together; with MAGICK_HOME it looks there first",
    ),
    KnownLoads(
        "pyopengl",
        "OpenGL/platform/glx.py",
        (NamedLoad(sonames=("libGL.so.1",), searched=("OpenGL", "GL")),),
        "PyOpenGL 3.1.10: GLXPlatform.GL, with which `OpenGL.GL` begins, raises ImportError without it",
    ),
    KnownLoads(
        "pyvips",
        "pyvips/__init__.py",
        (NamedLoad(sonames=("libvips.so.42",), brought_by=("pyvips-binary",)),),
        "pyvips 2.1.0: `import pyvips` fails; the module of pyvips-binary 8.18.7 comes first and has all of it inside",
    ),
    KnownLoads(
        "pyenchant",
        "enchant/_enchant.py",
        (NamedLoad(("libenchant-2.so",), ("enchant-2", "enchant"), hint="name its file in PYENCHANT_LIBRARY_PATH"),),
        "pyenchant 3.3.0: PYENCHANT_LIBRARY_PATH comes before find_library",
    ),
    KnownLoads(
        "rtree",
        "rtree/finder.py",
        (NamedLoad(("libspatialindex_c.so", "libspatialindex.so"), ("spatialindex_c",)),),
        "Rtree 1.4.1: its own wheels have libspatialindex inside, and the module looks there first",
        is_in_own_wheels=True,
    ),
    KnownLoads(
        "psycopg",
        "psycopg/pq/misc.py",
        (NamedLoad(searched=("pq",), brought_by=("psycopg-binary", "psycopg-c")),),
        "psycopg 3.3.9: psycopg.pq tries the modules of psycopg-binary and psycopg-c before it looks for libpq",
    ),
    KnownLoads(
        "oscrypto",
        "oscrypto/_openssl/_libcrypto.py",
        (NamedLoad(searched=("crypto",)),),
        "oscrypto 1.3.0: get_library('crypto') asks find_library, and raises LibraryNotFoundError",
    ),
    KnownLoads(
        "jpype1",
        "jpype/_jvmfinder.py",
        (NamedLoad(("libjvm.so",), hint="set JAVA_HOME to the folder of the Java installation"),),
        "JPype1 1.7.1: startJVM() looks for libjvm.so below JAVA_HOME and in the usual folders",
    ),
    KnownLoads(
        "imageio-ffmpeg",
        "imageio_ffmpeg/_utils.py",
        (_starts("ffmpeg"),),
        "imageio-ffmpeg 0.8.1: get_ffmpeg_exe(), with the program in the package's own wheels for Linux",
        is_in_own_wheels=True,
    ),
    KnownLoads(
        "pdf2image", "pdf2image/pdf2image.py", (_starts("pdftoppm"),), "pdf2image 1.17.0: Popen in convert_from_path()"
    ),
    KnownLoads(
        "pytesseract", "pytesseract/pytesseract.py", (_starts("tesseract"),), "pytesseract 0.3.13: tesseract_cmd"
    ),
    KnownLoads(
        "ocrmypdf", "ocrmypdf/_exec/tesseract.py", (_starts("tesseract"),), "ocrmypdf 17.13.0: checked before each run"
    ),
    KnownLoads(
        "pydub",
        "pydub/utils.py",
        (_starts("ffmpeg", "avconv"),),
        "pydub 0.25.1: get_encoder_name(); only WAV works without, and the import warns",
    ),
    KnownLoads("ffmpeg-python", "ffmpeg/_run.py", (_starts("ffmpeg"),), "ffmpeg-python 0.2.0: run(cmd='ffmpeg')"),
    KnownLoads("ffmpy", "ffmpy/ffmpy.py", (_starts("ffmpeg"),), "ffmpy 1.0.0: FFmpeg(executable='ffmpeg')"),
    KnownLoads("graphviz", "graphviz/backend/dot_command.py", (_starts("dot"),), "graphviz 0.21: DOT_BINARY"),
    KnownLoads("pydot", "pydot/core.py", (_starts("dot"),), "pydot 4.0.1: Dot.create(prog='dot')"),
    KnownLoads(
        "pdfkit", "pdfkit/configuration.py", (_starts("wkhtmltopdf"),), "pdfkit 1.0.0: raises OSError without it"
    ),
    KnownLoads("imgkit", "imgkit/config.py", (_starts("wkhtmltoimage"),), "imgkit 1.2.3: raises OSError without it"),
    KnownLoads("python-gnupg", "gnupg.py", (_starts("gpg"),), "python-gnupg 0.5.7: GPG(gpgbinary='gpg')"),
    KnownLoads(
        "gitpython", "git/cmd.py", (_starts("git"),), "GitPython 3.2.1: `import git` asks for its version, and fails"
    ),
    KnownLoads("pypandoc", "pypandoc/__init__.py", (_starts("pandoc"),), "pypandoc 1.17; pypandoc_binary brings it"),
    KnownLoads("tabula-py", "tabula/backend.py", (_starts("java"),), "tabula-py 2.10.0: JavaNotFoundError"),
    KnownLoads(
        "jsii",
        "jsii/_kernel/providers/process.py",
        (_starts("node"),),
        "jsii 1.142.0, below aws-cdk-lib: `import aws_cdk` starts JSII_NODE, or else node, and fails",
    ),
    KnownLoads("py4j", "py4j/java_gateway.py", (_starts("java"),), "py4j 0.10.9.9: launch_gateway(java_path='java')"),
)

OPTIONAL_LOADS = (
    OptionalLoads("ansible/modules/*", "ansible-core 2.21.5: modules run on the hosts that are managed"),
    OptionalLoads("ansible/module_utils/*", "ansible-core 2.21.5: modules run on the hosts that are managed"),
    OptionalLoads("cairocffi/pixbuf.py", "cairocffi 1.7.1: nothing imports it with the package; it decodes images"),
    OptionalLoads("django/contrib/gis/*", "Django 6.1.3: only applications with a geographical database import it"),
    OptionalLoads(
        "numba/np/ufunc/parallel.py", "numba 0.68.1 tries the threading layers tbb, omp and workqueue in turn"
    ),
    OptionalLoads("onnxruntime/tools/*", "onnxruntime 1.32: tools for developers, which nothing imports"),
    OptionalLoads("torch/_inductor/*", "torch 2.14.1: torch.compile() alone imports it, and needs a compiler anyway"),
    OptionalLoads("scapy/libs/winpcapy.py", "scapy 2.8: imported only with conf.use_pcap, which is off on Linux"),
)

DRIVERS: frozenset[str] = frozenset(
    [
        "OpenCL",
        "amdhip64",
        "amd_smi",
        "cublas",
        "cuda",
        "cudart",
        "cudnn",
        "cufft",
        "cupti",
        "cusolver",
        "cusparse",
        "hiprtc",
        "hsa-runtime64",
        "nccl",
        "nvJitLink",
        "nvidia-ml",
        "nvml",
        "nvrtc",
        "nvToolsExt",
        "rccl",
        "rocm_smi64",
        "ze_loader",
    ]
)
"""Libraries of graphics processors, which Lambda has none of: code that looks for them must go on without, or has no
use there whatever is brought."""

READ: Mapping[str, tuple[NamedLoad, ...]] = MappingProxyType(
    {
        "cairocffi": (NamedLoad(("libcairo.so.2",), ("cairo",)),),
        "libnacl": (NamedLoad(("libsodium.so",), ("sodium",)),),
        "pylibdmtx": (NamedLoad(searched=("dmtx",)),),
        "python-magic": (NamedLoad(("libmagic.so.1",), ("magic",)),),
        "python-vlc": (NamedLoad(("libvlc.so.5",), ("vlc",)),),
        "pyturbojpeg": (NamedLoad(searched=("turbojpeg",)),),
        "pyzbar": (NamedLoad(searched=("zbar",)),),
        "sounddevice": (NamedLoad(searched=("portaudio",)),),
        "weasyprint": (
            NamedLoad(("libpango-1.0.so.0",), ("pango-1.0",)),
            NamedLoad(("libharfbuzz.so.0",), ("harfbuzz",)),
            NamedLoad(("libfontconfig.so.1",), ("fontconfig",)),
            NamedLoad(("libpangoft2-1.0.so.0",), ("pangoft2-1.0",)),
        ),
    }
)

TRIED: Mapping[str, Tried] = MappingProxyType(
    {
        row.library: row
        for row in (
            Tried(
                "libfribidi.so.0",
                "pillow",
                "pillow 13.0.0: PIL._imagingft has Raqm in it, which looks for FriBiDi; without it "
                "features.check('raqm') is False and ImageFont uses its basic layout",
            ),
        )
    }
)
"""By the library: what a system without it does not keep from loading."""

_BY_NAME: Mapping[str, tuple[KnownLoads, ...]] = MappingProxyType(
    {
        name: tuple(row for row in LOADS if row.path.rpartition("/")[2] == name)
        for name in {row.path.rpartition("/")[2] for row in LOADS}
    }
)


def known_loads(path: str) -> KnownLoads | None:
    """Return the row about a module, by its path in a bundle; None where there is none.

    >>> known_loads("python/pdf2image/pdf2image.py").package
    'pdf2image'
    """
    rows = _BY_NAME.get(path.rpartition("/")[2], ())
    return next((row for row in rows if f"/{path}".endswith(f"/{row.path}")), None)


def is_optional_load(path: str) -> bool:
    """Return whether a row says that the package of a module works without what it loads."""
    return any(fnmatchcase(f"/{path}", f"*/{row.pattern}") for row in OPTIONAL_LOADS)


def loads_of_package(name: str) -> tuple[NamedLoad, ...]:
    """Return what a package, by its normalized name, needs beside its wheel for what it loads or starts by name."""
    rows = (row for row in LOADS if row.package == name and not row.is_in_own_wheels)
    return (*(load for row in rows for load in row.loads), *READ.get(name, ()))
