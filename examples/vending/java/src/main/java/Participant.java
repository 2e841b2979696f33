// The vending machine's participants in Java: inventory, payments or machine. The contract is
// docs/contract.md. First what any participant needs, at the end the vending machine's part.
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.sql.*;
import java.time.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.*;

// No undo but null: the fence of a pivot.
public record Participant(String name, Map<String, Command> commands, Map<String, Undo> undos) {
  static final long retryAfterMs = 500, reconnectAfterMs = 1000, ackedWithinMs = 60_000;
  static final Pattern copied = Pattern.compile("ce_correlationid|ce_subject|traceparent|tracestate"
      + "|ce_saga(?!(kind|outcome|replyto|retryafter)$).*");

  static volatile boolean stopping = false;

  // The message makes no sense, whoever sends it again: set aside, not answered.
  static class NotUnderstood extends Exception { NotUnderstood(String why) { super(why); } }

  // An outcome is ok, declined or retry; the effect: what the reply calls it, if it does.
  record Answer(String outcome, String type, byte[] data, String effect) {
    Answer(String outcome) { this(outcome, "", new byte[0], ""); }
  }

  interface Command { Answer run(Books books, Data data) throws Exception; }

  // `done`: the remembered reply; null: what is to be undone is not in these books.
  interface Undo { void run(Books books, Data data, Data done) throws Exception; }

  // A transaction.
  record Books(Connection db) {
    PreparedStatement prepare(String sql, Object... values) throws SQLException {
      var s = db.prepareStatement(sql);
      for (int i = 0; i < values.length; ++i) s.setObject(i + 1, values[i]);
      return s;
    }

    int update(String sql, Object... values) throws SQLException {
      try (var s = prepare(sql, values)) { return s.executeUpdate(); }
    }

    List<Object[]> rows(String sql, Object... values) throws SQLException {
      try (var s = prepare(sql, values); var found = s.executeQuery()) {
        var rows = new ArrayList<Object[]>();
        while (found.next()) {
          var row = new Object[found.getMetaData().getColumnCount()];
          for (int i = 0; i < row.length; ++i) row[i] = found.getObject(i + 1);
          rows.add(row);
        }
        return rows;
      }
    }
  }

  static String text(byte[] bytes) throws NotUnderstood {
    try {
      var text = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      if (text.indexOf('\0') < 0) return text;
    } catch (CharacterCodingException | NullPointerException e) { /* said below */ }
    throw new NotUnderstood("a key or header is no text");
  }

  // The headers of a command that is understood.
  Map<String, String> headers(ConsumerRecord<byte[], byte[]> r) throws NotUnderstood {
    var h = new HashMap<String, String>(Map.of("ce_sagaoccurrence", "", "ce_partitionkey", text(r.key())));
    for (Header each : r.headers())
      if (each.key().startsWith("ce_")) h.put(each.key(), text(each.value()));
    for (var needed : List.of("ce_id", "ce_correlationid", "ce_sagastep", "ce_sagareplyto", "ce_sagatoken"))
      if (h.getOrDefault(needed, "").isEmpty()) throw new NotUnderstood("there is no " + needed);
    String kind = h.getOrDefault("ce_sagakind", ""), type = h.getOrDefault("ce_type", "");
    boolean known = switch (kind) {
      case "do" -> commands.containsKey(type);
      case "undo" -> undos.containsKey(type);
      default -> kind.equals("settle") && type.equals("skald.settle.v1");
    };
    if (!known || r.value() == null) throw new NotUnderstood("no handler for " + type + " as " + kind);
    return h;
  }

  // Does what the fence says, the table of docs/contract.md.
  Answer answer(Books books, Map<String, String> h, byte[] value) throws Exception {
    var undo = undos.get(h.get("ce_type"));
    for (var said : books.rows("select * from fence_ask(?, ?, ?, ?, ?, ?, ?)", h.get("ce_id"),
        h.get("ce_correlationid"), h.get("ce_sagastep"), h.get("ce_sagakind"),
        h.get("ce_sagaoccurrence"), undo == null, value)) {
      var verdict = (String) said[0];
      var reply = (byte[]) said[2];
      if (verdict.equals("undo")) {
        undo.run(books, Data.read(books, value), reply == null ? null : Data.read(books, reply));
      } else if (verdict.equals("run")) {
        var a = commands.get(h.get("ce_type")).run(books, Data.read(books, value));
        books.rows("select fence_remember(?::uuid, ?, ?, ?, ?, ?)", h.get("ce_correlationid"),
            h.get("ce_sagastep"), a.outcome, a.effect, a.type, a.data);
        return a;
      } else {
        return new Answer(verdict, (String) said[1], reply, "");
      }
    }
    throw new NotUnderstood("the fence, or its ce_id, makes no sense of it");
  }

