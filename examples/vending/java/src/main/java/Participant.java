// The vending machine's participants in Java: inventory, payments or machine.
//
//   java -cp ... Participant FOLDER inventory --kafka HOST:PORT --postgres URL
//
// FOLDER is the vending example's. The contract is docs/contract.md. First what any participant
// needs, at the end the vending machine's own part.
import com.fasterxml.jackson.databind.*;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.*;
import java.nio.file.*;
import java.sql.*;
import java.time.*;
import java.util.*;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;

public class Participant {
  static final ObjectMapper json = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  static final Pattern commandId = Pattern.compile("([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/(.+)/(do|undo|settle)/\\d+");
  static final Set<String> copied = Set.of("ce_correlationid", "ce_subject", "traceparent", "tracestate");
  static final Set<String> notCopied = Set.of("ce_sagakind", "ce_sagaoutcome", "ce_sagareplyto", "ce_sagaretryafter");

  interface Command { Answer run(Connection db, JsonNode data) throws Exception; }
  // `remembered`: the reply of what is to be undone; null: it is not in these books.
  interface Undo { void run(Connection db, JsonNode data, JsonNode remembered) throws Exception; }

  // The message makes no sense, whoever sends it again: set aside, not answered.
  static class NotUnderstood extends Exception {
    NotUnderstood(String why) { super(why); }
  }

  record Answer(String outcome, String type, byte[] data, String effect) {
    Answer(String outcome) { this(outcome, "", new byte[0], ""); }
    static Answer of(String outcome, String type, Map<String, ?> data) throws Exception {
      return new Answer(outcome, type, json.writeValueAsBytes(data), "");
    }
  }

  record Row(String occurrence, String state, String effect, String type, byte[] reply) {
    Answer answer(String outcome) { return new Answer(outcome, type, reply, ""); }
    Row in(String newState) { return new Row(occurrence, newState, effect, type, reply); }
  }

  class Message {
    final ConsumerRecord<byte[], byte[]> record;
    final Map<String, String> h = new HashMap<>();
    final String kind, saga, step, type, occurrence;

    Message(ConsumerRecord<byte[], byte[]> record) throws NotUnderstood {
      this.record = record;
      for (Header each : record.headers())
        if (each.key().startsWith("ce_")) h.put(each.key(), text(each.value()));
      kind = h.getOrDefault("ce_sagakind", "");
      saga = h.get("ce_correlationid");
      step = h.get("ce_sagastep");
      type = h.getOrDefault("ce_type", "");
      occurrence = h.getOrDefault("ce_sagaoccurrence", "");
      var id = commandId.matcher(h.getOrDefault("ce_id", ""));
      if (!id.matches() || !id.group(1).equals(saga) || !id.group(2).equals(step) || !id.group(3).equals(kind))
        throw new NotUnderstood("ce_id is not <ce_correlationid>/<ce_sagastep>/<kind>/<n>");
      if (!h.containsKey("ce_sagareplyto") || !h.containsKey("ce_sagatoken"))
        throw new NotUnderstood("a header of a command is missing");
      boolean known = switch (kind) {
        case "do" -> commands.containsKey(type);
        case "undo" -> undos.containsKey(type);
        default -> type.equals("skald.settle.v1");
      };
      if (!known) throw new NotUnderstood("no handler for " + type + " as " + kind);
    }

    JsonNode data() throws NotUnderstood {
      try {
        JsonNode data = json.readTree(record.value());
        if (data instanceof ObjectNode) return data;
      } catch (Exception e) { /* said below */ }
      throw new NotUnderstood("the value is not a JSON object");
    }
  }

  static String text(byte[] bytes) throws NotUnderstood {
    try {
      var text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      if (text.indexOf('\0') < 0) return text;
    } catch (CharacterCodingException | NullPointerException e) { /* said below */ }
    throw new NotUnderstood("a header is not text");
  }

  final String name;
  final Map<String, Command> commands;
  final Map<String, Undo> undos;  // to null: the fence of a pivot
  Connection db;

  Participant(String name, Map<String, Command> commands, Map<String, Undo> undos) {
    this.name = name;
    this.commands = commands;
    this.undos = undos;
  }

