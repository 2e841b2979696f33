// The vending machine's participants in Go: inventory, payments or machine. The contract is
// docs/contract.md. First what any participant needs, at the end the vending machine's part.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"log"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const batch, retryAfterMs, reconnectAfter, ackedWithin = 500, "500", time.Second, time.Minute

var always = context.Background() // what has begun is finished
var copied = regexp.MustCompile("^(ce_correlationid|ce_subject|traceparent|tracestate|ce_saga.*)$")
var notCopied = regexp.MustCompile("^ce_saga(kind|outcome|replyto|retryafter)$")

// notUnderstood: the message makes no sense, whoever sends it again: set aside, not answered.
type notUnderstood string

func (n notUnderstood) Error() string { return string(n) }

// books is a transaction. After an error it does nothing more.
type books struct {
	tx  pgx.Tx
	err error
}

func (b *books) refuse(unless bool, why string) {
	if b.err == nil && !unless {
		b.err = notUnderstood(why)
	}
}

func (b *books) exec(sql string, values ...any) int64 {
	if b.err != nil {
		return 0
	}
	done, err := b.tx.Exec(always, sql, values...)
	b.err = err
	return done.RowsAffected()
}

// An answer's outcome is ok, declined or retry.
type answer struct{ Outcome, Kind, Reply string }

// A command also says what its reply calls the effect, if it does. An undo gets the remembered
// reply, or nothing: the effect is not in these books. No undo but nil: the fence of a pivot.
type commands map[string]func(b *books, d data) (a answer, effect string)
type undos map[string]func(b *books, d, done data)
type participant struct {
	commands                                     commands
	undos                                        undos
	name, kafka, postgres, schema, group, prefix string
}

// headers are those of a command that is understood.
func (p participant) headers(b *books, r *kgo.Record) map[string]string {
	h := map[string]string{}
	for _, each := range r.Headers {
		if strings.HasPrefix(each.Key, "ce_") {
			b.refuse(utf8.Valid(each.Value) && !bytes.Contains(each.Value, []byte{0}), "a header is no text")
			h[each.Key] = string(each.Value)
		}
	}
	b.refuse(h["ce_sagareplyto"] != "" && h["ce_sagatoken"] != "", "a header of a command is missing")
	_, isCommand := p.commands[h["ce_type"]]
	_, isUndo := p.undos[h["ce_type"]]
	known := map[string]bool{"do": isCommand, "undo": isUndo, "settle": h["ce_type"] == "skald.settle.v1"}
	b.refuse(known[h["ce_sagakind"]] && len(r.Value) > 0 && r.Key != nil, "no handler for "+h["ce_type"]+" as "+h["ce_sagakind"])
	return h
}

func (b *books) read(value []byte) (d data) {
	if len(value) > 0 {
		err := json.Unmarshal(value, &d)
		b.refuse(err == nil && d.Order != "" && !bytes.Contains(value, []byte(`\u0000`)), "the value makes no sense")
	}
	return d
}

// answer does what the fence says, the table of docs/contract.md.
func (p participant) answer(b *books, h map[string]string, value []byte) answer {
	undo := p.undos[h["ce_type"]]
	said, _ := b.tx.Query(always, "select verdict, reply_type, coalesce(convert_from(reply, 'UTF8'), '')"+
		" from fence_ask($1, $2, $3, $4, $5, $6, $7)", h["ce_id"], h["ce_correlationid"], h["ce_sagastep"],
		h["ce_sagakind"], h["ce_sagaoccurrence"], undo == nil, value)
	verdicts, err := pgx.CollectRows(said, pgx.RowToStructByPos[answer])
	b.err = err
	for _, v := range verdicts {
		switch v.Outcome {
		case "run":
			a, effect := p.commands[h["ce_type"]](b, b.read(value))
			b.exec("select fence_remember($1, $2, $3, $4, $5, $6)", h["ce_correlationid"], h["ce_sagastep"],
				a.Outcome, effect, a.Kind, []byte(a.Reply))
			return a
		case "undo":
			undo(b, b.read(value), b.read([]byte(v.Reply)))
		default:
			return v
		}
	}
	b.refuse(false, "the fence, or its ce_id, makes no sense of it")
	return answer{}
}

