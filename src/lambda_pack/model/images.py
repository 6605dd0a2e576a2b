"""The one table of what Lambda provides to binaries, beside the glibc level that `targets` has.

Lambda documents none of it, and it differs by the way in which a function is deployed: a container function runs in the
image that it was built from, a zip in an execution environment with fewer libraries. Reported as being in the image and
not in the environment (all read 2026-11-28): libcurl on python3.11 (aws/aws-lambda-base-images, issue 120, 2023-10),
libmagic and glib on provided.al2 (issue 112 there, 2023-09), libexpat on python3.12 (rasterio/rasterio-wheels, issue
136, 2024-11; developmentseed/eoapi-cdk, pull request 182, 2025-08).

So a row for zips has in `libraries` only what every program of the system needs; what else its image has is `doubtful`:
the environment may have it. A row for images has in `libraries` what was listed in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.model.binaries import Level
from lambda_pack.model.targets import Architecture, Target

__all__ = ["IMAGES", "RUNTIMES_SEEN", "Image", "PackageType", "image_of"]


class PackageType(Enum):
    """How a function is deployed, by the values of Lambda's `PackageType`.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html, read 2026-11-28.
    """

    ZIP = "Zip"
    IMAGE = "Image"


class Image(Struct, frozen=True):
    """What a system provides to functions of one package type.

    `levels` are the newest symbol versions of libstdc++ and libgcc_s by namespace that every such image was seen to
    have; `newer` are those of the newest image seen, where AWS has moved on. `is_verified` says that such an image was
    looked into; else the row is the safe side of what is known.
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

# Of what AWS's images have, what the execution environment of zips may have as well.
_MAYBE = _names(
    "libacl.so.1 libattr.so.1 libbz2.so.1 libcap.so.2 libcom_err.so.2 libgmp.so.10 libgssapi_krb5.so.2 libidn2.so.0 "
    "libk5crypto.so.3 libkeyutils.so.1 libkrb5.so.3 libkrb5support.so.0 liblzma.so.5 libncurses.so.6 libncursesw.so.6 "
    "libnghttp2.so.14 libp11-kit.so.0 libpopt.so.0 libselinux.so.1 libsqlite3.so.0 libtasn1.so.6 libtinfo.so.6 "
    "libuuid.so.1 libverto.so.1 libxml2.so.2"
)
_MAYBE_IN_2 = _MAYBE | _names(
    "libcrypto.so.10 libdb-5.3.so libelf.so.1 libffi.so.6 libgmpxx.so.4 liblber-2.4.so.2 libldap-2.4.so.2 "
    "libldap_r-2.4.so.2 libnspr4.so libnss3.so libnssutil3.so libpcre.so.1 libplc4.so libplds4.so libreadline.so.6 "
    "libsasl2.so.3 libsepol.so.1 libsmime3.so libssh2.so.1 libssl.so.10 libssl3.so libunistring.so.0"
)
_MAYBE_IN_2023 = _MAYBE | _names(
    "libarchive.so.13 libaudit.so.1 libblkid.so.1 libcap-ng.so.0 libcrypto.so.3 libcurl.so.4 libffi.so.8 "
    "libgcrypt.so.20 libgio-2.0.so.0 libglib-2.0.so.0 libgmodule-2.0.so.0 libgobject-2.0.so.0 libgpg-error.so.0 "
    "libgthread-2.0.so.0 libjson-c.so.5 liblz4.so.1 libmagic.so.1 libmount.so.1 libmpfr.so.6 libpcre2-8.so.0 "
    "libreadline.so.8 libsepol.so.2 libsmartcols.so.1 libssl.so.3 libunistring.so.2 libyaml-0.so.2 libzstd.so.1"
)
# What the lists of the images have beyond that: python3.11 functions that are deployed as zips were reported to lack
# libcurl, and zips on Amazon Linux 2 libexpat, libmagic and glib.
_IN_IMAGE_2 = _MAYBE_IN_2 | _names(
    "libassuan.so.0 libblkid.so.1 libcidn.so.1 libcurl.so.4 libdb-5.so libexpat.so.1 libfontconfig.so.1 libform.so.6 "
    "libformw.so.6 libfreebl3.so libfreetype.so.6 libgcrypt.so.11 libgdbm.so.4 libgio-2.0.so.0 libglib-2.0.so.0 "
    "libgmodule-2.0.so.0 libgobject-2.0.so.0 libgpg-error.so.0 libgpgme.so.11 libgssrpc.so.4 libgthread-2.0.so.0 "
    "libhistory.so.6 libicudata.so.50 libicui18n.so.50 libicuio.so.50 libicuuc.so.50 libkdb5.so.8 libkrad.so.0 "
    "liblua-5.1.so libmagic.so.1 libmenu.so.6 libmenuw.so.6 libmount.so.1 libpanel.so.6 libpanelw.so.6 "
    "libpcre16.so.0 libpcre32.so.0 libpcrecpp.so.0 libpcreposix.so.0 libpng15.so.15 libpth.so.20 libpython2.7.so.1.0 "
    "librpm.so.3 librpmio.so.3 libtic.so.6"
)
_IN_IMAGE_2023 = _MAYBE_IN_2023 | _names(
    "libassuan.so.0 libauparse.so.0 libdnf.so.2 libform.so.6 libformw.so.6 libgirepository-1.0.so.1 libgpgme.so.11 "
    "libgssrpc.so.4 libhistory.so.8 libkdb5.so.10 libkrad.so.0 liblua-5.4.so libmenu.so.6 libmenuw.so.6 "
    "libmodulemd.so.2 libnpth.so.0 libpanel.so.6 libpanelw.so.6 libpcre2-posix.so.3 libpeas-1.0.so.0 libpsl.so.5 "
    "librepo.so.0 librpm.so.9 librpmio.so.9 libsigsegv.so.2 libsolv.so.1 libsolvext.so.1 libtic.so.6"
)


