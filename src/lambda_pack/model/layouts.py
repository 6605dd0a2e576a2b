"""The one table of layouts: where files lie, and what whoever takes the bundle asks of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from lambda_pack.model.choices import Layout
from lambda_pack.model.images import PackageType
from lambda_pack.model.limits import UNZIPPED_LIMIT, ZIPPED_LIMIT
from lambda_pack.model.targets import Target

__all__ = ["FORMS", "LAMBDA_IMAGE", "Form", "dockerfile"]


class Form(Struct, frozen=True):
    """What a layout comes to.

    `prefix` is the folder that everything lies in, where `{python}` stands for the runtime's version, such as 3.13, and
    `{outer}` for a folder that the user names. The limits are in bytes; None where nobody says any. `is_folder` says
    that it is no archive, `ending` is how an archive's name ends. `package_type` says what its binaries find below it.
    """

    prefix: str
    unzipped_limit: int | None = UNZIPPED_LIMIT
    zipped_limit: int | None = ZIPPED_LIMIT
    is_folder: bool = False
    ending: str = ".zip"
    package_type: PackageType = PackageType.ZIP

    def prefix_on(self, target: Target, outer: str = "") -> str:
        """The prefix for a target.

        >>> FORMS[Layout.LAYER_SITE_PACKAGES].prefix_on(Target.parse("python3.13"))
        'python/lib/python3.13/site-packages/'
        """
        return self.prefix.format(python="{}.{}".format(*target.runtime.python), outer=outer)


# https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html: a layer is extracted to /opt, and of it Python
# searches both folders. https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html, appendix
# A (read 2026-11-26): a zip of wheels has them in `wheels/`, and Glue knows it by the ending of its name.
# https://docs.aws.amazon.com/lambda/latest/dg/python-image.html: an image's code is in
# /var/task, and 10 GB are its limit, of which the runtime takes less than one.
FORMS: Mapping[Layout, Form] = MappingProxyType(
    {
        Layout.FUNCTION: Form(""),
        Layout.LAYER: Form("python/"),
        Layout.LAYER_SITE_PACKAGES: Form("python/lib/python{python}/site-packages/"),
        Layout.OCI_DIR: Form(
            "task/", unzipped_limit=9 << 30, zipped_limit=None, is_folder=True, package_type=PackageType.IMAGE
        ),
        Layout.GLUE_RAY: Form("{outer}/", unzipped_limit=None, zipped_limit=None),
        Layout.GLUE_SPARK: Form("wheels/", unzipped_limit=None, zipped_limit=None, ending=".gluewheels.zip"),
    }
)

LAMBDA_IMAGE = "public.ecr.aws/lambda/python"
"""AWS's images of the runtimes (https://gallery.ecr.aws/lambda/python), by tags such as 3.13 and 3.13-arm64."""


def dockerfile(target: Target, handler: str) -> str:
    """The three lines that make an image of a folder in the layout `OCI_DIR`.

    >>> print(dockerfile(Target.parse("python3.13", "arm64"), "app.handler"), end="")
    FROM public.ecr.aws/lambda/python:3.13-arm64
    COPY task/ ${LAMBDA_TASK_ROOT}/
    CMD ["app.handler"]
    """
    python = "{}.{}".format(*target.runtime.python)
    return (
        f"FROM {LAMBDA_IMAGE}:{python}-{target.architecture.value}\n"
        "COPY task/ ${LAMBDA_TASK_ROOT}/\n"
        f"CMD [{json.dumps(handler)}]\n"
    )