func (b *books) setAside(r *kgo.Record, why string) {
	headers := [][]string{}
	for _, h := range r.Headers {
		headers = append(headers, []string{h.Key, strconv.QuoteToASCII(string(h.Value))})
	}
	b.exec("insert into set_aside (topic, partition, position, reason, key, headers, value)"+
		" values ($1, $2, $3, $4, $5, to_jsonb($6::text[]), $7) on conflict do nothing",
		r.Topic, r.Partition, r.Offset, why, r.Key, headers, r.Value)
}

// take is one transaction; participant.py makes one of a whole batch. No reply: it is set aside.
func (p participant) take(db *pgx.Conn, r *kgo.Record) []*kgo.Record {
	h, a := map[string]string{}, answer{}
	err := pgx.BeginFunc(always, db, func(tx pgx.Tx) error {
		b := &books{tx: tx}
		if h = p.headers(b, r); b.err == nil {
			a = p.answer(b, h, r.Value)
		}
		if why, senseless := b.err.(notUnderstood); senseless {
			b.err, a = nil, answer{}
			b.setAside(r, string(why))
		}
		return b.err
	})
	if err != nil {
		log.Print(p.name, ": is answered retry: ", err)
		a = answer{Outcome: "retry"}
	} else if a.Outcome == "" {
		return nil
	}
	return []*kgo.Record{p.reply(r, h, a)}
}

func (p participant) reply(r *kgo.Record, h map[string]string, a answer) *kgo.Record {
	if a.Kind == "" {
		a.Kind, a.Reply = "skald.reply.v1", "{}"
	}
	own := []string{"content-type", "application/json", "ce_specversion", "1.0", "ce_type", a.Kind,
		"ce_source", "/skald/participants/" + p.name, "ce_time", time.Now().UTC().Format(time.RFC3339Nano),
		"ce_id", h["ce_id"] + "/" + a.Outcome + "/" + h["ce_sagaattempt"], "ce_causationid", h["ce_id"],
		"ce_partitionkey", string(r.Key), "ce_sagakind", "reply", "ce_sagaoutcome", a.Outcome}
	if a.Outcome == "retry" {
		own = append(own, "ce_sagaretryafter", retryAfterMs)
	}
	reply := &kgo.Record{Topic: h["ce_sagareplyto"], Key: r.Key, Value: []byte(a.Reply)}
	for i := 0; i < len(own); i += 2 {
		reply.Headers = append(reply.Headers, kgo.RecordHeader{Key: own[i], Value: []byte(own[i+1])})
	}
	for _, each := range r.Headers {
		if copied.MatchString(each.Key) && !notCopied.MatchString(each.Key) {
			reply.Headers = append(reply.Headers, each)
		}
	}
	return reply
}

// turn reads some commands, and ends when their replies are in the log.
func (p participant) turn(ctx context.Context, db *pgx.Conn, client *kgo.Client) error {
	fetched := client.PollRecords(ctx, batch)
	defer client.AllowRebalance()
	var replies []*kgo.Record
	for _, r := range fetched.Records() {
		replies = append(replies, p.take(db, r)...)
	}
	if err := db.Ping(always); err != nil {
		return err
	}
	soon, cancel := context.WithTimeout(always, ackedWithin)
	defer cancel()
	for _, sent := range client.ProduceSync(soon, replies...) {
		if e := sent.Err; e == kerr.MessageTooLarge || e == kerr.InvalidTopicException || e == kerr.UnknownTopicOrPartition {
			log.Print(p.name, ": a reply can never be sent, but the fence remembers it: ", e)
		} else if e != nil {
			return e
		}
	}
	return client.CommitRecords(soon, fetched.Records()...)
}

// session ends with an error, or with ctx. What it had not committed comes again.
func (p participant) session(ctx context.Context) error {
	db, err := pgx.Connect(ctx, p.postgres)
	if err != nil {
		return err
	}
	defer db.Close(always)
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(p.kafka, ",")...), // murmur2, cooperative-sticky
		kgo.ConsumerGroup(p.group), kgo.ConsumeTopics(p.prefix+p.name+".commands"), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.BlockRebalanceOnPoll(),
		kgo.SessionTimeout(10*time.Second)) // a killed one is soon replaced
	if err != nil {
		return err
	}
	defer client.CloseAllowingRebalance()
	_, err = db.Exec(ctx, "select set_config('search_path', quote_ident($1), false)", p.schema)
	for err == nil && ctx.Err() == nil {
		err = p.turn(ctx, db, client)
	}
	return err
}

