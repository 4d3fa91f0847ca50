"""The sandbox's answers against what the platforms really sent: no field or type of its own.

Recorded traffic and lexicons are read from the shared data; where they come from is told there.
"""

import base64
import gzip
import json
from collections import defaultdict

import pytest
import requests
import yaml
from tests.collectors.sandboxes import END, START, sandbox, world

X_FIELDS = (
    "created_at,author_id,lang,conversation_id,in_reply_to_user_id,referenced_tweets,public_metrics,"
    "entities,edit_history_tweet_ids,possibly_sensitive"
)
WINDOW = f"start_time={START:%Y-%m-%dT%H:%M:%SZ}&end_time={END:%Y-%m-%dT%H:%M:%SZ}"


def kind(value):
    """A JSON value's type; whole and broken numbers are one."""
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__


def shape(values):
    """The types of every path in JSON values: {"author.did": {"str"}}."""
    paths = defaultdict(set)

    def walk(value, path):
        paths[path].add(kind(value))
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, f"{path}.{name}")
        if isinstance(value, list):
            for inner in value:
                walk(inner, f"{path}[]")

    for value in values:
        walk(value, "")
    return paths


def strangers(ours, theirs):
    """Paths and types that are in ours and were not recorded."""
    known = shape(theirs)
    return {path: types - known[path] for path, types in shape(ours).items() if types - known[path]}


@pytest.fixture(scope="module")
def cassettes(shared_data):
    """The folder of recorded traffic."""
    return shared_data / "cassettes"


@pytest.fixture(scope="module")
def ask():
    """Ask the sandbox; the answer's JSON."""
    with sandbox().running() as platforms:

        def asked(host, path, token="x", **how):  # noqa: S107  # a scheme's letter
            method = how.pop("method", "GET")
            headers = {"Host": host, "Authorization": f"Bearer {token}"}
            answer = requests.request(method, platforms.address + path, headers=headers, timeout=10, **how)
            answer.raise_for_status()
            platforms._clock.sleep(2)  # noqa: SLF001
            return answer.json()

        asked.address = platforms.address
        yield asked


def lines(path):
    """A JSON lines file."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def praw_bodies(folder):
    """Every JSON body that Reddit sent."""
    for path in sorted(folder.glob("*.json")):
        for interaction in json.loads(path.read_text())["interactions"]:
            body = interaction["response"]["body"]
            text = body.get("string") or ""
            if body.get("base64_string"):
                text = gzip.decompress(base64.b64decode(body["base64_string"])).decode()
            if text[:1] in {"{", "["}:
                yield json.loads(text)


def things(value, wanted):
    """The data of every Reddit thing of a kind, however deep."""
    if isinstance(value, list):
        return [found for inner in value for found in things(inner, wanted)]
    if not isinstance(value, dict):
        return []
    here = [value["data"]] if value.get("kind") == wanted and isinstance(value.get("data"), dict) else []
    return here + [found for inner in value.values() for found in things(inner, wanted)]


def flat(thing):
    """A thing without the things in it."""
    return {name: value for name, value in thing.items() if name not in {"replies", "children"}}


def test_x_search(ask, cassettes):
    """Posts and a page's meta."""
    recorded = [
        page
        for name in ("noflat", "two_tweets", "quoted_edit", "edited")
        for page in lines(cassettes / f"twarc_csv/{name}.jsonl")
    ]
    recorded += lines(cassettes / "twarc_csv/flat.jsonl")
    posts = [
        post
        for page in recorded
        for post in (page["data"] if isinstance(page.get("data"), list) else [page.get("data", page)])
    ]
    page = ask(
        "api.twitter.com", f"/2/tweets/search/all?query=zoom&max_results=100&{WINDOW}&tweet.fields={X_FIELDS}"
    )

    assert page["data"]
    found = strangers(page["data"], posts)
    # The recordings are older than the count of views (docs.x.com, "Metrics").
    assert not set(found) - {".public_metrics.impression_count"}, found
    assert strangers([page["meta"]], [one["meta"] for one in recorded if "meta" in one]) == {}


def test_x_counts(ask, cassettes):
    """Days and the total."""
    recorded = lines(cassettes / "twarc_csv/counts.jsonl")
    page = ask("api.twitter.com", f"/2/tweets/counts/all?query=zoom&granularity=day&{WINDOW}")

    assert page["data"]
    assert strangers([page["data"]], [one["data"] for one in recorded]) == {}