def _levels(glibcxx: Level, cxxabi: Level, gcc: Level) -> Mapping[str, Level]:
    return MappingProxyType({"GLIBCXX": glibcxx, "CXXABI": cxxabi, "GCC": gcc})


# Which symbol versions a libstdc++ has: https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html. libgcc_s got its
# newest ones in gcc 7, 11 (on aarch64), 12 (on x86_64), 13 and 14.
_GCC_4_8 = _levels((3, 4, 19), (1, 3, 7), (4, 8, 0))
_GCC_7 = _levels((3, 4, 24), (1, 3, 11), (7, 0, 0))
_GCC_11 = _levels((3, 4, 29), (1, 3, 13), (11, 0))
_GCC_14 = _levels((3, 4, 33), (1, 3, 15), (14, 0, 0))

_LIST_OF_2 = (
    "/lib64 of the provided.al2 image, listed in brefphp/aws-lambda-layers (utils/lib-check/al2-x64.txt, 2022-12)"
)
_LIST_OF_2023 = (
    "/lib64 of provided.al2023 images, listed in brefphp/aws-lambda-layers (utils/lib-copy/libs-x86.txt, libs-arm.txt: "
    "gcc 11 in 2023, gcc 14 in 2025-08)"
)
_SAME_LAYER = "AWS's Python images begin with the same layer (Dockerfiles in aws/aws-lambda-base-images, 2024-10)"

IMAGES: Mapping[tuple[str, PackageType], Image] = MappingProxyType(
    {
        ("Amazon Linux 1", PackageType.ZIP): Image(
            _GCC_4_8,
            _GCC_4_8,
            _EVERYWHERE | {"libcrypt.so.1", "libnsl.so.1"},
            frozenset(),
            "assumed from gcc 4.8, the compiler of Amazon Linux 1; no image was looked into",
            date(2026, 11, 26),
            is_verified=False,
        ),
        ("Glue for Ray", PackageType.ZIP): Image(
            _GCC_4_8,
            _GCC_4_8,
            _EVERYWHERE | {"libcrypt.so.1", "libnsl.so.1"},
            frozenset(),
            "assumed: what manylinux2014 allows, the level that is taken for Glue for Ray; no image is published",
            date(2026, 11, 26),
            is_verified=False,
        ),
        ("Amazon Linux 2", PackageType.ZIP): Image(
            _GCC_7,
            _GCC_7,
            _EVERYWHERE | {"libcrypt.so.1", "libnsl.so.1"},
            _MAYBE_IN_2,
            f"{_LIST_OF_2}, without what was reported missing in the execution environment; x86_64 was seen, arm64 is "
            "taken to be the same",
            date(2026, 11, 28),
            is_verified=True,
        ),
        ("Amazon Linux 2", PackageType.IMAGE): Image(
            _GCC_7,
            _GCC_7,
            _EVERYWHERE | {"libcrypt.so.1", "libnsl.so.1"} | _IN_IMAGE_2,
            frozenset(),
            f"{_LIST_OF_2}; {_SAME_LAYER}; x86_64 was seen, arm64 is taken to be the same",
            date(2026, 11, 28),
            is_verified=True,
        ),
        ("Amazon Linux 2023", PackageType.ZIP): Image(
            _GCC_11,
            _GCC_14,
            _EVERYWHERE,
            _MAYBE_IN_2023,
            f"{_LIST_OF_2023}, of which the execution environment may have less",
            date(2026, 11, 28),
            is_verified=True,
        ),
        ("Amazon Linux 2023", PackageType.IMAGE): Image(
            _GCC_11,
            _GCC_14,
            _EVERYWHERE | _IN_IMAGE_2023,
            # Seen in the python3.12 image by one report (developmentseed/titiler, discussion 1108, 2025), missed in it
            # by others, and in neither list of provided.al2023.
            frozenset({"libexpat.so.1"}),
            f"{_LIST_OF_2023}; {_SAME_LAYER}",
            date(2026, 11, 28),
            is_verified=True,
        ),
    }
)

RUNTIMES_SEEN: Mapping[str, str] = MappingProxyType(
    {
        "python3.9": "expat in the image (aws/aws-lambda-base-images, issue 53, 2022-07)",
        "python3.10": "expat in the image (aws/aws-lambda-base-images, issues 244 and 608, 2025-03 and 2026-07)",
        "python3.11": "expat in the image (issues 244 and 608 there), libcurl in the image alone (issue 120, 2023-10)",
        "python3.12": "libxml2 in the image (issue 266 there, 2025-05), libexpat not in zips (see above)",
        "python3.13": "libxml2 in the image (issue 266 there, 2025-05)",
        "python3.14": "glib2 and libxml2 in the image (issues 360 and 651 there, 2025-12 and 2026-08)",
    }
)
"""What was seen of the runtimes themselves; for others, python3.15 (a preview) among them, their system's row is
assumed to hold. Read 2026-11-28."""


def image_of(target: Target, package_type: PackageType = PackageType.ZIP) -> Image:
    """Return the row of a target's system for a package type, with the libraries that only its architecture has.

    Systems without an image of their own have the row for zips alone.
    """
    system = target.runtime.system
    row = IMAGES.get((system, package_type)) or IMAGES[system, PackageType.ZIP]
    libpython = "libpython{}.{}.so.1.0".format(*target.runtime.python)
    return replace(
        row,
        libraries=row.libraries | _OF_ARCHITECTURE[target.architecture],
        # In /var/lang/lib where AWS builds Python shared, which nothing promises.
        doubtful=row.doubtful | {libpython},
    )
