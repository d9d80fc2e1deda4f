"""The two public SDKs for Python use a token of the API, and read long lists to the end."""

import requests
from webexpythonsdk import WebexAPI
from wxc_sdk import WebexSimpleApi
from wxc_sdk.rest import RestSession

from scene import PERSON, READER, consent

ROOMS = 130
SCOPE = (
    "spark:people_read spark:rooms_read spark:rooms_write spark:memberships_read "
    "spark:memberships_write spark:messages_read spark:messages_write"
)


def judge(scene):
    with (
        scene.emulator() as provider,
        scene.server({"provider.apiBase": provider, "oauth.scope": SCOPE}) as server,
    ):
        consent(server.base)
        key = scene.make_key(server.config)
        answer = server.call(key, f"/people/{PERSON}/access-token")
        answer.raise_for_status()
        token = answer.json()["access_token"]
        titles = make_rooms(provider, token)
        by_webexpythonsdk(provider, token, titles)
        by_wxc_sdk(provider, token, titles)


def make_rooms(provider, token):
    titles = [f"Room {number}" for number in range(ROOMS)]
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        for title in titles:
            session.post(f"{provider}/rooms", json={"title": title}, timeout=30).raise_for_status()
    return sorted(titles)


def by_webexpythonsdk(provider, token, titles):
    webex = WebexAPI(access_token=token, base_url=f"{provider}/")
    message = webex.messages.create(toPersonEmail=READER, text="sent by the SDK")
    assert message.personEmail == PERSON, message
    assert webex.messages.get(message.id).text == "sent by the SDK"
    for size in (None, 7):
        rooms = list(webex.rooms.list(type="group", max=size))
        assert sorted(room.title for room in rooms) == titles, len(rooms)
    room = webex.rooms.update(rooms[0].id, title="Renamed")
    assert webex.rooms.get(room.id).title == "Renamed"
    reader = webex.people.list(email=READER).__iter__().__next__()
    membership = webex.memberships.create(room.id, personId=reader.id)
    assert len(list(webex.memberships.list(roomId=room.id, max=1))) == 2
    sent = [webex.messages.create(roomId=room.id, text=str(number)).id for number in range(5)]
    # The SDK sends `beforeMessage` again with each page.
    listed = webex.messages.list(roomId=room.id, beforeMessage=sent[4], max=2)
    assert [message.id for message in listed] == sent[3::-1]
    webex.messages.delete(sent[0])
    webex.memberships.delete(membership.id)
    webex.rooms.update(room.id, title=next(iter(set(titles) - {room.title for room in rooms[1:]})))
    webex.messages.delete(message.id)


def by_wxc_sdk(provider, token, titles):
    RestSession.BASE = provider
    with WebexSimpleApi(tokens=token) as webex:
        for size in ({}, {"max": 7}):
            rooms = list(webex.rooms.list(type_="group", **size))
            assert sorted(room.title for room in rooms) == titles, len(rooms)
        assert webex.people.me().emails == [PERSON]
        members = list(webex.membership.list(room_id=rooms[0].id))
        assert [member.person_email for member in members] == [PERSON]
        message = webex.messages.create(room_id=rooms[0].id, text="hello")
        assert [found.text for found in webex.messages.list(room_id=rooms[0].id)][0] == "hello"
        webex.messages.delete(message_id=message.id)
