"""`walkback export`: a package of data that gives the same figures again, and gives nobody away."""

import hashlib
import json
import re
import shutil
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests import worlds
from tests.analysis.scorers.test_transformer import model_in
from tests.cli.command import walkback
from tests.worlds import add, post

import walkback as notebook
from walkback.case import load_case
from walkback.store import PACKAGE_FILES, Store

START = datetime(2023, 7, 25, tzinfo=UTC)
CASE = worlds.CASE.replace("[query]", "synthetic = true\n[query]").replace(
    "[[events]]", '[query.control]\nany = ["webcam"]\n[[events]]', 1
)
# What needs no words.
FIGURES = (
    "series",
    "series_by_source",
    "measures_by_source",
    "counterfactual",
    "change",
    "phases",
    "shape",
    "effects",
    "verdict",
    "checks",
    "coverage",
    "changepoints",
)


@pytest.fixture
def case(tmp_path):
    """A case file with a store of nine hundred posts, some of the control topic, some with neither."""
    file = tmp_path / "zoom.toml"
    file.write_text(CASE)
    case = load_case(file)
    posts = [
        post(
            id=str(number),
            source="x" if number % 3 else "reddit",
            author=f"{number % 40:032x}",
            created_at=START + timedelta(minutes=47 * number),
            text=_text(number),
            url=f"https://example.org/{number}",
        )
        for number in range(900)
    ]
    add(case, posts)
    Store(case.store_path).keep_label(case, ("x", "1"), "Ann Example", "negative", START)
    return case


def _text(number):
    if number % 10 == 7:
        return f"my webcam is broken {number}"
    if number % 10 == 8:
        return f"nothing to do with it {number}"
    return f"zoom is {'awful' if number % 2 else 'great'} quixotic{number % 50}"


def exported(case, *options):
    """The folder of a package, and what the command said."""
    done = walkback("export", case.path.name, "package", *options, folder=case.path.parent)
    assert done.returncode == 0, done.stderr
    return case.path.parent / "package", done.stdout


def no_longer_synthetic(case):
    """The same case, as of real posts."""
    case.path.write_text(CASE.replace("synthetic = true\n", ""))
    return load_case(case.path)


def test_it_gives_the_same_json_again(case):
    """Of the store, of the package at any later time, and what lies in it."""
    package, _ = exported(case)
    theirs = walkback("analyze", "package", "--json", folder=case.path.parent).stdout
    ours = walkback("analyze", "zoom.toml", "--json", folder=case.path.parent).stdout

    assert theirs == (package / "analysis.json").read_text()
    made_at = r'"generated_at": "[^"]+"'
    assert re.sub(made_at, "", theirs) == re.sub(made_at, "", ours)
    assert json.loads(theirs)["synthetic"] is True


def test_of_x_go_ids_and_what_was_derived(case):
    """No word of X's is in any file; every figure that needs none is the same."""
    case = no_longer_synthetic(case)
    package, told = exported(case)
    posts = pq.read_table(package / "post.parquet").to_pylist()
    theirs = json.loads((package / "analysis.json").read_text())
    ours = json.loads(walkback("analyze", "zoom.toml", "--json", folder=case.path.parent).stdout)

    assert "of x ids" in told
    assert all(each["text"] == "" and each["url"] is None for each in posts if each["source"] == "x")
    assert all(
        "quixotic" in each["text"] for each in posts if each["source"] == "reddit" and each["text"][0] == "z"
    )
    assert {name: theirs[name] for name in FIGURES} == {name: ours[name] for name in FIGURES}
    assert theirs["totals"]["near_duplicates"] == ours["totals"]["near_duplicates"] > 0
    assert "Of x the words are left out" in (package / "README.md").read_text()


def test_ids_only_holds_for_every_source(case):
    """Nothing that anybody wrote is in any file's columns."""
    package, told = exported(no_longer_synthetic(case), "--ids-only")
    texts = {each["text"] for each in pq.read_table(package / "post.parquet").to_pylist()}

    assert "of all of them ids" in told
    assert texts == {""}
    assert not any(b"quixotic" in file.read_bytes() for file in package.iterdir())


