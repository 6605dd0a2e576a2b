"""Real wheels beside real releases of NumPy: our verdict against what an interpreter does when it imports them.

Each row is installed with the release of NumPy that it names, whatever the package's metadata says of it. Every module
whose contents say a release is imported, and a package's own name; refused by us has to mean that one fails, and
accepted that none does. On 2026-11-28: 97 pairs of 61 packages, two of them refused wrongly before the rule about
extras in `lambda_pack.model.audit`, and one (onnxruntime) that is imported and of no use.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.version import Version

from lambda_pack.model.audit import judge_binaries
from lambda_pack.model.binaries import BinaryFile, ElfFacts
from lambda_pack.model.findings import Concern, Finding, errors_in
from lambda_pack.model.targets import Target
from tests.audits.importing import files_of, imported, installed

pytestmark = [pytest.mark.network, pytest.mark.proof]

# Of Python and NumPy, the requirements that are compiled for it or do without, and what is to be imported.
REFUSED = {
    ("3.9", "2.0.2"): [
        ("Bottleneck==1.3.7", "bottleneck"),
        ("PyWavelets==1.4.1", "pywt"),
        ("astropy==5.3.4", "astropy.table"),
        ("blosc2==2.0.0", "blosc2"),
        ("catboost==1.2", "catboost"),
        ("cftime==1.6.2", "cftime"),
        ("cvxpy==1.3.2", "cvxpy"),
        ("faiss-cpu==1.7.4", "faiss"),
        ("gensim==4.3.2", "gensim.models"),
        ("h5py==3.8.0", "h5py"),
        ("matplotlib==3.7.2", "matplotlib.pyplot"),
        ("ml_dtypes==0.2.0", "ml_dtypes"),
        ("netCDF4==1.6.4", "netCDF4"),
        ("numba==0.58.1", "numba"),
        ("numexpr==2.8.4", "numexpr"),
        ("opencv-python-headless==4.8.0.76", "cv2"),
        ("pandas==1.5.3", "pandas"),
        ("pyarrow==14.0.2", "pyarrow"),
        ("pyerfa==2.0.0.3", "erfa"),
        ("pyogrio==0.6.0", "pyogrio"),
        ("rasterio==1.3.8.post1", "rasterio"),
        ("scikit-image==0.21.0", "skimage.measure"),
        ("scikit-learn==1.3.0", "sklearn.linear_model"),
        ("scipy==1.9.3", "scipy.stats"),
        ("scs==3.2.3", "scs"),
        ("shap==0.42.1", "shap"),
        ("spacy==3.6.1", "spacy"),
        ("statsmodels==0.14.0", "statsmodels.api"),
        ("tables==3.8.0", "tables"),
        ("thinc==8.1.12", "thinc.api"),
    ],
    ("3.12", "2.5.5"): [
        ("Bottleneck==1.3.8", "bottleneck"),
        ("cftime==1.6.3", "cftime"),
        ("faiss-cpu==1.8.0", "faiss"),
        ("h5py==3.10.0", "h5py"),
        ("numexpr==2.8.8", "numexpr"),
        ("opencv-python-headless==4.9.0.80", "cv2"),
        ("pandas==2.1.4", "pandas"),
        ("pyarrow==14.0.2", "pyarrow"),
        ("pyerfa==2.0.1.1", "erfa"),
        ("rasterio==1.3.9", "rasterio"),
        ("scipy==1.11.4", "scipy.stats"),
        ("shapely==2.0.3", "shapely"),
        ("statsmodels==0.14.1", "statsmodels.api"),
        ("tables==3.9.2", "tables"),
        ("thinc==8.2.3", "thinc.api"),
    ],
    ("3.12", "1.26.4"): [
        ("pyarrow==26.0.1", "pyarrow"),
    ],
}
ACCEPTED = {
    ("3.9", "2.0.2"): [
        ("contourpy==1.1.0", "contourpy"),
        ("fiona==1.9.4", "fiona"),
        ("numcodecs==0.11.0", "numcodecs"),
        ("polars==0.19.0", "polars"),
        ("pyproj==3.6.0", "pyproj"),
        ("rapidfuzz==3.2.0", "rapidfuzz"),
        ("shapely==1.8.5", "shapely.geometry"),
        ("srsly==2.4.7", "srsly"),
        ("tokenizers==0.13.3", "tokenizers"),
        ("xgboost==1.7.6", "xgboost"),
    ],
    ("3.9", "1.26.4"): [
        ("cftime==1.6.2", "cftime"),
        ("h5py==3.8.0", "h5py"),
        ("pandas==1.5.3", "pandas"),
        ("rasterio==1.3.8.post1", "rasterio"),
        ("thinc==8.1.12", "thinc.api"),
    ],
    ("3.12", "2.5.5"): [
        ("blosc2==4.14.1", "blosc2"),
        ("bottleneck==1.6.0", "bottleneck"),
        ("cftime==1.6.6.1", "cftime"),
        ("contourpy==1.4.0", "contourpy"),
        ("faiss-cpu==1.15.1", "faiss"),
        ("gensim==4.4.0", "gensim.models"),
        ("h5py==3.16.0", "h5py"),
        ("hdbscan==0.8.44", "hdbscan"),
        ("lightgbm==4.7.0", "lightgbm"),
        ("matplotlib==3.11.2", "matplotlib.pyplot"),
        ("netCDF4==1.7.5.1.post1", "netCDF4"),
        ("numexpr==2.14.2", "numexpr"),
        ("onnxruntime==1.32.0", "onnxruntime"),
        ("opencv-python-headless==5.0.0.93", "cv2"),
        ("pandas==3.1.1", "pandas"),
        ("pyarrow==26.0.1", "pyarrow"),
        ("pyerfa==2.0.1.5", "erfa"),
        ("pywavelets==1.10.0", "pywt"),
        ("scikit-learn==1.9.1", "sklearn.linear_model"),
        ("scipy==1.18.1", "scipy.stats"),
        ("shapely==2.2.0", "shapely"),
        ("statsmodels==0.15.0", "statsmodels.api"),
        ("tables==3.11.1", "tables"),
        ("thinc==9.1.1", "thinc.api"),
        ("tokenizers==0.23.3", "tokenizers"),
    ],
    ("3.12", "1.26.4"): [
        ("blosc2==4.14.1", "blosc2"),
        ("cftime==1.6.6.1", "cftime"),
        ("h5py==3.16.0", "h5py"),
        ("matplotlib==3.8.4", "matplotlib.pyplot"),
        ("opencv-python-headless==5.0.0.93", "cv2"),
        ("pandas==2.1.4", "pandas"),
        ("pyarrow==16.1.0", "pyarrow"),
        ("rasterio==1.3.11", "rasterio"),
        ("shapely==2.0.3", "shapely"),
        ("thinc==8.2.3", "thinc.api"),
    ],
}
# What cannot be imported by itself, whatever NumPy there is.
NOT_ALONE = {
    "cv2.cv2": "cv2 loads it under another name",
    "scipy.linalg._matfuncs_sqrtm_triu": "it and its package import each other",
}
# Nothing fails when these are imported; it does when they are given an array.
IMPORTS_ALL_THE_SAME = [("3.9", "2.0.2", "onnxruntime==1.15.1", "onnxruntime")]


def rows(table: dict[tuple[str, str], list[tuple[str, str]]]) -> list[tuple[str, str, str, str]]:
    return [(python, numpy, *row) for (python, numpy), several in table.items() for row in several]


@pytest.mark.parametrize(("python", "numpy", "requirement", "module"), rows(REFUSED))
def test_what_we_refuse_fails_to_import(tmp_path: Path, python: str, numpy: str, requirement: str, module: str) -> None:
    folder = installed(tmp_path, python, requirement, beside=f"numpy=={numpy}")
    files = files_of(folder, requirement)

    refused = errors_in(judged(files, python, numpy))

    assert refused
    assert {one.goes_with for one in refused} <= {"numpy<2", "numpy>=2.0"}
    outcomes = imported(folder, python, [module, *modules_of(files)])
    assert outcomes[module] or any(outcomes.values()), "everything is imported all the same"


@pytest.mark.parametrize(("python", "numpy", "requirement", "module"), rows(ACCEPTED))
def test_what_we_accept_is_imported(tmp_path: Path, python: str, numpy: str, requirement: str, module: str) -> None:
    folder = installed(tmp_path, python, requirement, beside=f"numpy=={numpy}")
    files = files_of(folder, requirement)

    findings = judged(files, python, numpy)

    assert errors_in(findings) == ()
    excused = set(modules_of([file for file in files if file.path in {one.path for one in findings}]))
    outcomes = imported(folder, python, [module, *(set(modules_of(files)) - excused - NOT_ALONE.keys())])
    assert {name: error for name, error in outcomes.items() if error} == {}


@pytest.mark.parametrize(("python", "numpy", "requirement", "module"), IMPORTS_ALL_THE_SAME)
def test_what_we_refuse_though_it_is_imported(
    tmp_path: Path, python: str, numpy: str, requirement: str, module: str
) -> None:
    folder = installed(tmp_path, python, requirement, beside=f"numpy=={numpy}")

    assert errors_in(judged(files_of(folder, requirement), python, numpy))
    assert imported(folder, python, [module]) == {module: ""}


def judged(files: tuple[BinaryFile, ...], python: str, numpy: str) -> tuple[Finding, ...]:
    """What is said about NumPy; Lambda's Python 3.9 has an older glibc than the machine of the tests."""
    found = judge_binaries({"": files}, Target.parse(f"python{python}"), releases={"numpy": Version(numpy)})[""]
    return tuple(one for one in found if one.concern is Concern.RELEASE)


def modules_of(files: list[BinaryFile] | tuple[BinaryFile, ...]) -> list[str]:
    """The modules whose contents say something about NumPy."""
    paths = [one.path for one in files if isinstance(one.binary, ElfFacts) and one.binary.companions]
    return [path.partition(".")[0].replace("/", ".") for path in paths if re.search(r"\.(cpython-\S+|abi3)\.so$", path)]
