"""The one table of what a runtime's image provides to binaries, beside the glibc level that `targets` has.

Lambda documents none of it. What was seen in its container images is not all there for functions deployed as zips:
libcurl is in the python3.11 image and not on Lambda (aws/aws-lambda-base-images, issue 120, read 2026-11-26). So
`libraries` has only what every program of the image stands on; what else was seen is `doubtful`: it may be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.model.binaries import Level
from lambda_pack.model.targets import Architecture, Target

__all__ = ["IMAGES", "Image", "image_of"]


class Image(Struct, frozen=True):
    """What the image of a system provides.

    `levels` are the newest symbol versions of libstdc++ and libgcc_s by namespace that every such image was seen to
    have; `newer` are those of the newest image seen, where AWS has moved on. `is_verified` says that somebody looked
    into such an image; else the row is the safe side of what is known.
    """

    levels: Mapping[str, Level]
    newer: Mapping[str, Level]
    libraries: frozenset[str]
    doubtful: frozenset[str]
    source: str
    checked: date
    is_verified: bool


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# glibc's own libraries, libgcc and libstdc++, and the zlib that Python imports from zips with. In 2.34 most of glibc's
# have moved into libc.so.6; their names stay for old binaries.
_EVERYWHERE = _names(
    "libBrokenLocale.so.1 libanl.so.1 libc.so.6 libdl.so.2 libgcc_s.so.1 libm.so.6 libpthread.so.0 libresolv.so.2 "
    "librt.so.1 libstdc++.so.6 libutil.so.1 libz.so.1"
)
_OF_ARCHITECTURE = MappingProxyType(
    {
        Architecture.X86_64: frozenset({"ld-linux-x86-64.so.2", "libmvec.so.1"}),
        Architecture.ARM64: frozenset({"ld-linux-aarch64.so.1"}),
    }
)

_SEEN = _names(
    "libacl.so.1 libattr.so.1 libbz2.so.1 libcap.so.2 libcom_err.so.2 libcurl.so.4 libgmp.so.10 libgssapi_krb5.so.2 "
    "libidn2.so.0 libk5crypto.so.3 libkeyutils.so.1 libkrb5.so.3 libkrb5support.so.0 liblzma.so.5 libncurses.so.6 "
    "libncursesw.so.6 libnghttp2.so.14 libp11-kit.so.0 libpopt.so.0 libselinux.so.1 libsqlite3.so.0 libtasn1.so.6 "
    "libtinfo.so.6 libuuid.so.1 libverto.so.1 libxml2.so.2"
)
_SEEN_IN_2 = _SEEN | _names(
    "libcrypto.so.10 libdb-5.3.so libelf.so.1 libffi.so.6 libgmpxx.so.4 liblber-2.4.so.2 libldap-2.4.so.2 "
    "libldap_r-2.4.so.2 libnspr4.so libnss3.so libnssutil3.so libpcre.so.1 libplc4.so libplds4.so libreadline.so.6 "
    "libsasl2.so.3 libsepol.so.1 libsmime3.so libssh2.so.1 libssl.so.10 libssl3.so libunistring.so.0"
)
_SEEN_IN_2023 = _SEEN | _names(
    "libarchive.so.13 libaudit.so.1 libblkid.so.1 libcap-ng.so.0 libcrypto.so.3 libffi.so.8 libgcrypt.so.20 "
    "libgio-2.0.so.0 libglib-2.0.so.0 libgmodule-2.0.so.0 libgobject-2.0.so.0 libgpg-error.so.0 libgthread-2.0.so.0 "
    "libjson-c.so.5 liblz4.so.1 libmagic.so.1 libmount.so.1 libmpfr.so.6 libpcre2-8.so.0 libreadline.so.8 "
    "libsepol.so.2 libsmartcols.so.1 libssl.so.3 libunistring.so.2 libyaml-0.so.2 libzstd.so.1"
)


def _levels(glibcxx: Level, cxxabi: Level, gcc: Level) -> Mapping[str, Level]:
    return MappingProxyType({"GLIBCXX": glibcxx, "CXXABI": cxxabi, "GCC": gcc})


# Which symbol versions a libstdc++ has: https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html. libgcc_s got its
# newest ones in gcc 7, 11 (on aarch64), 12 (on x86_64), 13 and 14.
_GCC_4_8 = _levels((3, 4, 19), (1, 3, 7), (4, 8, 0))
_GCC_7 = _levels((3, 4, 24), (1, 3, 11), (7, 0, 0))
_GCC_11 = _levels((3, 4, 29), (1, 3, 13), (11, 0))
_GCC_14 = _levels((3, 4, 33), (1, 3, 15), (14, 0, 0))

IMAGES: Mapping[str, Image] = MappingProxyType(
    {
        "Amazon Linux 1": Image(
            _GCC_4_8,
            _GCC_4_8,
            _EVERYWHERE | {"libcrypt.so.1", "libnsl.so.1"},
            frozenset(),
            "assumed from gcc 4.8, the compiler of Amazon Linux 1; no image was looked into",
            date(2026, 11, 26),
            is_verified=False,
        ),
        "Glue for Ray": Image(
            _GCC_4_8,
            _GCC_4_8,
            _EVERYWHERE | {"libcrypt.so.1", "libnsl.so.1"},
            frozenset(),
            "assumed: what manylinux2014 allows, the level that is taken for Glue for Ray; no image is published",
            date(2026, 11, 26),
            is_verified=False,
        ),
        "Amazon Linux 2": Image(
            _GCC_7,
            _GCC_7,
            _EVERYWHERE | {"libcrypt.so.1", "libnsl.so.1"},
            _SEEN_IN_2,
            "/lib64 of the provided.al2 image, listed in brefphp/aws-lambda-layers (utils/lib-check/al2-x64.txt); "
            "x86_64 was seen, arm64 is taken to be the same",
            date(2026, 11, 26),
            is_verified=True,
        ),
        "Amazon Linux 2023": Image(
            _GCC_11,
            _GCC_14,
            _EVERYWHERE,
            _SEEN_IN_2023,
            "/lib64 of provided.al2023 images, listed in brefphp/aws-lambda-layers (utils/lib-copy/libs-x86.txt, "
            "libs-arm.txt): gcc 11 in 2023, gcc 14 in 2025; AWS's Python images from 3.12 on are based on it",
            date(2026, 11, 26),
            is_verified=True,
        ),
    }
)


def image_of(target: Target) -> Image:
    """The row of a target's system, with the libraries that only its architecture has."""
    row = IMAGES[target.runtime.system]
    libpython = "libpython{}.{}.so.1.0".format(*target.runtime.python)
    return replace(
        row,
        libraries=row.libraries | _OF_ARCHITECTURE[target.architecture],
        # In /var/lang/lib where AWS builds Python shared, which nobody promises.
        doubtful=row.doubtful | {libpython},
    )