// The vending machine's own part: three participants of a few lines each.
type data struct {
	Order       string `json:"order_id"`
	Slot        int64  `json:"slot,omitempty"`
	Reservation string `json:"reservation_id,omitempty"`
	Payment     string `json:"payment_id,omitempty"`
	Amount      int64  `json:"amount_cents,omitempty"`
	Currency    string `json:"currency,omitempty"`
	Reason      string `json:"reason,omitempty"`
}

func say(outcome, kind string, d data) answer {
	value, _ := json.Marshal(d)
	return answer{outcome, kind, string(value)}
}

func reserve(b *books, d data) (answer, string) {
	if b.exec("update slot set stock = stock - 1 where no = $1 and stock > 0", d.Slot) == 0 {
		return say("declined", "vending.OutOfStock.v1", data{Order: d.Order, Slot: d.Slot}), ""
	}
	id := "reservation-" + d.Order
	b.exec("insert into reservation values ($1, $2, $3)", id, d.Order, d.Slot)
	return say("ok", "vending.ItemReserved.v1", data{Order: d.Order, Reservation: id}), ""
}

func release(b *books, d, _ data) {
	b.exec("with freed as (update reservation set released = true where order_id = $1 and not released"+
		" returning slot) update slot set stock = stock + 1 from freed where slot.no = freed.slot", d.Order)
}

func charge(b *books, d data) (answer, string) {
	if d.Currency != "EUR" || d.Amount <= 0 || d.Amount > 5000 {
		return say("declined", "vending.PaymentDeclined.v1", data{Order: d.Order, Reason: "card's limit"}), ""
	}
	id := "payment-" + d.Order
	b.exec("insert into payment values ($1, $2, $3)", id, d.Order, d.Amount)
	return say("ok", "vending.PaymentCompleted.v1", data{Order: d.Order, Payment: id, Amount: d.Amount}), id
}

func refund(b *books, d, charged data) {
	b.exec("insert into refund select id, amount_cents from payment"+
		" where id = coalesce(nullif($1, ''), $2) and order_id = $3", charged.Payment, d.Payment, d.Order)
}

func dispense(b *books, d data) (answer, string) {
	if d.Slot == 39 || d.Slot < 1 || d.Slot > 40 {
		return say("declined", "vending.DispenseFailed.v1", data{Order: d.Order, Reason: "jammed"}), ""
	}
	b.exec("insert into drink (order_id, slot) values ($1, $2)", d.Order, d.Slot)
	return say("ok", "vending.DrinkDispensed.v1", data{Order: d.Order}), ""
}

var participants = map[string]participant{
	"inventory": {commands: commands{"vending.ReserveItem.v1": reserve}, undos: undos{"vending.ReleaseItem.v1": release}},
	"payments":  {commands: commands{"vending.ChargePayment.v1": charge}, undos: undos{"vending.RefundPayment.v1": refund}},
	"machine":   {commands: commands{"vending.DispenseDrink.v1": dispense}, undos: undos{"vending.CancelDispense.v1": nil}},
}

func main() {
	if len(os.Args) < 2 || participants[os.Args[1]].commands == nil {
		log.Fatal("usage: participant inventory|payments|machine [--help]")
	}
	p, name, flags := participants[os.Args[1]], os.Args[1], flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	p.name = name
	flags.StringVar(&p.kafka, "kafka", os.Getenv("SKALD_KAFKA"), "bootstrap servers")
	flags.StringVar(&p.postgres, "postgres", os.Getenv("SKALD_PARTICIPANT_POSTGRES"), "URL of its database")
	flags.StringVar(&p.schema, "schema", "vending_"+name, "of its tables")
	flags.StringVar(&p.group, "group", "skald."+name, "consumer group")
	flags.StringVar(&p.prefix, "topic-prefix", "", "put before "+name+".commands")
	_ = flags.Parse(os.Args[2:])
	ctx, cancel := signal.NotifyContext(always, syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	for ctx.Err() == nil {
		if err := p.session(ctx); err != nil && ctx.Err() == nil {
			log.Print(name, ": ", err, "; again in ", reconnectAfter)
			time.Sleep(reconnectAfter)
		}
	}
}
