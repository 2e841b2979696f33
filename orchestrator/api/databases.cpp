#include "orchestrator/api/databases.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>

#include "orchestrator/http/router.hpp"
#include "orchestrator/sql.hpp"

namespace skald::api {
namespace {
constexpr const char* statement_timeout_ms = "5000";
constexpr const char* connect_within_s = "3";

// A URL and a connection string of libpq take another option each in their own way.
std::string hurried(const std::string& url) {
  const auto option = std::string("connect_timeout=") + connect_within_s;
  if (url.find("connect_timeout") != url.npos) return url;
  if (url.find("://") == url.npos) return url + " " + option;
  return url + (url.find('?') == url.npos ? "?" : "&") + option;
}

bool is_away(const pg::error& e) {
  constexpr std::string_view canceled = "57014", no_room = "53";
  return e.lost_connection || e.sqlstate == canceled || e.sqlstate.starts_with(no_room);
}
}  // namespace

databases::session::session(const std::string& url) : on(hurried(url)) {
  on.exec(sql::installation::answer_within, {statement_timeout_ms});
}

std::unique_ptr<databases::session> databases::lend() {
  {
    const std::lock_guard lock(guard_);
    if (!idle_.empty()) {
      auto last = std::move(idle_.back());
      idle_.pop_back();
      return last;
    }
  }
  try {
    return std::make_unique<session>(url_);
  } catch (const pg::error& e) {
    refuse(e);
  }
}

void databases::give_back(std::unique_ptr<session> s) {
  if (!s->on.is_open()) return;
  const std::lock_guard lock(guard_);
  idle_.push_back(std::move(s));
}

void databases::refuse(const pg::error& e) {
  if (!is_away(e)) throw e;
  static std::atomic<std::int64_t> said_at{0};  // one line a second tells it, however many ask
  const auto now = std::chrono::steady_clock::now().time_since_epoch() / std::chrono::seconds(1);
  if (said_at.exchange(now) != now) spdlog::warn("http: {}", e.what());
  throw http::unavailable("The database cannot be asked now; try again.");
}
}  // namespace skald::api