  static void setAside(Books books, ConsumerRecord<byte[], byte[]> r, String why) throws SQLException {
    var headers = new ArrayList<String[]>();
    for (Header h : r.headers()) {
      var value = h.value() == null ? "" : new String(h.value(), UTF_8).replace("\0", "\\0");
      headers.add(new String[] {h.key(), value});
    }
    books.update("insert into set_aside (topic, partition, position, reason, key, headers, value)"
        + " values (?, ?, ?, ?, ?, to_jsonb(?::text[]), ?) on conflict do nothing", r.topic(), r.partition(),
        r.offset(), why, r.key(), books.db.createArrayOf("text", headers.toArray()), r.value());
  }

  // One transaction; participant.py makes one of a whole batch. Null: it is set aside.
  ProducerRecord<byte[], byte[]> take(Connection db, ConsumerRecord<byte[], byte[]> r) throws Exception {
    Map<String, String> h = Map.of();
    var a = new Answer("retry");
    try {
      h = headers(r);
      a = answer(new Books(db), h, r.value());
      db.commit();
    } catch (NotUnderstood e) {
      db.rollback();
      setAside(new Books(db), r, e.getMessage());
      db.commit();
      return null;
    } catch (Exception e) {
      if (!db.isValid(5)) throw e;
      db.rollback();
      System.err.println(name + ": is answered retry: " + e);
    }
    return reply(r, h, a);
  }

  ProducerRecord<byte[], byte[]> reply(ConsumerRecord<byte[], byte[]> r, Map<String, String> h, Answer a) {
    var data = a.type.isEmpty() ? "{}".getBytes(UTF_8) : a.data;
    var out = new ProducerRecord<>(h.get("ce_sagareplyto"), r.key(), data);
    var own = new LinkedHashMap<String, String>(Map.of("content-type", "application/json",
        "ce_specversion", "1.0", "ce_source", "/skald/participants/" + name, "ce_sagakind", "reply",
        "ce_type", a.type.isEmpty() ? "skald.reply.v1" : a.type, "ce_time", Instant.now().toString(),
        "ce_id", h.get("ce_id") + "/" + a.outcome + "/" + h.get("ce_sagaattempt"),
        "ce_partitionkey", h.get("ce_partitionkey"), "ce_causationid", h.get("ce_id"),
        "ce_sagaoutcome", a.outcome));
    if (a.outcome.equals("retry")) own.put("ce_sagaretryafter", "" + retryAfterMs);
    own.forEach((k, v) -> out.headers().add(k, v.getBytes(UTF_8)));
    for (Header each : r.headers())
      if (copied.matcher(each.key()).matches()) out.headers().add(each);
    return out;
  }