  static PreparedStatement statement(Connection db, String sql, Object... values) throws SQLException {
    var s = db.prepareStatement(sql);
    for (int i = 0; i < values.length; ++i) s.setObject(i + 1, values[i]);
    return s;
  }

  // The fence: what (saga, step) remembers. Row '' is what its command did, and the fence.
  List<Row> rows(Message m) throws SQLException {
    var found = statement(db, "select occurrence, state, effect, reply_type, reply from fence"
        + " where saga_id = ? and step = ? for update", UUID.fromString(m.saga), m.step).executeQuery();
    var rows = new ArrayList<Row>();
    while (found.next())
      rows.add(new Row(found.getString(1), found.getString(2), found.getString(3), found.getString(4), found.getBytes(5)));
    return rows;
  }

  void write(Message m, Row r) throws SQLException {
    statement(db, "insert into fence (saga_id, step, occurrence, state, effect, reply_type, reply)"
        + " values (?, ?, ?, ?, ?, ?, ?)"
        + " on conflict (saga_id, step, occurrence) do update set state = excluded.state",
        UUID.fromString(m.saga), m.step, r.occurrence, r.state, r.effect, r.type, r.reply).execute();
  }

  static Row fresh(String occurrence, String state) { return new Row(occurrence, state, "", "", new byte[0]); }

  static Row find(List<Row> rows, String at) {
    for (var r : rows)
      if (r.occurrence.equals(at) || (!at.isEmpty() && r.effect.equals(at))) return r;
    return null;
  }

  Answer answer(Message m) throws Exception {
    var rows = rows(m);
    if (m.kind.equals("do")) return act(m, find(rows, ""));
    String at = m.occurrence.equals(m.saga + "/" + m.step + "/do/0") ? "" : m.occurrence;
    Row named = find(rows, at);
    if (m.kind.equals("settle")) return settle(m, named, at);
    return m.occurrence.isEmpty() ? undoStep(m, rows, named) : undoNamed(m, named, at);
  }

  Answer act(Message m, Row own) throws Exception {
    if (own != null && Set.of("undone", "fenced").contains(own.state)) return new Answer("refused");
    if (own != null) return own.answer(own.state.equals("done") ? "ok" : "declined");
    Answer a = commands.get(m.type).run(db, m.data());
    write(m, new Row("", a.outcome.equals("ok") ? "done" : "declined", a.effect, a.type, a.data));
    return a;
  }

  Answer undoStep(Message m, List<Row> rows, Row own) throws Exception {
    Undo handler = undos.get(m.type);
    if (handler == null && own != null && own.state.equals("done")) return own.answer("ok");
    for (var r : rows) {
      if (!r.state.equals("done")) continue;
      handler.run(db, m.data(), json.readTree(r.reply));
      write(m, r.in("undone"));
    }
    if (own == null || own.state.equals("declined")) write(m, fresh("", "fenced"));
    return new Answer("undone");
  }

  Answer undoNamed(Message m, Row named, String at) throws Exception {
    Undo handler = undos.get(m.type);
    if (handler == null) throw new NotUnderstood("the fence of a pivot names no effect");
    if (named == null || named.state.equals("done")) {
      handler.run(db, m.data(), named == null ? null : json.readTree(named.reply));
      write(m, named == null ? fresh(at, "undone") : named.in("undone"));
    }
    return new Answer("undone");
  }

  Answer settle(Message m, Row named, String at) throws Exception {
    var word = m.data();
    var state = word.path("row").asText();
    if (!Set.of("undone", "fenced", "done").contains(state)) throw new NotUnderstood("a settle needs a row");
    var type = word.path("type").asText();
    var reply = type.isEmpty() ? new byte[0] : json.writeValueAsBytes(word.path("reply"));
    Row row = named != null ? named.in(state) : new Row(at, state, "", type, reply);
    write(m, row);
    return state.equals("done") ? row.answer("ok") : new Answer("undone");
  }

  void setAside(ConsumerRecord<byte[], byte[]> r, String reason) throws Exception {
    var headers = new ArrayList<List<String>>();
    for (Header h : r.headers())
      headers.add(List.of(h.key(), h.value() == null ? "" : HexFormat.of().formatHex(h.value())));
    statement(db, "insert into set_aside (topic, partition, position, reason, key, headers, value)"
        + " values (?, ?, ?, ?, ?, ?::jsonb, ?) on conflict do nothing", r.topic(), r.partition(), r.offset(),
        reason, r.key(), json.writeValueAsString(headers), r.value()).execute();
  }

