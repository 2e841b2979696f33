// A participant that sells things, its database, and commands for it.
#pragma once
#include <map>
#include <memory>
#include <pqxx/pqxx>

#include "outbox/participant_batch.hpp"
#include "outbox/postgres/migrate.hpp"
#include "tests/support/postgres.hpp"

namespace shop {
struct Take {
  std::string item;
};
struct Taken {
  std::string item;
  int no;
};
struct Sold {
  std::string item;
};
struct Return {
  std::string item;
};
}  // namespace shop

namespace skald::test {
using wire::outcome;

// A participant's database, its handlers, and records for them.
struct shop_world {
  shop_world() : books(database.url()) {
    migrate_up(books, "participant", pg::read_migrations(SKALD_PARTICIPANT_MIGRATIONS));
    fence::prepare(books);
    books.exec("create table taken (no int generated always as identity, item text)");
    handlers.commands["shop.Take.v1"] = [](transaction& tx, const request&, std::string_view data) {
      const auto c = detail::read_message<shop::Take>(data);
      if (c.item == "cursed") throw std::runtime_error("the handler fell over");
      if (c.item == "gone") return declined(shop::Sold{c.item});
      if (c.item == "busy") return response(retry(std::chrono::milliseconds(70)));
      const auto no =
          tx.exec_params1("insert into taken (item) values ($1) returning no", c.item)[0].as<int>();
      return ok(shop::Taken{c.item, no}).named("effect-" + std::to_string(no));
    };
    handlers.undos["shop.Return.v1"] = [](transaction& tx, const effect& e,
                                          std::string_view) -> std::optional<later> {
      const auto taken = e.as<shop::Taken>();
      tx.exec_params("delete from taken where no = $1", taken ? taken->no : -1);
      return std::nullopt;
    };
  }

  // Keeps what the record's views point to.
  struct stored {
    std::string saga, id, value, occurrence;
    std::vector<wire::header> headers;
  };
  void add(int saga, wire::kind kind, std::string value, std::string occurrence = "",
           const char* type = nullptr) {
    auto s = std::make_unique<stored>();
    const auto no = std::to_string(saga);
    s->saga = "00000000-0000-5000-8000-" + std::string(12 - no.size(), '0') + no;
    s->id = s->saga + "/take/" + std::string(name(kind)) + (kind == wire::kind::do_ ? "/0" : "/1");
    s->value = std::move(value);
    s->occurrence = std::move(occurrence);
    const char* usual = kind == wire::kind::do_    ? "shop.Take.v1"
                        : kind == wire::kind::undo ? "shop.Return.v1"
                                                   : "skald.settle.v1";
    s->headers = {{"content-type", "application/json"},
                  {"ce_specversion", "1.0"},
                  {"ce_source", "/test"},
                  {"ce_type", type ? type : usual},
                  {"ce_id", s->id},
                  {"ce_partitionkey", "k"},
                  {"ce_correlationid", s->saga},
                  {"ce_sagatype", "shop"},
                  {"ce_sagaversion", "1"},
                  {"ce_sagastep", "take"},
                  {"ce_sagaattempt", "1"},
                  {"ce_sagakind", name(kind)},
                  {"ce_sagareplyto", "inbox"},
                  {"ce_sagatoken", "1.x"}};
    if (!s->occurrence.empty()) s->headers.push_back({"ce_sagaoccurrence", s->occurrence});
    records.push_back({.topic = "shop.commands",
                       .offset = std::int64_t(records.size()),
                       .key = "k",
                       .value = s->value,
                       .has_key = true,
                       .has_value = true,
                       .headers = s->headers});
    kept.push_back(std::move(s));
  }
  void take(int saga, const std::string& item) {
    add(saga, wire::kind::do_, R"({"item":")" + item + R"("})");
  }
  void give_back(int saga, std::string occurrence = "") {
    add(saga, wire::kind::undo, R"({"item":""})", std::move(occurrence));
  }

  std::vector<task> read() {
    std::vector<task> tasks;
    for (const auto& r : records) tasks.push_back(read_task(r, handlers));
    return tasks;
  }
  // All of it in one transaction.
  std::vector<outcome> run() {
    auto tasks = read();
    pg::transaction tx(books);
    do_tasks(tx.native(), tasks, handlers);
    tx.commit();
    std::vector<outcome> outcomes;
    for (const auto& t : tasks) outcomes.push_back(t.answer.outcome);
    last = std::move(tasks);
    return outcomes;
  }
  std::int64_t count(const std::string& what) {
    return books.exec("select count(*) from " + what).number(0, 0);
  }

  skald::test::database database{"skald_shop"};
  pg::connection books;
  participant_handlers handlers;
  std::vector<std::unique_ptr<stored>> kept;
  std::vector<wire::record> records;
  std::vector<task> last;
};
}  // namespace skald::test
