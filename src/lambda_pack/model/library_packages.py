"""Which package of the distribution below Lambda brings a library that Python packages are known to miss.

The names are those of Fedora, from which Amazon Linux 2023 is made; Amazon Linux 2 has the same ones for these. That
Amazon Linux 2023 has them: https://docs.aws.amazon.com/linux/al2023/release-notes/all-packages-AL2023.11.html. None of
them was installed for this table: no mirror of Amazon Linux can be reached from where it was written, 2026-11-28. The
names for harfbuzz, ImageMagick, enchant and Ghostscript, and those of programs, were not looked up in that list either.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lambda_pack.model.library_names import library_stem

__all__ = ["package_of_library", "package_of_program"]

_PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        "libEGL.so.1": "libglvnd-egl",
        "libGL.so.1": "libglvnd-glx",
        "libICE.so.6": "libICE",
        "libSM.so.6": "libSM",
        "libX11.so.6": "libX11",
        "libXext.so.6": "libXext",
        "libXrender.so.1": "libXrender",
        "libaio.so.1": "libaio",
        "libasound.so.2": "alsa-lib",
        "libatomic.so.1": "libatomic",
        "libcairo.so.2": "cairo",
        "libcrypt.so.1": "libxcrypt-compat",
        "libexpat.so.1": "expat",
        "libfontconfig.so.1": "fontconfig",
        "libfreetype.so.6": "freetype",
        "libgdk_pixbuf-2.0.so.0": "gdk-pixbuf2",
        "libMagickWand-7.Q16HDRI.so": "ImageMagick-libs",
        "libenchant-2.so": "enchant2",
        "libjvm.so": "java-21-amazon-corretto-headless",
        "libglib-2.0.so.0": "glib2",
        "libgobject-2.0.so.0": "glib2",
        "libgomp.so.1": "libgomp",
        "libgs.so": "libgs",
        "libharfbuzz.so.0": "harfbuzz",
        "libgthread-2.0.so.0": "glib2",
        "libjpeg.so.62": "libjpeg-turbo",
        "libltdl.so.7": "libtool-ltdl",
        "libmagic.so.1": "file-libs",
        "libmariadb.so.3": "mariadb-connector-c",
        "libnsl.so.1": "libnsl",
        "libnuma.so.1": "numactl-libs",
        "libodbc.so.2": "unixODBC",
        "libpango-1.0.so.0": "pango",
        "libpangocairo-1.0.so.0": "pango",
        "libpangoft2-1.0.so.0": "pango",
        "libpng16.so.16": "libpng",
        "libpq.so.5": "libpq",
        "libquadmath.so.0": "libquadmath",
        "libsndfile.so.1": "libsndfile",
        "libtiff.so.5": "libtiff",
        "libwebp.so.7": "libwebp",
        "libxcb.so.1": "libxcb",
        "libxml2.so.2": "libxml2",
        "libxslt.so.1": "libxslt",
    }
)
# The same for programs.
_PROGRAMS: Mapping[str, str] = MappingProxyType(
    {
        "dot": "graphviz",
        "git": "git",
        "gpg": "gnupg2",
        "java": "java-21-amazon-corretto-headless",
        "pdftoppm": "poppler-utils",
    }
)
_SYSTEMS = frozenset({"Amazon Linux 2", "Amazon Linux 2023"})


def package_of_library(library: str, system: str) -> str | None:
    """The package of the runtime's system that brings a library; None where it is not known.

    >>> package_of_library("libexpat.so.1", "Amazon Linux 2023")
    'expat'
    """
    if system not in _SYSTEMS:
        return None
    stem = library_stem(library)
    # Names that code looks for have no version: 'libpq.so'.
    alike = (row for row in _PACKAGES if library == f"lib{stem}.so" and library_stem(row) == stem)
    return _PACKAGES.get(library) or next((_PACKAGES[row] for row in alike), None)


def package_of_program(program: str, system: str) -> str | None:
    """Return the package of the runtime's system that brings a program; None where it is not known.

    >>> package_of_program("pdftoppm", "Amazon Linux 2023")
    'poppler-utils'
    """
    return _PROGRAMS.get(program) if system in _SYSTEMS else None
