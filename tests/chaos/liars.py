"""Participants that fail on purpose: undos that fail, a drink that never fell, everything at once.

The faults are triggers in the participants' own databases: the programs are those of the demo."""
import json

import pgwire
from cases import Group
from installation import Place
from people import PARTICIPANT_ROW, with_participants
from processes import run as answer_of, until

SAGAS, RATE = 300, 100
ALL_AT_ONCE = ("--lose-command", "0.05", "--lose-reply", "0.05", "--answer-twice", "0.05",
               "--delay-reply", "0.05", "--delay-ms", "1000", "--die-before-commit", "0.02",
               "--die-after-commit", "0.02")
TEN_TIMES_SLOWER = ("--delay-reply", "1", "--delay-ms", "1200")
TRIES = 12  # of an undo; each fails with this chance, those of some orders always
FAILS, ALWAYS = 0.4, "abs(hashtext(new.payment_id)) % 6 = 0"

REFUNDS_FAIL = f"""
create function vending_payments.fail() returns trigger language plpgsql as $$
begin
  if {ALWAYS} or random() < {FAILS} then raise exception 'the bank is away'; end if;
  return new;
end $$;
create trigger fail before insert on vending_payments.refund
  for each row execute function vending_payments.fail()"""
REFUNDS_WORK = "drop trigger fail on vending_payments.refund"
MUST_BE_STUCK = f"""
select order_id from vending_payments.payment p cross join lateral (select p.id as payment_id) new
where starts_with(order_id, '%s') and {ALWAYS.replace("%", "%%")}
and not exists (select from vending_machine.drink d where d.order_id = p.order_id)"""

DRINKS_DO_NOT_FALL = """
create function vending_machine.lie() returns trigger language plpgsql as $$
begin
  if abs(hashtext(new.order_id)) % 20 = 0 then return null; end if;
  return new;
end $$;
create trigger lie before insert on vending_machine.drink
  for each row execute function vending_machine.lie()"""
LIED = """
select count(*) from vending_payments.payment p join vending_machine.fence f
  on f.step = 'dispense' and f.state = 'done'
  and convert_from(f.reply, 'UTF8')::json->>'order_id' = p.order_id
where not exists (select from vending_machine.drink d where d.order_id = p.order_id)"""


def run(around, report, wanted):
    group = Group(PARTICIPANT_ROW, report, wanted)
    place = Place(around, participants=False, undo_tries=TRIES)
    try:
        group.run("participants ten times as slow as they may be", place,
                  lambda: with_participants(place, TEN_TIMES_SLOWER))
        group.run("participants lose, repeat, delay and die, 5 % each", place,
                  lambda: with_participants(place, ALL_AT_ONCE))
        group.run("undos fail some times, and some always", place, lambda: failing_undos(place))
    finally:
        place.end()
    place = Place(around, participants=False)
    try:
        group.run("a machine says that the drink fell, and it did not", place, lambda: lies(place))
    finally:
        place.end()


def books(place, sql):
    return pgwire.ask(place.books_on.url(place.books), sql, 60)


def stuck(place):
    return sorted(row[0] for row in place.ask("select key from saga_text where facet = 'stuck'"))


def failing_undos(place):
    """The operator's list is exactly the undos that were tried in vain; a retry ends them all."""
    place.start_participants()
    service = place.serve()
    until("the books are there", lambda: books(
        place, "select to_regclass('vending_payments.refund') is not null")[0][0] == "t", 30)
    books(place, REFUNDS_FAIL)
    place.load(SAGAS, RATE, jams=0.4)

    def settled():
        open_ = place.number("select count(*) from saga where phase not in (3, 4)")
        return open_ + place.number("select count(*) from saga where phase in (3, 4)") == \
            place.expected and open_ == place.number("select count(*) from open where facet = 4")
    until("all others have ended", settled, 120, 0.2)
    begin, _ = place.orders[-1]
    listed = stuck(place)
    expected = sorted(row[0] for row in books(place, MUST_BE_STUCK % begin))
    wrong = [] if listed == expected else [
        f"the operator's list has {len(listed)} sagas, {len(expected)} undos failed for good: "
        f"{sorted(set(listed) ^ set(expected))[:5]}"]
    books(place, REFUNDS_WORK)
    if listed:
        code, out, err = place.skald("saga", "retry", "--facet", "stuck", "--definition", "vending",
                                     "--yes", "--reason", "the bank is back")
        if code:
            wrong.append(f"the retry was refused: {err or out}")
    wrong += place.drain()
    place.stop_participants()
    service.end()
    return wrong, [], f"{len(listed)} undos for the operator, ended by one retry"


def lies(place):
    """Nobody can tell a lie from the truth but who counts the money: it must find each."""
    place.start_participants()
    service = place.serve()
    until("the books are there", lambda: books(
        place, "select to_regclass('vending_machine.drink') is not null")[0][0] == "t", 30)
    books(place, DRINKS_DO_NOT_FALL)
    place.load(SAGAS, RATE)
    wrong = place.drain()
    lied = int(books(place, LIED)[0][0])
    place.lies = lied
    code, out, err = answer_of([place.program("vending_audit"), "--json"], place.environment(), 300)
    found = json.loads(out)["mistakes"] if out else -1
    if lied == 0 or found != lied:
        wrong.append(f"{lied} drinks did not fall, and the money's audit finds {found}: {err}")
    place.stop_participants()
    service.end()
    return wrong, [], f"{lied} lies, each found by the money's audit, none by the orchestrator"