def test_reddit_listings_and_trees(ask, cassettes):
    """Submissions, comments, `more` and the listings around them."""
    recorded = list(praw_bodies(cassettes / "praw"))
    answer = requests.post(
        f"{ask.address}/api/v1/access_token",
        data={"grant_type": "client_credentials"},
        auth=("id", "secret"),
        headers={"Host": "www.reddit.com"},
        timeout=10,
    ).json()
    tokens = [body for body in recorded if isinstance(body, dict) and "access_token" in body]
    assert strangers([answer], tokens) == {}
    token = answer["access_token"]
    story = max(
        (post for post in world().posts if post.source == "reddit" and post.title),
        key=lambda post: post.engagement.replies,
    )
    made = [
        ask("oauth.reddit.com", f"/r/{story.place}/new?limit=100&raw_json=1", token),
        ask("oauth.reddit.com", f"/r/{story.place}/comments?limit=100&raw_json=1", token),
        ask("oauth.reddit.com", f"/comments/{story.id}?limit=5&sort=confidence&raw_json=1", token),
    ]
    more = things(made, "more")
    children = ",".join(more[0]["children"])
    form = {"children": children, "link_id": f"t3_{story.id}", "sort": "confidence", "api_type": "json"}
    added = ask("oauth.reddit.com", "/api/morechildren?raw_json=1", token, method="POST", data=form)
    made.append(added)

    for wanted in ("t3", "t1", "more", "Listing"):
        ours = [flat(thing) for thing in things(made, wanted)]
        assert ours
        found = strangers(ours, [flat(thing) for thing in things(recorded, wanted)])
        # Nothing in the recordings had been removed.
        assert not set(found) - {".removed_by_category"}, found
    assert strangers([{**added["json"]["data"], "things": []}], [{"things": []}]) == {}


def test_hackernews_hits(ask, cassettes):
    """Hits and what is around them."""
    recorded = [json.loads((cassettes / f"hn/{name}.json").read_text()) for name in ("1.1", "1.2")]
    page = ask("hn.algolia.com", "/api/v1/search_by_date?query=zoom&tags=(story,comment)&hitsPerPage=1000")

    assert page["hits"]
    hits = [hit for one in recorded for hit in one["hits"]]
    comments = [hit for hit in page["hits"] if hit["comment_text"]]
    assert comments
    assert strangers(comments, hits) == {}
    # No story was recorded: of theirs, the names alone can be held against something.
    assert {name for hit in page["hits"] for name in hit} <= {name for hit in hits for name in hit}
    assert set(page) <= set(recorded[0])


def test_mastodon_statuses(ask, cassettes):
    """Statuses of a hashtag timeline, the account in each."""
    recorded = []
    for name in ("test_hashtag_tl", "test_entity_status", "test_status_edit", "test_search"):
        for interaction in yaml.safe_load((cassettes / f"mastodon_py/{name}.yaml").read_text())[
            "interactions"
        ]:
            text = interaction["response"]["body"]["string"]
            text = text.decode() if isinstance(text, bytes) else text
            body = json.loads(text) if text[:1] in {"{", "["} else None
            found = body if isinstance(body, list) else [body]
            recorded += [one for one in found if isinstance(one, dict) and "content" in one]
    statuses = ask("mastodon.social", "/api/v1/timelines/tag/ZoomTOS?limit=40")

    assert statuses
    assert recorded
    assert strangers(statuses, recorded) == {}


def fits(value, schema, lexicon):
    """Where a value breaks a lexicon's schema: unknown or missing properties, wrong types."""
    if schema["type"] == "ref" and schema["ref"].startswith("#"):
        schema = lexicon["defs"][schema["ref"][1:]]
    types = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
    if schema["type"] in types and not isinstance(value, types[schema["type"]]):
        return [f"{value!r} is no {schema['type']}"]
    if schema["type"] == "array":
        return [fault for one in value for fault in fits(one, schema["items"], lexicon)]
    if schema["type"] != "object":
        return []
    known, required = schema["properties"], schema.get("required", [])
    faults = [f"{name} is unknown" for name in value if name not in known and name != "$type"]
    faults += [f"{name} is missing" for name in required if name not in value]
    for name in set(value) & set(known):
        faults += fits(value[name], known[name], lexicon)
    return faults


def test_bluesky_views(ask, cassettes):
    """By the lexicons: the search's answer, the views in it, the records in them."""
    read = {
        name: json.loads((cassettes / f"atproto/app.bsky.feed.{name}.json").read_text())
        for name in ("searchPosts", "defs", "post")
    }
    login = {"identifier": "a", "password": "b"}
    session = ask("bsky.social", "/xrpc/com.atproto.server.createSession", method="POST", json=login)
    path = (
        "/xrpc/app.bsky.feed.searchPosts?q=zoom&sort=latest&limit=100"
        f"&since={START:%Y-%m-%dT%H:%M:%SZ}&until={END:%Y-%m-%dT%H:%M:%SZ}"
    )
    page = ask("bsky.social", path, session["accessJwt"])

    assert page["posts"]
    search = read["searchPosts"]["defs"]["main"]
    assert fits(page, search["output"]["schema"], read["searchPosts"]) == []
    for view in page["posts"]:
        assert fits(view, read["defs"]["defs"]["postView"], read["defs"]) == []
        assert fits(view["record"], read["post"]["defs"]["main"]["record"], read["post"]) == []
    assert set(search["parameters"]["properties"]) >= {"q", "sort", "since", "until", "limit", "cursor"}
