"""What is packed: one row for each work. S, M and L are those of the project's measurements, so figures compare."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

__all__ = ["WORKS", "Work"]


class Work(Struct, frozen=True):
    """A list of top-level requirements, by a short name. `needs_building`: some of them have only an sdist."""

    name: str
    requirements: tuple[str, ...]
    needs_building: bool = False


# A web service on Django and Starlette, its data, files and messages: with what they need some 100 packages, of which
# each has a wheel for every platform (seen 2026-11-26).
_SERVICE = """
boto3 aws-lambda-powertools mangum sentry-sdk slack-sdk
django djangorestframework django-filter django-cors-headers django-environ django-storages drf-nested-routers
starlette uvicorn gunicorn whitenoise httpx websocket-client paho-mqtt redis pymysql pg8000 tinydb
graphene marshmallow webargs apispec cattrs cerberus voluptuous validators email-validator jsonpath-ng jsonpatch
itsdangerous pyjwt oauthlib passlib pyasn1-modules defusedxml bleach beautifulsoup4 html5lib markdown docutils
openpyxl xlsxwriter pypdf tabulate xmltodict tomlkit icalendar
arrow babel holidays croniter isodate humanize inflection phonenumbers python-slugify
structlog rich tqdm tenacity cachetools toolz networkx pyparsing platformdirs python-dotenv
"""

_ALL = (
    Work("S", ("requests",)),
    Work("M", ("fastapi", "pydantic", "sqlalchemy", "boto3", "httpx")),
    Work("L", ("pandas", "numpy", "scipy", "pyarrow", "scikit-learn")),
    Work("XL", tuple(_SERVICE.split())),
    # Heavy on sdists: these versions have nothing else. Two are pure, two have a small extension in C.
    Work("H", ("docopt==0.6.2", "langdetect==1.0.9", "crcmod==1.7", "simplejson==3.8.2"), needs_building=True),
)

WORKS: Mapping[str, Work] = MappingProxyType({work.name: work for work in _ALL})
