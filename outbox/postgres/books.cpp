#include "outbox/postgres/books.hpp"

#include "outbox/postgres/fence.hpp"

namespace skald::pg {
void books::connect() {
  if (connection_ && connection_->is_open()) return;
  connection_.reset();
  connection fresh(url_);
  fresh.exec("set plan_cache_mode = force_generic_plan");
  fresh.exec("set idle_in_transaction_session_timeout = '60s'");
  if (!schema_.empty())
    fresh.exec("select set_config('search_path', quote_ident($1), false)", {schema_});
  if (!fresh.exec("select to_regclass('fence') is not null").boolean(0, 0))
    throw gone("database " + describe(url_) + " has no table fence in " +
               (schema_.empty() ? "its search_path" : "schema " + schema_) +
               ": apply migrations/participant to it");
  fence::prepare(fresh);
  connection_ = std::move(fresh);
}

void books::transact(const std::function<void(pqxx::transaction_base&)>& work) {
  try {
    connect();
  } catch (const error& e) {
    throw gone(e.what());
  }
  try {
    transaction tx(*connection_);
    work(tx.native());
    tx.commit();
  } catch (const error& e) {  // the commit
    if (!e.lost_connection && !e.in_doubt) throw;
    connection_.reset();
    throw gone(e.what());
  } catch (const std::exception& e) {
    if (connection_->is_open()) throw;
    connection_.reset();
    throw gone(std::string("the connection to the participant's database broke: ") + e.what());
  }
}
}  // namespace skald::pg