  // Ends with an exception, or by `stopping`. What it had not committed comes again.
  void session(Map<String, String> o) throws Exception {
    var topic = o.get("--topic-prefix") + name + ".commands";
    var in = new ByteArrayDeserializer();
    var out = new ByteArraySerializer();
    try (var db = connect(o.get("--postgres"));
        var producer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", o.get("--kafka"),
            "max.block.ms", 10_000), out, out);
        var consumer = new KafkaConsumer<>(Map.<String, Object>of("bootstrap.servers", o.get("--kafka"),
            "group.id", o.get("--group"), "enable.auto.commit", "false", "auto.offset.reset", "earliest",
            "session.timeout.ms", 10_000, "partition.assignment.strategy", CooperativeStickyAssignor.class.getName()), in, in)) {
      new Books(db).rows("select set_config('search_path', quote_ident(?), false)", o.get("--schema"));
      db.commit();
      consumer.subscribe(List.of(topic));
      while (!stopping) {
        var sent = new LinkedHashMap<ProducerRecord<byte[], byte[]>, Future<RecordMetadata>>();
        for (var r : consumer.poll(Duration.ofMillis(100))) {
          var reply = take(db, r);
          if (reply != null) sent.put(reply, producer.send(reply));
        }
        for (var each : sent.entrySet()) acked(consumer, each.getKey().topic(), each.getValue());
        consumer.commitSync();
      }
    }
  }

  // Waits. A reply that can never be sent is said: the fence remembers it.
  void acked(Consumer<?, ?> consumer, String topic, Future<RecordMetadata> sent) throws Exception {
    try {
      sent.get(ackedWithinMs, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      boolean never = e.getCause() instanceof RecordTooLargeException
          || e.getCause() instanceof InvalidTopicException || !consumer.listTopics().containsKey(topic);
      if (!never) throw e;
      System.err.println(name + ": a reply can never be sent: " + e.getCause());
    }
  }

  void run(Map<String, String> options) throws InterruptedException {
    var main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      stopping = true;
      try { main.join(); } catch (InterruptedException e) { /* the JVM ends anyhow */ }
      Runtime.getRuntime().halt(0);
    }));
    while (!stopping) {
      try {
        session(options);
      } catch (Exception e) {
        System.err.println(name + ": " + e + "; again in " + reconnectAfterMs + " ms");
        Thread.sleep(reconnectAfterMs);
      }
    }
  }

  static Connection connect(String url) throws Exception {  // a URL as libpq has them
    var at = new URI(url);
    var user = (at.getUserInfo() == null ? "" : at.getUserInfo()).split(":", 2);
    var port = at.getPort() < 0 ? 5432 : at.getPort();
    var db = DriverManager.getConnection("jdbc:postgresql://" + at.getHost() + ":" + port + at.getPath(),
        user[0], user.length > 1 ? user[1] : "");
    db.setAutoCommit(false);
    return db;
  }

  // The vending machine's own part: three participants of a few lines each. Java knows no JSON, but
  // PostgreSQL does.
  record Data(String order, Long slot, Long amount, String currency, String payment) {
    static Data read(Books books, byte[] json) throws Exception {
      try {
        var d = books.rows("select * from jsonb_to_record(convert_from(?, 'UTF8')::jsonb) as d(order_id text,"
            + " slot bigint, amount_cents bigint, currency text, payment_id text)", json).get(0);
        if (d[0] == null) throw new NotUnderstood("/order_id is missing");
        return new Data((String) d[0], (Long) d[1], (Long) d[2], (String) d[3], (String) d[4]);
      } catch (SQLException e) {
        if (!e.getSQLState().matches("(22|54).*")) throw e;
        throw new NotUnderstood("the value: " + e.getMessage());
      }
    }
  }

  // `fields`: names and values in turn.
  static Answer say(Books b, String outcome, String type, String effect, Object... fields) throws SQLException {
    var marks = String.join(", ", Collections.nCopies(fields.length, "?"));
    var json = b.rows("select convert_to(jsonb_build_object(" + marks + ")::text, 'UTF8')", fields).get(0)[0];
    return new Answer(outcome, type, (byte[]) json, effect);
  }

  static Answer reserve(Books b, Data d) throws Exception {
    if (b.update("update slot set stock = stock - 1 where no = ? and stock > 0", d.slot) == 0)
      return say(b, "declined", "vending.OutOfStock.v1", "", "order_id", d.order, "slot", d.slot);
    var id = "reservation-" + d.order;
    b.update("insert into reservation values (?, ?, ?)", id, d.order, d.slot);
    return say(b, "ok", "vending.ItemReserved.v1", "", "order_id", d.order, "reservation_id", id);
  }

  static void release(Books b, Data d, Data done) throws Exception {
    b.update("with freed as (update reservation set released = true where order_id = ? and not released"
        + " returning slot) update slot set stock = stock + 1 from freed where slot.no = freed.slot", d.order);
  }

  static Answer charge(Books b, Data d) throws Exception {
    if (!"EUR".equals(d.currency) || d.amount <= 0 || d.amount > 5000)
      return say(b, "declined", "vending.PaymentDeclined.v1", "", "order_id", d.order, "reason", "limit");
    var id = "payment-" + d.order;
    b.update("insert into payment values (?, ?, ?)", id, d.order, d.amount);
    return say(b, "ok", "vending.PaymentCompleted.v1", id, "order_id", d.order, "payment_id", id,
        "amount_cents", d.amount);
  }

  static void refund(Books b, Data d, Data charged) throws Exception {
    b.update("insert into refund select id, amount_cents from payment where id = ? and order_id = ?",
        charged == null ? d.payment : charged.payment, d.order);
  }

  static Answer dispense(Books b, Data d) throws Exception {
    if (d.slot == 39 || d.slot < 1 || d.slot > 40)
      return say(b, "declined", "vending.DispenseFailed.v1", "", "order_id", d.order, "reason", "jammed");
    b.update("insert into drink (order_id, slot) values (?, ?)", d.order, d.slot);
    return say(b, "ok", "vending.DrinkDispensed.v1", "", "order_id", d.order);
  }

  public static void main(String[] args) throws Exception {
    var o = new HashMap<String, String>(Map.of("--topic-prefix", "", "--schema", "vending_" + args[0],
        "--group", "skald." + args[0]));
    o.put("--kafka", System.getenv("SKALD_KAFKA"));
    o.put("--postgres", System.getenv("SKALD_PARTICIPANT_POSTGRES"));
    for (int i = 1; i + 1 < args.length; i += 2) o.put(args[i], args[i + 1]);
    switch (args[0]) {
      case "inventory" -> new Participant(args[0], Map.of("vending.ReserveItem.v1", Participant::reserve),
          Map.of("vending.ReleaseItem.v1", Participant::release)).run(o);
      case "payments" -> new Participant(args[0], Map.of("vending.ChargePayment.v1", Participant::charge),
          Map.of("vending.RefundPayment.v1", Participant::refund)).run(o);
      case "machine" -> new Participant(args[0], Map.of("vending.DispenseDrink.v1", Participant::dispense),
          Collections.singletonMap("vending.CancelDispense.v1", null)).run(o);
      default -> throw new IllegalArgumentException("inventory, payments or machine");
    }
  }
}
