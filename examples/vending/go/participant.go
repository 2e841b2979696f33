package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"
)

const batch, retryAfterMs = 500, 500

// notUnderstood: the message makes no sense, whoever sends it again: set aside, not answered.
type notUnderstood string

func (n notUnderstood) Error() string { return string(n) }

type answer struct {
	outcome, kind, effect string
	data                  []byte
}

func reply(outcome, kind string, data object) answer {
	value, _ := json.Marshal(data)
	return answer{outcome: outcome, kind: kind, data: value}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

type command func(context.Context, pgx.Tx, object) (answer, error)

// The last argument is the remembered reply; nil: the effect is not in these books.
type undo func(context.Context, pgx.Tx, object, object) error

// An undo that is nil is the fence of a pivot.
type participant struct {
	name     string
	commands map[string]command
	undos    map[string]undo
}

type message struct {
	*kgo.Record
	h                            map[string]string
	kind, saga, step, occurrence string
}

var commandID = regexp.MustCompile(`^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/(.+)/(do|undo|settle)/\d+$`)

func (p participant) read(r *kgo.Record) (*message, error) {
	m := &message{Record: r, h: map[string]string{}}
	for _, h := range r.Headers {
		if !strings.HasPrefix(h.Key, "ce_") {
			continue
		}
		if !utf8.Valid(h.Value) || bytes.IndexByte(h.Value, 0) >= 0 {
			return nil, notUnderstood("a header is not text")
		}
		m.h[h.Key] = string(h.Value)
	}
	m.kind, m.saga, m.step = m.h["ce_sagakind"], m.h["ce_correlationid"], m.h["ce_sagastep"]
	m.occurrence = m.h["ce_sagaoccurrence"]
	id := commandID.FindStringSubmatch(m.h["ce_id"])
	if id == nil || id[1] != m.saga || id[2] != m.step || id[3] != m.kind {
		return nil, notUnderstood("ce_id is not <ce_correlationid>/<ce_sagastep>/<kind>/<n>")
	}
	if m.h["ce_sagareplyto"] == "" || m.h["ce_sagatoken"] == "" {
		return nil, notUnderstood("a header of a command is missing")
	}
	kind := m.h["ce_type"]
	_, isCommand := p.commands[kind]
	_, isUndo := p.undos[kind]
	known := map[string]bool{"do": isCommand, "undo": isUndo, "settle": kind == "skald.settle.v1"}
	if !known[m.kind] {
		return nil, notUnderstood("no handler for " + kind + " as " + m.kind)
	}
	return m, nil
}

func (m *message) data() (object, error) { return parse(m.Value) }

func parse(value []byte) (object, error) {
	var data object
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	if err := d.Decode(&data); err != nil || data == nil {
		return nil, notUnderstood("the value is not a JSON object")
	}
	return data, nil
}

// The fence: a row of (saga, step). Occurrence "" is what its command did, and the fence.
type row struct {
	occurrence, state, effect, kind string
	reply                           []byte
}

func (r *row) is(states ...string) bool {
	for _, s := range states {
		if r != nil && r.state == s {
			return true
		}
	}
	return false
}

func (r *row) answer(outcome string) answer {
	return answer{outcome: outcome, kind: r.kind, data: r.reply}
}

func rows(ctx context.Context, tx pgx.Tx, m *message) ([]*row, error) {
	found, err := tx.Query(ctx, "select occurrence, state, effect, reply_type, reply from fence"+
		" where saga_id = $1 and step = $2 for update", m.saga, m.step)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(c pgx.CollectableRow) (*row, error) {
		r := &row{}
		return r, c.Scan(&r.occurrence, &r.state, &r.effect, &r.kind, &r.reply)
	})
}

func write(ctx context.Context, tx pgx.Tx, m *message, r row, state string) error {
	if r.reply == nil {
		r.reply = []byte{}
	}
	_, err := tx.Exec(ctx, "insert into fence"+
		" (saga_id, step, occurrence, state, effect, reply_type, reply) values"+
		" ($1, $2, $3, $4, $5, $6, $7)"+
		" on conflict (saga_id, step, occurrence) do update set state = excluded.state",
		m.saga, m.step, r.occurrence, state, r.effect, r.kind, r.reply)
	return err
}