def test_what_does_not_belong_to_the_case_stays(case):
    """Posts that match neither topic, the store's pseudonyms, coders' names, times of fetching."""
    package, _ = exported(case)
    posts = pq.read_table(package / "post.parquet")
    stored = {f"{number:032x}" for number in range(40)}

    assert not any("nothing to do" in text for text in posts["text"].to_pylist())
    assert any("webcam" in text for text in posts["text"].to_pylist())
    authors = set(posts["author"].to_pylist())
    assert len(authors) == 36  # four wrote of neither topic
    assert not authors & stored
    assert "fetched_at" not in posts.schema.names
    assert pq.read_table(package / "label.parquet")["coder"].to_pylist() == ["coder 1"]
    assert not any(b"Ann Example" in file.read_bytes() for file in package.iterdir())


def test_pseudonyms_are_the_cases_own(case, tmp_path):
    """Another query, other pseudonyms: packages of two cases can't be joined by author."""
    package, _ = exported(case)
    authors = set(pq.read_table(package / "post.parquet")["author"].to_pylist())
    package.rename(tmp_path / "first")
    again, _ = exported(case)
    case.path.write_text(CASE.replace('any = ["zoom"]', 'any = ["zoom", "acme"]'))
    again.rename(tmp_path / "second")
    other, _ = exported(load_case(case.path))

    assert set(pq.read_table(tmp_path / "second" / "post.parquet")["author"].to_pylist()) == authors
    assert not set(pq.read_table(other / "post.parquet")["author"].to_pylist()) & authors


def test_the_same_store_gives_the_same_files(case, tmp_path):
    """Byte for byte, but for when it was made."""
    first, _ = exported(case)
    first.rename(tmp_path / "first")
    second, _ = exported(case)

    for name in PACKAGE_FILES:
        assert (tmp_path / "first" / name).read_bytes() == (second / name).read_bytes()


