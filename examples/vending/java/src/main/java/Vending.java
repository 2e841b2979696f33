// The vending machine's own part: three participants of a few lines each.
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.HashMap;
import java.util.Map;

class Vending {
  static final int jammed = 39, slots = 40, cardLimitCents = 5000;

  static Participant participant(String name) {
    var fence = new HashMap<String, Participant.Undo>();
    fence.put("vending.CancelDispense.v1", null);
    return switch (name) {
      case "inventory" -> new Participant(name, Map.of("vending.ReserveItem.v1", Vending::reserve),
          Map.of("vending.ReleaseItem.v1", Vending::release));
      case "payments" -> new Participant(name, Map.of("vending.ChargePayment.v1", Vending::charge),
          Map.of("vending.RefundPayment.v1", Vending::refund));
      case "machine" -> new Participant(name, Map.of("vending.DispenseDrink.v1", Vending::dispense), fence);
      default -> throw new IllegalArgumentException("inventory, payments or machine");
    };
  }

  static String text(JsonNode data, String name) throws Participant.NotUnderstood {
    if (!data.path(name).isTextual()) throw new Participant.NotUnderstood("/" + name + " must be a string");
    return data.get(name).asText();
  }

  static long number(JsonNode data, String name) throws Participant.NotUnderstood {
    if (!data.path(name).canConvertToLong() || !data.path(name).isIntegralNumber())
      throw new Participant.NotUnderstood("/" + name + " must be an integer");
    return data.get(name).asLong();
  }

  static Participant.Answer reserve(Connection db, JsonNode c) throws Exception {
    String order = text(c, "order_id"), id = "reservation-" + order;
    long slot = number(c, "slot");
    if (Participant.statement(db, "update slot set stock = stock - 1 where no = ? and stock > 0", slot)
        .executeUpdate() == 0)
      return Participant.Answer.of("declined", "vending.OutOfStock.v1", Map.of("order_id", order, "slot", slot));
    Participant.statement(db, "insert into reservation values (?, ?, ?)", id, order, slot).execute();
    return Participant.Answer.of("ok", "vending.ItemReserved.v1", Map.of("order_id", order, "reservation_id", id));
  }

  static void release(Connection db, JsonNode c, JsonNode remembered) throws Exception {
    Participant.statement(db, "with freed as (update reservation set released = true"
        + " where order_id = ? and not released returning slot)"
        + " update slot set stock = stock + 1 from freed where slot.no = freed.slot", text(c, "order_id")).execute();
  }

  static Participant.Answer charge(Connection db, JsonNode c) throws Exception {
    String order = text(c, "order_id"), id = "payment-" + order;
    long amount = number(c, "amount_cents");
    if (!c.path("currency").asText().equals("EUR") || amount <= 0 || amount > cardLimitCents)
      return Participant.Answer.of("declined", "vending.PaymentDeclined.v1",
          Map.of("order_id", order, "reason", "above the card's limit"));
    Participant.statement(db, "insert into payment values (?, ?, ?)", id, order, amount).execute();
    var done = Participant.Answer.of("ok", "vending.PaymentCompleted.v1",
        Map.of("order_id", order, "payment_id", id, "amount_cents", amount));
    return new Participant.Answer(done.outcome(), done.type(), done.data(), id);
  }

  static void refund(Connection db, JsonNode c, JsonNode charged) throws Exception {
    var named = charged != null && charged.has("payment_id") ? charged : c;
    Participant.statement(db, "insert into refund select id, amount_cents from payment"
        + " where id = ? and order_id = ?", named.path("payment_id").asText(), text(c, "order_id")).execute();
  }

  static Participant.Answer dispense(Connection db, JsonNode c) throws Exception {
    var order = text(c, "order_id");
    long slot = number(c, "slot");
    if (slot == jammed || slot < 1 || slot > slots)
      return Participant.Answer.of("declined", "vending.DispenseFailed.v1",
          Map.of("order_id", order, "reason", "jammed"));
    Participant.statement(db, "insert into drink (order_id, slot) values (?, ?)", order, slot).execute();
    return Participant.Answer.of("ok", "vending.DrinkDispensed.v1", Map.of("order_id", order));
  }

  // One process creates the tables, the others wait for it.
  static Connection open(String url, Path example, String name) throws Exception {
    var at = new URI(url);
    var user = at.getUserInfo() == null ? "" : at.getUserInfo();
    var db = DriverManager.getConnection("jdbc:postgresql://" + at.getHost() + ":" + (at.getPort() < 0 ? 5432 : at.getPort())
        + at.getPath(), user.split(":")[0], user.contains(":") ? user.split(":")[1] : "");
    db.setAutoCommit(false);
    var sql = db.createStatement();
    sql.execute("select pg_advisory_xact_lock(hashtext('vending " + name + "'));"
        + "create schema if not exists vending_" + name + "; set search_path = vending_" + name);
    var missing = sql.executeQuery("select to_regclass('fence') is null");
    missing.next();
    if (missing.getBoolean(1)) {
      sql.execute(Files.readString(example.resolve("../../migrations/participant/001_participant.up.sql")));
      sql.execute(Files.readString(example.resolve(name + ".sql")));
      if (name.equals("inventory"))
        sql.execute("insert into slot select no, case no when 38 then 9900 else 100 + 10 * (no % 8) end,"
            + " case no when 40 then 0 else 1000000000 end from generate_series(1, 40) no");
    }
    db.commit();
    return db;
  }
}
