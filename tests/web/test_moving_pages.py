"""Running deals in the browser: where they stand, moved to another version, acted on by the many, undone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from kniga.people.models import User
from kniga.platform import clock
from kniga.processes.acts.acting import carry_out
from kniga.processes.diagrams import instance_queries
from kniga.processes.models import BulkAct, Instance, ProcessVersion
from kniga.processes.services import cancel_instance
from kniga.processes.versions.publishing import upload_version
from kniga.web.processes import running_views
from kniga.web.processes.act_words import why_in_words
from tests.processes.conftest import NOW
from tests.processes.moving import KEY, publish_second, run_deals, two_teams
from tests.processes.test_process_command import STUCK

Team = tuple[User, User, User]


@pytest.fixture
def team(db: None) -> Team:
    head, first, second = two_teams()
    run_deals([first, second], 8, head)
    return head, first, second


def browser(user: User, language: str = "en") -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(user)
    return client


def page(user: User, path: str, language: str = "en") -> str:
    answer = browser(user, language).get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def send(user: User, path: str, **form: Any) -> tuple[int, str, str]:
    answer = browser(user).post(path, form)
    return answer.status_code, answer.headers.get("Location", ""), answer.content.decode()


def work_off() -> None:
    """What a worker does."""
    act = BulkAct.objects.latest("pk")
    carry_out(act_id=act.pk, clock=clock.now)


def prepare_move(head: User) -> str:
    publish_second()
    status, where, _html = send(head, f"/processes/{KEY}/move/", source="1", reason="new book")
    assert status == 302
    return where


def test_everybody_sees_where_the_own_deals_stand(team: Team) -> None:
    head, first, _second = team
    html = page(head, f"/processes/{KEY}/running/")
    assert "8 deals" in html and "By step" in html and "Do something with them" in html
    own = page(first, f"/processes/{KEY}/running/")
    assert "4 deals" in own and "Do something with them" not in own
    assert page(head, f"/processes/{KEY}/running/?element=offer").count('name="instance"') == 2
    assert "No running deals here" in page(head, f"/processes/{KEY}/running/?status=suspended&overdue=on&team=x")
    assert "Где стоят сделки" in page(head, f"/processes/{KEY}/running/", "ru")


def test_turning_the_page_counts_nothing_anew(team: Team, monkeypatch: pytest.MonkeyPatch, sql_log: Any) -> None:
    head, _first, _second = team
    monkeypatch.setattr(instance_queries.running_instances, "__kwdefaults__", {"cursor": None, "limit": 5})
    html = page(head, f"/processes/{KEY}/running/?element=offer&team=x")
    assert "2 deals" in html
    html = page(head, f"/processes/{KEY}/running/")
    after = re.findall(r"\?after=([^\"]+)\"", html)[0]
    with sql_log() as log:
        html = page(head, f"/processes/{KEY}/running/?after={after}")
    assert html.count('name="instance"') == 3 and "Deals, continued" in html and "Do something with them" in html
    assert not [sql for sql in log.statements if "LIMIT 10001" in sql or "count(DISTINCT" in sql]


def test_of_very_many_people_one_chooses_the_team_first(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    head, first, _second = team
    assert 'name="owner"' in page(head, f"/processes/{KEY}/running/")
    monkeypatch.setattr(running_views, "MOST_PEOPLE", 2)
    monkeypatch.setattr(running_views, "MOST_COUNTED", 3)
    html = page(head, f"/processes/{KEY}/running/")
    assert 'id="owner"' not in html and "More than 3 deals" in html
    User.objects.create_user("mate@example.com", name="Mate", role="rep", branch=first.branch, team=first.team)
    assert "Mate" in page(head, f"/processes/{KEY}/running/?team={first.team_id}")


def test_the_head_moves_deals_looks_and_undoes(team: Team) -> None:
    head, _first, _second = team
    where = prepare_move(head)
    html = page(head, where)
    text = text_of(html)
    assert "Fits: 4" in text and "Needs a choice: 4" in text and "nothing similar: was it removed?" in text
    assert "several are similar: was it split?" in text and "the most similar: 69 %" in text
    status, again, _html = send(head, f"{where}settle/", **{"act": "change", "to:visit": "proposal", "reason": "why"})
    assert (status, again) == (302, where)
    assert "Fits: 6" in text_of(page(head, where))
    row = BulkAct.objects.get().rows.filter(status="choice").earliest("pk")
    form = {"act": "change", f"row:{row.pk}:contract": "sign", "row:x:contract": "sign", "reason": "why"}
    send(head, f"{where}settle/", **form)
    assert "Fits: 7" in text_of(page(head, where))
    for seen in ("the mapping has changed since it was tried", "it is what was shown"):
        assert "Being carried out" not in page(head, where), seen
        send(head, f"{where}settle/", **{"act": "carry_out", "to:contract": "draft", "reason": "why"})
    working = page(head, where)
    assert "Being carried out" in working and 'hx-trigger="every 1s"' in working
    work_off()
    done = page(head, where)
    assert "Done: 8" in text_of(done) and 'hx-trigger="every 1s"' not in done
    assert set(Instance.objects.values_list("version__number", flat=True)) == {2}
    status, _where, refused = send(head, f"{where}settle/", act="undo", reason=" ")
    assert status == 422 and "Say why" in refused
    send(head, f"{where}settle/", act="undo", reason="too early")
    work_off()
    assert "Taken back: 8" in text_of(page(head, f"{where}?show=undone"))
    assert "too early" in page(head, where)
    assert "Move to another version" in page(head, f"/processes/{KEY}/move/")


def test_what_cannot_become_something_is_refused_on_the_page(team: Team) -> None:
    head, _first, _second = team
    where = prepare_move(head)
    status, _where, html = send(head, f"{where}settle/", **{"act": "change", "to:visit": "won"})
    assert status == 422 and "it is another kind of element" in html
    status, _where, html = send(head, f"/processes/{KEY}/move/", source="9")
    assert status == 422 and "no such version" in html


def test_many_are_stopped_after_a_look_at_what_would_happen(team: Team) -> None:
    head, first, _second = team
    path = f"/processes/{KEY}/running/act/"
    status, _where, html = send(head, path, kind="cancel", reason="")
    assert status == 422 and "Say why" in html
    status, where, _html = send(head, path, kind="cancel", reason="season", element="offer")
    assert status == 302
    text = text_of(page(head, where))
    assert "nothing is done yet" in text and "Fits: 2" in text and "Stop 2 deals" in text
    send(head, f"{where}settle/", act="drop")
    assert not BulkAct.objects.exists()
    ticked = list(Instance.objects.values_list("pk", flat=True)[:3])
    _status, where, _html = send(head, path, kind="send", reason="again", to_step="call", instance=ticked)
    html = page(head, where)
    assert "Step they are sent to" in html and "3 chosen deals" in html and "Send 3 deals to the step" in html
    assert "3 выбранные сделки" in page(head, where, "ru")
    send(head, f"{where}settle/", act="carry_out")
    work_off()
    assert "Done: 3" in text_of(page(head, where))
    assert browser(first).get(where).status_code == 403


def test_nothing_ticked_never_means_all_of_them(team: Team) -> None:
    head, _first, _second = team
    path = f"/processes/{KEY}/running/act/"
    html = page(head, f"/processes/{KEY}/running/")
    assert "Preview for all: 8 deals" in html and '<option value="cancel" selected' not in html
    status, _where, html = send(head, path, kind="cancel", reason="x", whom="ticked")
    assert status == 422 and "No deal is ticked" in html and not BulkAct.objects.exists()
    assert send(head, path, kind="", reason="x", whom="all")[0] == 422
    ticked = list(Instance.objects.values_list("pk", flat=True)[:3])
    _status, _where, html = send(head, path, kind="cancel", reason="", whom="ticked", instance=ticked)
    assert html.count(" checked") == 3
    _status, where, _html = send(head, path, kind="cancel", reason="x", whom="all", instance=ticked)
    html = page(head, where)
    assert "Stop 8 deals" in html and "k-button--danger" in html and "chosen deal" not in html


def test_many_deals_are_started_after_a_look(team: Team) -> None:
    head, first, _second = team
    assert "Start for deals that run nothing" in page(head, f"/processes/{KEY}/running/")
    assert "Start for deals that run nothing" not in page(first, f"/processes/{KEY}/running/")
    path = f"/processes/{KEY}/running/act/"
    status, _where, html = send(head, path, kind="start", reason="season")
    assert status == 422 and "No open deal without a process meets this choice." in html
    for instance in Instance.objects.filter(deal__owner=first):
        cancel_instance(instance_id=instance.pk, reason="x", by=head, now=clock.now())
    status, where, _html = send(head, path, kind="start", reason="season", to_step="offer", team=first.team_id)
    assert status == 302
    text = text_of(page(head, where))
    assert "Fits: 4" in text and "Prepare the offer" in text and "nothing is done yet" in text
    send(head, f"{where}settle/", act="carry_out")
    work_off()
    assert "Done: 4" in text_of(page(head, f"{where}?show=done"))
    send(head, f"{where}settle/", act="undo", reason="too early")
    work_off()
    assert "Taken back: 4" in text_of(page(head, where))
    assert "Запустить для сделок, по которым ничего не идёт" in page(head, where, "ru")


def test_the_book_shows_the_verdict_and_the_way_to_what_is_wrong(team: Team) -> None:
    head, first, _second = team
    upload_version(xml=STUCK, note="", by=None, now=NOW)
    path = "/processes/stuck/1/"
    assert "not checked for publishing yet" in page(head, path)
    assert send(head, f"{path}check/")[0] == 302
    html = page(head, path)
    assert "Not sound" in html and "checked in" in html
    assert "Shown by: The start → " in html and "This file has no drawing" in html and "data-diagram" not in html
    assert send(head, f"{path}publish/")[0] == 422
    assert send(first, f"{path}check/")[0] == 403
    assert send(head, f"{path}retire/")[0] == 422


def test_a_way_to_what_is_wrong_is_picked_out_on_the_picture(team: Team) -> None:
    head, _first, _second = team
    upload_version(xml=drawn(STUCK), note="", by=None, now=NOW)
    html = page(head, "/processes/stuck/1/")
    assert "Show on the picture" in html and "data-marked" not in html and "Readable" in html
    number = re.search(r"\?problem=(\d+)", html)
    assert number is not None
    assert page(head, f"/processes/stuck/1/?problem={number[1]}").count("data-marked") >= 3


def test_the_head_retires_a_version(team: Team) -> None:
    head, _first, _second = team
    assert "Retire version 1" in page(head, f"/processes/{KEY}/1/")
    assert send(head, f"/processes/{KEY}/1/retire/", reason="season")[0] == 302
    assert ProcessVersion.objects.get(process__key=KEY).status == "retired"


def drawn(xml: bytes) -> bytes:
    """The same with a diagram: all in a row."""
    ids = ("s", "a", "x", "b", "c", "j", "e")
    shapes = "".join(
        f'<di:BPMNShape xmlns:di="{DI}" bpmnElement="{id}"><dc:Bounds xmlns:dc="{DC}" x="{place * 120}" y="10"'
        f' width="100" height="80"/></di:BPMNShape>'
        for place, id in enumerate(ids)
    )
    plane = f'<di:BPMNPlane bpmnElement="stuck">{shapes}</di:BPMNPlane>'
    diagram = f'<di:BPMNDiagram xmlns:di="{DI}">{plane}</di:BPMNDiagram></definitions>'
    return xml.replace(b"</definitions>", diagram.encode())


DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"


def test_what_the_engine_says_against_a_deal_is_said_in_the_language_of_the_page() -> None:
    why = {"code": "stranded", "params": {"element": "a", "join": "Both done"}, "text": "Sent to a alone"}
    with override("ru"):
        assert "навсегда застряла бы у «Both done»" in why_in_words(why, {})
    with override("en"):
        assert "wait for ever at “Both done”" in why_in_words(why, {})
        assert why_in_words({**why, "params": {}}, {}) == "Sent to a alone", "kept by another version"
        assert why_in_words({"code": "odd", "params": {}, "text": "as it was"}, {}) == "as it was"
        assert why_in_words({"code": "odd"}, {}) == "odd"