def test_every_file_is_described_and_sealed(case):
    """With its hash, its size, and what each column means."""
    package, _ = exported(case)
    descriptor = json.loads((package / "datapackage.json").read_text())
    resources = {one["path"]: one for one in descriptor["resources"]}

    assert set(resources) == {path.name for path in package.iterdir()} - {"datapackage.json"}
    for name, one in resources.items():
        content = (package / name).read_bytes()
        assert one["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert one["bytes"] == len(content)
    assert resources["sentiment.parquet"]["rows"] == len(pq.read_table(package / "sentiment.parquet"))
    assert descriptor["walkback"]["scorer"] == {"name": "vader", "version": "3.3.2"}


def test_a_codebook_and_a_lexicon_go_along(case):
    """And are what the package is analysed with."""
    (case.path.parent / "mine.tsv").write_text("quixotic1\t3.0\n")
    book = '[odd]\ntitle = "Odd"\nsource = "us"\nwords = ["quixotic1"]\n'
    (case.path.parent / "words.toml").write_text(book)
    options = '[scorer]\nlexicon = "mine.tsv"\n[themes]\ncodebook = "words.toml"\n'
    case.path.write_text(CASE + options)
    package, _ = exported(load_case(case.path))
    for name in ("mine.tsv", "words.toml"):
        (case.path.parent / name).unlink()
    theirs = json.loads(walkback("analyze", "package", "--json", folder=case.path.parent).stdout)

    assert theirs["scorer"]["name"] == "vader+mine"
    assert [each["name"] for each in theirs["concerns"]] == ["odd"]
    assert not (package / "codebook.toml").exists()


def test_a_models_scores_go_along_and_its_weights_are_not_needed(case):
    """Whatever folder it is in; on a machine that doesn't have it the figures are the same."""
    model = case.path.parent / "models" / "tiny"
    model.parent.mkdir()
    model_in(model)
    case.path.write_text(CASE + '[scorer]\nmodel = "models/tiny"\n')
    package, _ = exported(load_case(case.path))
    shutil.rmtree(model.parent)
    theirs = walkback("analyze", "package", "--json", folder=case.path.parent)

    assert theirs.stdout == (package / "analysis.json").read_text()
    assert json.loads(theirs.stdout)["scorer"]["name"] == "tiny"
    assert len(notebook.open(package).posts()["compound"].dropna()) == len(notebook.open(package).posts())


def test_a_case_that_still_runs_stands_still_in_its_package(case):
    """Its window ends when the package was made."""
    case.path.write_text(CASE.replace("end = 2023-08-25\n", ""))
    package, _ = exported(load_case(case.path))
    theirs = walkback("analyze", "package", "--json", folder=case.path.parent).stdout

    assert theirs == (package / "analysis.json").read_text()


def test_a_notebook_and_a_report_open_it(case):
    """As they open a case."""
    package, _ = exported(case)
    done = walkback("report", "package", "--out", "out", "--format", "md", folder=case.path.parent)
    opened = notebook.open(package)

    assert done.returncode == 0, done.stderr
    assert "Synthetic posts" in (case.path.parent / "out" / "report.md").read_text()
    assert opened.analysis().totals.posts == len(opened.posts()) > 0
    assert list(opened.sql("SELECT DISTINCT via FROM post")["via"]) == ["package"]


@pytest.mark.parametrize("name", ["post.parquet", "zoom.toml", "sentiment.parquet"])
def test_a_changed_or_missing_file_is_told(case, name):
    """By its name, and nothing is analysed."""
    package, _ = exported(case)
    with (package / name).open("ab") as file:
        file.write(b"\n")
    changed = walkback("analyze", "package", folder=case.path.parent)
    (package / name).unlink()
    missing = walkback("analyze", "package", folder=case.path.parent)

    assert (changed.returncode, missing.returncode) == (2, 2)
    assert f"package/{name}: is not as it was sealed" in changed.stderr
    assert f"package/{name}: is missing" in missing.stderr


def reseal(package, **changes):
    """What a stranger can do: change files, and seal them anew."""
    descriptor = json.loads((package / "datapackage.json").read_text())
    for one in descriptor["resources"]:
        one["hash"] = f"sha256:{hashlib.sha256((package / one['path']).read_bytes()).hexdigest()}"
    descriptor["walkback"] |= changes
    (package / "datapackage.json").write_text(json.dumps(descriptor))


def test_a_strangers_package_reads_nothing_outside(case, tmp_path):
    """Neither by the descriptor's names nor by the case file's."""
    package, _ = exported(case)
    secret = tmp_path / "secret.toml"
    secret.write_text("[secret]\n")
    (package / "zoom.toml").write_text(CASE + '[themes]\ncodebook = "../secret.toml"\n')
    reseal(package)
    by_case = walkback("analyze", "package", folder=tmp_path)
    reseal(package, case="../zoom.toml")
    by_name = walkback("analyze", "package", folder=tmp_path)

    assert (by_case.returncode, by_name.returncode) == (2, 2)
    assert "../secret.toml lies in another folder" in by_case.stderr
    assert "is not sealed" in by_name.stderr


@pytest.mark.parametrize(
    "broken",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"resources": [{"path": 7, "hash": 7}], "walkback": {"case": 7}, "created": "2023-01-01T00:00Z"}',
        b'{"resources": [], "walkback": {"case": "zoom.toml"}, "created": "2023-01-01"}',
        b'{"resources": [], "walkback": {"case": "zoom.toml"}, "created": 2023}',
    ],
)
def test_a_broken_descriptor_is_told(case, broken):
    """Whatever stands in it."""
    package, _ = exported(case)
    (package / "datapackage.json").write_bytes(broken)
    done = walkback("analyze", "package", folder=case.path.parent)

    assert done.returncode == 2, done.stderr
    assert "Get the package anew" in done.stderr


@pytest.mark.parametrize(
    "content",
    [b"no parquet", pa.table({"other": [1]}), pa.table({"source": ["x"], "id": [None]})],
    ids=["bytes", "columns", "nulls"],
)
def test_a_file_that_does_not_fit_is_told(case, content):
    """Though it is sealed."""
    package, _ = exported(case)
    if isinstance(content, bytes):
        (package / "post.parquet").write_bytes(content)
    else:
        pq.write_table(content, package / "post.parquet")
    reseal(package)
    done = walkback("analyze", "package", folder=case.path.parent)

    assert done.returncode == 2
    assert "package/post.parquet: does not fit" in done.stderr


def test_nothing_is_written_over_and_nothing_lies_around(case):
    """A folder that is there is left as it is; one that can't be written is told."""
    package, _ = exported(case)
    before = (package / "datapackage.json").read_bytes()
    again = walkback("export", "zoom.toml", "package", folder=case.path.parent)
    no_folder = walkback("export", "zoom.toml", "zoom.toml/package", folder=case.path.parent)
    empty = walkback("analyze", ".", folder=case.path.parent)

    assert (again.returncode, no_folder.returncode, empty.returncode) == (2, 1, 2)
    assert "exists already" in again.stderr
    assert "can't be written" in no_folder.stderr
    assert "Name a case file or a package" in empty.stderr
    assert (package / "datapackage.json").read_bytes() == before
    assert not list(case.path.parent.glob(".package*"))