  // A batch is one transaction; when a handler throws, each message gets one of its own.
  List<ProducerRecord<byte[], byte[]>> take(List<ConsumerRecord<byte[], byte[]>> records) throws Exception {
    var replies = new ArrayList<ProducerRecord<byte[], byte[]>>();
    try {
      for (var r : records) {
        try {
          var m = new Message(r);
          replies.add(reply(m, answer(m)));
        } catch (NotUnderstood e) {
          setAside(r, e.getMessage());
        }
      }
      db.commit();
      return replies;
    } catch (Exception e) {
      if (!db.isValid(5)) throw e;
      System.err.println(name + ": " + e);
      db.rollback();
    }
    if (records.size() == 1) return List.of(reply(new Message(records.get(0)), new Answer("retry")));
    replies.clear();
    for (var r : records) replies.addAll(take(List.of(r)));
    return replies;
  }

  ProducerRecord<byte[], byte[]> reply(Message m, Answer a) {
    boolean empty = a.type.isEmpty();
    var out = new ProducerRecord<>(m.h.get("ce_sagareplyto"), m.record.key(), empty ? "{}".getBytes() : a.data);
    var own = new LinkedHashMap<String, String>();
    own.put("content-type", "application/json");
    own.put("ce_specversion", "1.0");
    own.put("ce_source", "/skald/participants/" + name);
    own.put("ce_type", empty ? "skald.reply.v1" : a.type);
    own.put("ce_id", UUID.randomUUID().toString());
    own.put("ce_time", Instant.now().toString());
    own.put("ce_partitionkey", new String(m.record.key(), StandardCharsets.UTF_8));
    own.put("ce_causationid", m.h.get("ce_id"));
    own.put("ce_sagakind", "reply");
    own.put("ce_sagaoutcome", a.outcome);
    if (a.outcome.equals("retry")) own.put("ce_sagaretryafter", "500");
    own.forEach((k, v) -> out.headers().add(k, v.getBytes(StandardCharsets.UTF_8)));
    for (Header h : m.record.headers())
      if (copied.contains(h.key()) || (h.key().startsWith("ce_saga") && !notCopied.contains(h.key())))
        out.headers().add(new RecordHeader(h.key(), h.value()));
    return out;
  }

  void run(String kafka, String prefix) throws Exception {
    var bytesIn = new ByteArrayDeserializer();
    var bytesOut = new ByteArraySerializer();
    var consumer = new KafkaConsumer<>(Map.<String, Object>of("bootstrap.servers", kafka, "group.id", prefix + name,
        "enable.auto.commit", "false", "auto.offset.reset", "earliest", "max.poll.records", "500"), bytesIn, bytesIn);
    var producer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", kafka, "acks", "all"), bytesOut, bytesOut);
    var main = Thread.currentThread();
    var stop = new Thread(() -> {
      consumer.wakeup();
      try { main.join(); } catch (InterruptedException e) { /* the JVM ends anyhow */ }
      Runtime.getRuntime().halt(0);
    });
    Runtime.getRuntime().addShutdownHook(stop);
    consumer.subscribe(List.of(prefix + name + ".commands"));
    try {
      while (true) {
        var records = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        consumer.poll(Duration.ofMillis(500)).forEach(records::add);
        if (records.isEmpty()) continue;
        var sent = new ArrayList<Future<RecordMetadata>>();
        for (var reply : take(records)) sent.add(producer.send(reply));
        for (var each : sent) each.get();
        consumer.commitSync();
      }
    } catch (org.apache.kafka.common.errors.WakeupException e) {
      consumer.close();
    }
  }

  public static void main(String[] args) throws Exception {
    var options = new HashMap<String, String>(Map.of("--topic-prefix", ""));
    for (int i = 2; i + 1 < args.length; i += 2) options.put(args[i], args[i + 1]);
    var p = Vending.participant(args[1]);
    p.db = Vending.open(options.get("--postgres"), Path.of(args[0]), args[1]);
    p.run(options.get("--kafka"), options.get("--topic-prefix"));
  }
}
