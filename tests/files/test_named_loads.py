"""Which libraries modules load by name, read from sources as real packages have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.files.binaries import binaries_in, judged_files
from lambda_pack.files.entries import OWN, PLAIN, Entry
from lambda_pack.files.named_loads import may_load_by_name, named_loads
from lambda_pack.model.binaries import LoadsByName, NamedLoad

# pyzbar 0.1.9
ZBAR = """
import platform
from ctypes import cdll
from ctypes.util import find_library

def load():
    if 'Windows' == platform.system():
        libzbar = cdll.LoadLibrary('libzbar-64.dll')
    else:
        path = find_library('zbar')
        if not path:
            raise ImportError('Unable to find zbar shared library')
        libzbar = cdll.LoadLibrary(path)
    return libzbar
"""
# cairocffi 1.7.1
CAIRO = """
cairo = dlopen(
    ffi, ('cairo-2', 'cairo', 'libcairo-2'),
    ('libcairo.so.2', 'libcairo.2.dylib', 'libcairo-2.dll'))
"""
# python-magic 0.4.27
MAGIC = """
def _lib_candidates():
    yield find_library('magic')
    if sys.platform == 'darwin':
        yield 'libmagic.dylib'
    elif sys.platform in ('win32', 'cygwin'):
        yield find_library('magic1')
    elif sys.platform == 'linux':
        yield 'libmagic.so.1'

def load_lib():
    for lib in _lib_candidates():
        try:
            return ctypes.CDLL(lib)
        except OSError:
            pass
    raise ImportError('failed to find libmagic')
"""
# pyvips 2.1.0
VIPS = """
_is_windows = os.name == 'nt'
if os.name == 'nt':
    _name = 'libvips-42.dll'
elif sys.platform == 'darwin':
    _name = 'libvips.42.dylib'
else:
    _name = 'libvips.so.42'
lib = ffi.dlopen(_name)
"""
# sounddevice 0.5.6
PORTAUDIO = """
for _libname in ('portaudio', 'bin\\\\libportaudio-2.dll', 'lib/libportaudio.dylib'):
    _libname = _find_library(_libname)
    if _libname is not None:
        break
else:
    raise OSError('PortAudio library not found')
