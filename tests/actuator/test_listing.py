"""The listing over HTTP: pages, filters, connection types; and who may use it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from harness.errors import UsageError
from harness.platform.actuator.settings import ActuatorCodes, ActuatorSettings
from harness.platform.control.access import Access
from tests.actuator.serving import COMMAND, DEVICE, NETWORK, Acting, acting

TOKEN = "eyJhbGciOiJub25l.eyJzY29wZSI6ImRvd25saW5rIn0.x-_~+/="
CONTROL = "Bench-Control_Token.0123~"


def test_pages_of_all_connection_types(api: Acting) -> None:
    """limit and nextCursor, newest first as asked, SMS and HTTP in one listing."""
    for number in range(5):
        api.post("/downlinks", {"networkId": NETWORK, "message": [{"n": "n", "v": number}]})
        api.clock.advance(1)
        api.post("/sms/downlinks", {"networkId": NETWORK, "message": f"text {number}"})
        api.clock.advance(1)
    ids, path = [], "/downlinks?sort=-createdAt&limit=4"
    while path:
        page = api.get(path).json()
        ids += [entry["id"] for entry in page["content"]]
        path = page["nextCursor"] and f"/downlinks?cursor={quote(page['nextCursor'])}"
    newest_first = [f"{kind}-{number}" for number in range(5, 0, -1) for kind in ("sms", "dl")]
    assert ids == newest_first
    assert [entry["id"] for entry in api.listed("/sms/downlinks?limit=2")] == ["sms-1", "sms-2"]
    assert [entry["message"] for entry in api.listed("/downlinks?q=ext 3".replace(" ", "%20"))] == [
        "text 3"
    ]


def test_filters_by_device_and_by_moment(api: Acting) -> None:
    """deviceId on a connection's own resource, createdSince on the scenario clock."""
    api.post("/http/downlinks", {"networkId": NETWORK, "message": "one"})
    api.clock.advance(3600)
    uuid = "0b0e1f6e-7c44-4d0c-9f0e-0a5f2f3d9f11"
    api.post("/http/downlinks", {"deviceId": uuid, "message": "two", "tagValue": "fleet"})
    for query, ids in (
        (f"deviceId={DEVICE}", ["dl-1"]),
        (f"deviceId={uuid}", ["dl-2"]),
        ("createdSince=2023-11-14T23:13:20Z", ["dl-2"]),
        ("createdBefore=2023-11-15T00:13:20%2B01:00", ["dl-1"]),
        ("q=fleet", ["dl-2"]),
    ):
        assert [entry["id"] for entry in api.listed("/http/downlinks?" + query)] == ids


def test_the_listing_remembers_the_identity_of_a_removed_device(api: Acting) -> None:
    """Its downlink is FAILED, and still findable by networkId."""
    api.post("/downlinks", COMMAND)
    assert len(api.listed()) == 1
    api.platform.remove("tracker-1")
    (entry,) = api.listed(f"/downlinks?q={NETWORK}")
    assert entry["status"] == "FAILED"
    assert entry["transitions"][-1]["reason"] == "the device was removed"


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/downlinks?limit=0", 400, "from 1 to 1000"),
        ("/downlinks?colour=red", 400, "no parameter 'colour'"),
        ("/downlinks?deviceId=" + DEVICE, 400, "no parameter 'deviceId'"),
        ("/http/downlinks?deviceId=x", 400, "UUID"),
        ("/downlinks?createdBefore=2025-05-01T00:00:00+02:00", 400, "%2B"),
        ("/downlinks?q=a&q=b", 400, "twice"),
        ("/downlinks?q=", 400, "empty"),
        ("/downlinks?cursor=x", 400, "none of ours"),
        ("/lora/downlinks", 404, "no LoRa devices"),
        ("/digitalmatter/downlinks", 404, "no Digital Matter devices"),
    ],
)
def test_a_wrong_question_says_why(refusing: Acting, path: str, status: int, says: str) -> None:
    """The parameter and what would do."""
    answer = refusing.get(path)
    assert answer.status == status
    assert says in answer.error


def test_the_token_is_asked_for_when_it_is_configured() -> None:
    """401 without or with another one, 302 on the deprecated path, as documented for it; nothing
    is submitted, and the token is shown nowhere."""
    with acting(ActuatorSettings(token=TOKEN)) as api:
        for headers in ({}, {"Authorization": "Bearer other"}, {"Authorization": f"Basic {TOKEN}"}):
            refused = api.get("/downlinks", **headers)
            assert refused.status == 401
            assert refused.headers["www-authenticate"] == 'Bearer realm="actuator"'
            assert api.post("/api/actuator/downlinks", COMMAND, **headers).status == 302
        right = {"Authorization": f"bearer {TOKEN}"}
        assert api.post("/downlinks", COMMAND, **right).status == 201
        assert len(api.get("/downlinks", **right).json()["content"]) == 1
        shown = "".join(str(event.data) for event in api.timeline.events())
        assert TOKEN not in shown + repr(api.platform.settings) + str(api.platform.assumptions())


def test_its_token_and_that_of_the_control_address_are_two_things() -> None:
    """The Actuator API's own token opens it and nothing else; without one of its own, it is behind
    the control token like everything there."""
    access = Access(CONTROL)
    with acting(ActuatorSettings(token=TOKEN), access) as api:
        assert api.get("/downlinks", Authorization=f"Bearer {TOKEN}").status == 200
        assert api.get("/downlinks").status == 401
        assert api.ask("/api/downlinks", {"Authorization": f"Bearer {TOKEN}"}).status == 401
        assert api.ask("/api/downlinks", {"Authorization": f"Bearer {CONTROL}"}).status == 200
        assert api.ask("/actuatorx", {"Authorization": f"Bearer {TOKEN}"}).status == 401
    with acting(access=access) as api:
        assert api.get("/downlinks").status == 401
        assert api.get("/downlinks", Authorization=f"Bearer {CONTROL}").status == 200


def test_codes_and_prefix_are_settings() -> None:
    """What the documents do not say can be set otherwise."""
    codes = ActuatorCodes(created=202, wrong=422, unknown_device=400, unauthorised=302)
    with acting(ActuatorSettings(prefix="/things/v1/", codes=codes)) as api:
        for body, status in ((b"[]", 422), (b'[{"bn":"urn:dev:IMEI:1:"}]', 422)):
            answer = api.ask("/things/v1/downlinks", method="POST", body=body)
            assert answer.status == status
        assert api.ask("/actuator/downlinks").status == 404


@pytest.mark.parametrize("token", ["short", "x" * 20 + "\n", "x" * 5000, "ü" * 20])
def test_a_token_that_cannot_be_sent_is_refused(token: str) -> None:
    """The refusal does not repeat it."""
    with pytest.raises(UsageError) as refused:
        ActuatorSettings(token=token)
    assert token not in str(refused.value)


@pytest.mark.parametrize("prefix", ["", "/", "actuator", "/api", "/docs"])
def test_a_prefix_that_clashes_is_refused(prefix: str) -> None:
    """It may not hide the control API."""
    with pytest.raises(UsageError, match="prefix"):
        ActuatorSettings(prefix=prefix)


def test_it_is_described_among_the_other_routes(refusing: Acting) -> None:
    """OpenAPI has the resources with their query parameters."""
    described = refusing.ask("/openapi.json").json()["paths"]
    names = [one["name"] for one in described["/actuator/mqtt/downlinks"]["get"]["parameters"]]
    assert {"cursor", "limit", "sort", "q", "deviceId", "modifiedSince"} <= set(names)
    assert described["/actuator/api/actuator/downlinks"]["post"]["deprecated"] is True