// The row that a message names: its own one, or that of an effect.
func target(all []*row, m *message) (*row, string) {
	at := m.occurrence
	if at == m.saga+"/"+m.step+"/do/0" {
		at = ""
	}
	for _, r := range all {
		if r.occurrence == at || (at != "" && r.effect == at) {
			return r, r.occurrence
		}
	}
	return nil, at
}

func (p participant) answer(ctx context.Context, tx pgx.Tx, m *message) (answer, error) {
	all, err := rows(ctx, tx, m)
	if err != nil {
		return answer{}, err
	}
	switch r, at := target(all, m); {
	case m.kind == "do":
		own, _ := target(all, &message{})
		return p.do(ctx, tx, m, own)
	case m.kind == "settle":
		return p.settle(ctx, tx, m, r, at)
	case m.occurrence != "":
		return p.undoNamed(ctx, tx, m, r, at)
	default:
		return p.undoStep(ctx, tx, m, all, r)
	}
}

func (p participant) do(ctx context.Context, tx pgx.Tx, m *message, own *row) (answer, error) {
	if own.is("undone", "fenced") {
		return answer{outcome: "refused"}, nil
	}
	if own != nil {
		return own.answer(map[string]string{"done": "ok", "declined": "declined"}[own.state]), nil
	}
	data, err := m.data()
	if err != nil {
		return answer{}, err
	}
	a, err := p.commands[m.h["ce_type"]](ctx, tx, data)
	if err != nil {
		return a, err
	}
	state := map[string]string{"ok": "done", "declined": "declined"}[a.outcome]
	return a, write(ctx, tx, m, row{effect: a.effect, kind: a.kind, reply: a.data}, state)
}

func (p participant) revert(ctx context.Context, tx pgx.Tx, m *message, r *row, at string) error {
	data, err := m.data()
	var remembered object
	if r != nil && len(r.reply) > 0 {
		remembered, _ = parse(r.reply)
	}
	if err == nil {
		err = p.undos[m.h["ce_type"]](ctx, tx, data, remembered)
	}
	return first(err, write(ctx, tx, m, row{occurrence: at}, "undone"))
}

func (p participant) undoStep(ctx context.Context, tx pgx.Tx, m *message, all []*row,
	own *row) (answer, error) {
	if p.undos[m.h["ce_type"]] == nil && own.is("done") {
		return own.answer("ok"), nil
	}
	for _, r := range all {
		if r.is("done") {
			if err := p.revert(ctx, tx, m, r, r.occurrence); err != nil {
				return answer{}, err
			}
		}
	}
	if own == nil || own.is("declined") {
		return answer{outcome: "undone"}, write(ctx, tx, m, row{}, "fenced")
	}
	return answer{outcome: "undone"}, nil
}

func (p participant) undoNamed(ctx context.Context, tx pgx.Tx, m *message, r *row,
	at string) (answer, error) {
	if p.undos[m.h["ce_type"]] == nil {
		return answer{}, notUnderstood("the fence of a pivot names no effect")
	}
	if r == nil || r.is("done") {
		return answer{outcome: "undone"}, p.revert(ctx, tx, m, r, at)
	}
	return answer{outcome: "undone"}, nil
}

func (p participant) settle(ctx context.Context, tx pgx.Tx, m *message, r *row,
	at string) (answer, error) {
	word, err := m.data()
	state, _ := word["row"].(string)
	if err != nil || !(&row{state: state}).is("undone", "fenced", "done") {
		return answer{}, first(err, notUnderstood("a settle needs a row"))
	}
	if r == nil {
		kind, _ := word["type"].(string)
		data, _ := json.Marshal(word["reply"])
		if kind == "" {
			data = nil
		}
		r = &row{occurrence: at, kind: kind, reply: data}
	}
	if err = write(ctx, tx, m, *r, state); err != nil || state != "done" {
		return answer{outcome: "undone"}, err
	}
	return r.answer("ok"), nil
}