_lib = _ffi.dlopen(_libname)
"""
# weasyprint 70.0
PANGO = """
pango = _dlopen(ffi, 'libpango-1.0-0', 'pango-1.0', 'libpango-1.0.so.0', 'libpango-1.0.dylib')
subset = _dlopen(ffi, 'libharfbuzz-subset.so.0', allow_fail=True)
"""


def guarded(handler: str, after: str = "") -> str:
    """A load whose failure is caught, and what comes behind it."""
    load = "    try:\n        return CDLL('libx.so.1')\n    except OSError:\n"
    return f"def load():\n{load}        {handler}\n    {after}\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (ZBAR, [((), ("zbar",))]),
        (CAIRO, [(("libcairo.so.2",), ("cairo-2", "cairo", "libcairo-2"))]),
        (MAGIC, [(("libmagic.so.1",), ("magic",))]),
        (VIPS, [(("libvips.so.42",), ())]),
        (PORTAUDIO, [((), ("portaudio",))]),
        (PANGO, [(("libpango-1.0.so.0",), ("libpango-1.0-0", "pango-1.0"))]),
        # nvidia-ml-py: inside of a function, which its users may call
        ("def init():\n    lib = CDLL('libnvidia-ml.so.1')\n", [(("libnvidia-ml.so.1",), ())]),
        # several names in turn, by `or` and by the variable
        ("lib = find_library('a') or find_library('b')", [((), ("a", "b"))]),
        ("lib = find_library('a')\nif lib is None:\n    lib = find_library('b')", [((), ("a", "b"))]),
        ("one = find_library('a')\ntwo = find_library('b')", [((), ("a",)), ((), ("b",))]),
        ("libs = [CDLL('liba.so.1'), CDLL('libb.so.1')]", [(("liba.so.1",), ()), (("libb.so.1",), ())]),
        # python-vlc: the same library in two ways
        ("p = find_library('vlc')\nif not p:\n    q = CDLL('libvlc.so.5')", [(("libvlc.so.5",), ("vlc",))]),
        # gone on without, or not
        (guarded("return None"), []),
        (guarded("pass"), []),
        (guarded("raise ImportError('no x')"), [(("libx.so.1",), ())]),
        (guarded("pass", after="raise ImportError('no x')"), [(("libx.so.1",), ())]),
        ("with suppress(OSError):\n    CDLL('libx.so.1')", []),
        ("try:\n    CDLL('libx.so.1')\nexcept KeyError:\n    pass", [(("libx.so.1",), ())]),
        # other systems
        ("CDLL('kernel32')\nfind_library('CoreFoundation')\nwindll.LoadLibrary('x.so')\nCDLL('x.dll')", []),
        ("if sys.platform.startswith('win'):\n    CDLL('libx.so.1')", []),
        ("if platform.system().lower() != 'linux':\n    CDLL('libx.so.1')", []),
        ("if not sys.platform == 'linux' or os.name == 'nt':\n    CDLL('libx.so.1')", []),
        ("CDLL('libx.dylib' if sys.platform == 'darwin' else 'libx.so.1')", [(("libx.so.1",), ())]),
        (
            "if ready:\n    CDLL('libx.so.1')\nelse:\n    CDLL('liby.so.1')",
            [(("libx.so.1",), ()), (("liby.so.1",), ())],
        ),
        # files of its own, what is put together, the program itself, and scripts
        ("CDLL('/usr/lib/libx.so.1')\nCDLL(str(folder / 'libx.so'))\nCDLL(None)\nCDLL(f'lib{x}.so')\nCDLL('x')", []),
        ("if __name__ == '__main__':\n    CDLL('libx.so.1')", []),
        # no Python, and nothing of the kind
        ("CDLL('libx.so.1'", []),
        ("compiler.find_library_file(['x'], 'y')\nself.find_library(name)", []),
        ("", []),
    ],
)
def test_what_a_module_loads(source: str, expected: list[tuple[tuple[str, ...], tuple[str, ...]]]) -> None:
    assert [(load.sonames, load.searched) for load in named_loads(source.encode())] == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("wand/api.py", True),
        ("python/wand/api.py", True),
        ("windrose/api.py", True),
        ("wand/tests/api.py", False),
        ("pyzbar/test_zbar.py", False),
        ("pip/_vendor/truststore/_macos.py", False),
        ("pyglet/libs/darwin/coreaudio.py", False),
        ("numpy/random/_examples/cffi/extending.py", False),
    ],
)
def test_modules_that_nothing_imports_on_lambda_are_not_read(path: str, *, expected: bool) -> None:
    assert may_load_by_name(path) == expected


def test_rows_count_instead_of_what_is_read(tmp_path: Path) -> None:
    sources = {
        "pyzbar/zbar_library.py": ZBAR,
        "pdf2image/pdf2image.py": "import subprocess\n",
        "numba/np/ufunc/parallel.py": "CDLL('libtbb.so.12')\n",
        "plain/a.py": "import ctypes\n",
    }
    entries = []
    for path, source in sources.items():
        file = tmp_path / path.replace("/", "_")
        file.write_text(source, "utf-8")
        entries.append(Entry(path, file, PLAIN, OWN, file.stat().st_size))

    found = {file.path: file.binary for file in judged_files(entries)}

    assert found == {
        "pyzbar/zbar_library.py": LoadsByName((NamedLoad(searched=("zbar",)),)),
        "pdf2image/pdf2image.py": LoadsByName((NamedLoad(programs=("pdftoppm",)),)),
    }
    assert binaries_in(entries) == ()
