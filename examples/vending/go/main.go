// The vending machine's participants in Go: inventory, payments or machine.
//
//	participant inventory --kafka HOST:PORT --postgres URL --example FOLDER
//
// The contract is docs/contract.md. participant.go is what any participant needs; this file is the
// vending machine's part.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/jackc/pgx/v5"
)

type object = map[string]any

func order(data object) (string, error) {
	if id, ok := data["order_id"].(string); ok {
		return id, nil
	}
	return "", notUnderstood("/order_id must be a string")
}

func number(data object, name string) (int64, error) {
	if n, ok := data[name].(json.Number); ok {
		if i, err := n.Int64(); err == nil {
			return i, nil
		}
	}
	return 0, notUnderstood("/" + name + " must be an integer")
}

func reserve(ctx context.Context, tx pgx.Tx, data object) (answer, error) {
	id, err := order(data)
	slot, err2 := number(data, "slot")
	if err != nil || err2 != nil {
		return answer{}, first(err, err2)
	}
	taken, err := tx.Exec(ctx, "update slot set stock = stock - 1 where no = $1 and stock > 0", slot)
	if err != nil || taken.RowsAffected() == 0 {
		return reply("declined", "vending.OutOfStock.v1", object{"order_id": id, "slot": slot}), err
	}
	_, err = tx.Exec(ctx, "insert into reservation values ($1, $2, $3)", "reservation-"+id, id, slot)
	return reply("ok", "vending.ItemReserved.v1",
		object{"order_id": id, "reservation_id": "reservation-" + id}), err
}

func release(ctx context.Context, tx pgx.Tx, data, _ object) error {
	id, err := order(data)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "with freed as (update reservation set released = true"+
		" where order_id = $1 and not released returning slot)"+
		" update slot set stock = stock + 1 from freed where slot.no = freed.slot", id)
	return err
}

func charge(ctx context.Context, tx pgx.Tx, data object) (answer, error) {
	id, err := order(data)
	amount, err2 := number(data, "amount_cents")
	if err != nil || err2 != nil {
		return answer{}, first(err, err2)
	}
	const cardLimit = 5000
	if data["currency"] != "EUR" || amount <= 0 || amount > cardLimit {
		return reply("declined", "vending.PaymentDeclined.v1",
			object{"order_id": id, "reason": "above the card's limit"}), nil
	}
	payment := "payment-" + id
	_, err = tx.Exec(ctx, "insert into payment values ($1, $2, $3)", payment, id, amount)
	a := reply("ok", "vending.PaymentCompleted.v1",
		object{"order_id": id, "payment_id": payment, "amount_cents": amount})
	a.effect = payment
	return a, err
}

func refund(ctx context.Context, tx pgx.Tx, data, charged object) error {
	id, err := order(data)
	if err != nil {
		return err
	}
	payment := charged["payment_id"]
	if payment == nil {
		payment = data["payment_id"]
	}
	_, err = tx.Exec(ctx, "insert into refund select id, amount_cents from payment"+
		" where id = $1 and order_id = $2", fmt.Sprint(payment), id)
	return err
}

func dispense(ctx context.Context, tx pgx.Tx, data object) (answer, error) {
	id, err := order(data)
	slot, err2 := number(data, "slot")
	if err != nil || err2 != nil {
		return answer{}, first(err, err2)
	}
	const jammed, slots = 39, 40
	if slot == jammed || slot < 1 || slot > slots {
		return reply("declined", "vending.DispenseFailed.v1",
			object{"order_id": id, "reason": "jammed"}), nil
	}
	_, err = tx.Exec(ctx, "insert into drink (order_id, slot) values ($1, $2)", id, slot)
	return reply("ok", "vending.DrinkDispensed.v1", object{"order_id": id}), err
}

var participants = map[string]participant{
	"inventory": {commands: map[string]command{"vending.ReserveItem.v1": reserve},
		undos: map[string]undo{"vending.ReleaseItem.v1": release}},
	"payments": {commands: map[string]command{"vending.ChargePayment.v1": charge},
		undos: map[string]undo{"vending.RefundPayment.v1": refund}},
	"machine": {commands: map[string]command{"vending.DispenseDrink.v1": dispense},
		undos: map[string]undo{"vending.CancelDispense.v1": nil}},
}

// One process creates the tables, the others wait for it.
func createTables(ctx context.Context, db *pgx.Conn, name, example string) error {
	fence, err := os.ReadFile(filepath.Join(example,
		"../../migrations/participant/001_participant.up.sql"))
	own, err2 := os.ReadFile(filepath.Join(example, name+".sql"))
	if err != nil || err2 != nil {
		return first(err, err2)
	}
	schema := "vending_" + name
	sql := "select pg_advisory_xact_lock(hashtext('vending " + name + "'));" +
		"create schema if not exists " + schema + "; set search_path = " + schema
	if _, err = db.Exec(ctx, sql); err != nil {
		return err
	}
	var missing bool
	err = db.QueryRow(ctx, "select to_regclass('fence') is null").Scan(&missing)
	if err != nil || !missing {
		return err
	}
	sql = string(fence) + string(own)
	if name == "inventory" {
		sql += "insert into slot select no, case no when 38 then 9900 else 100 + 10 * (no % 8) end," +
			" case no when 40 then 0 else 1000000000 end from generate_series(1, 40) no"
	}
	_, err = db.Exec(ctx, sql)
	return err
}

func main() {
	if len(os.Args) < 2 || participants[os.Args[1]].commands == nil {
		log.Fatal("usage: participant inventory|payments|machine --kafka A --postgres URL")
	}
	name := os.Args[1]
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	kafka := flags.String("kafka", "", "bootstrap servers")
	postgres := flags.String("postgres", "", "URL of the participant's database")
	prefix := flags.String("topic-prefix", "", "put before <name>.commands")
	example := flags.String("example", os.Getenv("SKALD_VENDING"), "folder of the vending example")
	_ = flags.Parse(os.Args[2:])
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	db, err := pgx.Connect(context.Background(), *postgres)
	if err == nil {
		err = createTables(ctx, db, name, *example)
	}
	if err == nil {
		p := participants[name]
		p.name = name
		err = p.run(ctx, db, *kafka, *prefix)
	}
	if err != nil {
		log.Fatal(err)
	}
}