func setAside(ctx context.Context, tx pgx.Tx, r *kgo.Record, reason string) error {
	headers := [][2]string{}
	for _, h := range r.Headers {
		headers = append(headers, [2]string{h.Key, strconv.QuoteToASCII(string(h.Value))})
	}
	text, _ := json.Marshal(headers)
	_, err := tx.Exec(ctx, "insert into set_aside"+
		" (topic, partition, position, reason, key, headers, value)"+
		" values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
		r.Topic, r.Partition, r.Offset, reason, r.Key, string(text), r.Value)
	return err
}

func (p participant) transact(db *pgx.Conn, records []*kgo.Record) (out []*kgo.Record, err error) {
	ctx := context.Background() // a batch that has begun is finished
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		out = nil
		for _, r := range records {
			m, err := p.read(r)
			var a answer
			if err == nil {
				a, err = p.answer(ctx, tx, m)
			}
			var senseless notUnderstood
			if errors.As(err, &senseless) {
				err = setAside(ctx, tx, r, string(senseless))
			} else if err == nil {
				out = append(out, p.reply(m, a))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// A batch is one transaction; when a handler fails, each message gets one of its own.
func (p participant) take(db *pgx.Conn, records []*kgo.Record) ([]*kgo.Record, error) {
	replies, err := p.transact(db, records)
	if err == nil || db.IsClosed() {
		return replies, err
	}
	log.Print(p.name, ": ", err)
	if len(records) == 1 {
		m, err := p.read(records[0])
		return []*kgo.Record{p.reply(m, answer{outcome: "retry"})}, err
	}
	for _, r := range records {
		one, err := p.take(db, []*kgo.Record{r})
		if err != nil {
			return nil, err
		}
		replies = append(replies, one...)
	}
	return replies, nil
}

func (p participant) reply(m *message, a answer) *kgo.Record {
	if a.kind == "" {
		a.kind, a.data = "skald.reply.v1", []byte("{}")
	}
	r := &kgo.Record{Topic: m.h["ce_sagareplyto"], Key: m.Key, Value: a.data}
	add := func(name, value string) {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	add("content-type", "application/json")
	add("ce_specversion", "1.0")
	add("ce_source", "/skald/participants/"+p.name)
	add("ce_type", a.kind)
	add("ce_id", m.h["ce_id"]+"/"+a.outcome+"/"+m.h["ce_sagaattempt"])
	add("ce_time", time.Now().UTC().Format(time.RFC3339Nano))
	add("ce_partitionkey", string(m.Key))
	add("ce_causationid", m.h["ce_id"])
	add("ce_sagakind", "reply")
	add("ce_sagaoutcome", a.outcome)
	if a.outcome == "retry" {
		add("ce_sagaretryafter", strconv.Itoa(retryAfterMs))
	}
	for _, h := range m.Headers {
		switch h.Key {
		case "ce_sagakind", "ce_sagaoutcome", "ce_sagareplyto", "ce_sagaretryafter":
		case "ce_correlationid", "ce_subject", "traceparent", "tracestate":
			add(h.Key, string(h.Value))
		default:
			if strings.HasPrefix(h.Key, "ce_saga") {
				add(h.Key, string(h.Value))
			}
		}
	}
	return r
}

func (p participant) run(ctx context.Context, db *pgx.Conn, kafka, prefix string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(kafka, ",")...),
		kgo.ConsumerGroup(prefix+p.name), kgo.ConsumeTopics(prefix+p.name+".commands"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit(),
		kgo.AllowAutoTopicCreation(), kgo.BlockRebalanceOnPoll()) // partitions by murmur2
	if err != nil {
		return err
	}
	defer client.Close()
	for ctx.Err() == nil {
		records := client.PollRecords(ctx, batch).Records()
		if len(records) > 0 {
			replies, err := p.take(db, records)
			if err != nil {
				return err
			}
			background := context.Background()
			if err = client.ProduceSync(background, replies...).FirstErr(); err == nil {
				err = client.CommitRecords(background, records...)
			}
			if err != nil {
				return err
			}
		}
		client.AllowRebalance()
	}
	return nil
}
