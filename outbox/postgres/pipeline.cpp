#include "outbox/postgres/pipeline.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <cassert>
#include <cstring>

namespace skald::pg {
namespace {
struct freed {
  void operator()(PGconn* c) const { PQfinish(c); }
  void operator()(PGresult* r) const { PQclear(r); }
};
using owned_result = std::unique_ptr<PGresult, freed>;

std::string first_line(const char* s) {
  std::string line = s ? s : "";
  return line.substr(0, line.find('\n'));
}

std::string field(const PGresult* r, int which) {
  auto* f = PQresultErrorField(r, which);
  return f ? f : "";
}

// The server ends the session: what became of the batch is not known from this answer.
bool is_end_of_session(const PGresult* r) {
  auto state = field(r, PG_DIAG_SQLSTATE);
  auto severity = field(r, PG_DIAG_SEVERITY_NONLOCALIZED);
  return state.empty() || severity == "FATAL" || severity == "PANIC";
}
}  // namespace

struct pipeline::session {
  std::unique_ptr<PGconn, freed> native;
  std::vector<owned_result> results;  // one a statement
  std::size_t sent = 0, answered = 0;
  bool synced = false, finished = true, wants_write = false, broken = false;
  batch_outcome outcome;

  PGconn* c() const { return native.get(); }
  std::string complaint() const { return first_line(PQerrorMessage(c())); }
  bool lost() const { return broken || PQstatus(c()) != CONNECTION_OK; }

  void begin() {
    results.clear();
    sent = answered = 0;
    synced = finished = false;
    outcome = {};
  }

  void break_off() {
    finished = broken = true;
    if (outcome.fate == fate::failed) return;  // the server had refused it before
    outcome.fate = synced ? fate::unknown : fate::failed;
    outcome.sentence = "The connection to PostgreSQL is lost: " + complaint();
  }

  // One answer; false: the connection is lost.
  bool take(owned_result r) {
    switch (PQresultStatus(r.get())) {
      case PGRES_PIPELINE_SYNC:
        finished = true;
        return true;
      case PGRES_PIPELINE_ABORTED:
        return true;
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        results.push_back(std::move(r));
        return true;
      default:
        break;
    }
    if (outcome.fate == fate::failed) return true;
    if (is_end_of_session(r.get())) {
      if (auto text = field(r.get(), PG_DIAG_MESSAGE_PRIMARY); !text.empty())
        outcome.sqlstate = field(r.get(), PG_DIAG_SQLSTATE);
      return false;
    }
    outcome.fate = fate::failed;
    outcome.sqlstate = field(r.get(), PG_DIAG_SQLSTATE);
    outcome.sentence = "PostgreSQL refuses: " + field(r.get(), PG_DIAG_MESSAGE_PRIMARY);
    outcome.statement = answered;
    return true;
  }
};

pipeline::pipeline(const std::string& url) : session_(std::make_unique<session>()) {
  auto& s = *session_;
  auto where = describe(url);
  s.native.reset(PQconnectdb(complete(url).c_str()));
  if (s.lost())
    throw error("PostgreSQL at " + where + " cannot be reached: " + s.complaint(), "", true);
  PQsetNoticeProcessor(
      s.c(), [](void*, const char*) {}, nullptr);
  exec("set plan_cache_mode = force_generic_plan");
  if (PQsetnonblocking(s.c(), 1) != 0 || !PQenterPipelineMode(s.c()))
    throw error("The pipeline mode of libpq cannot be entered: " + s.complaint(), "", true);
}
pipeline::~pipeline() = default;
pipeline::pipeline(pipeline&&) noexcept = default;
pipeline& pipeline::operator=(pipeline&&) noexcept = default;

void pipeline::exec(const std::string& sql) {
  auto& s = *session_;
  assert(s.finished);
  const bool in_pipeline = PQpipelineStatus(s.c()) != PQ_PIPELINE_OFF;
  if (in_pipeline) PQexitPipelineMode(s.c());
  owned_result r(PQexec(s.c(), sql.c_str()));
  auto status = PQresultStatus(r.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    throw error("PostgreSQL refuses: " + s.complaint(), field(r.get(), PG_DIAG_SQLSTATE), s.lost());
  if (in_pipeline) PQenterPipelineMode(s.c());
}

void pipeline::prepare(const std::string& name, const std::string& sql) {
  auto& s = *session_;
  assert(s.finished);
  PQexitPipelineMode(s.c());
  owned_result r(PQprepare(s.c(), name.c_str(), sql.c_str(), 0, nullptr));
  auto ok = PQresultStatus(r.get()) == PGRES_COMMAND_OK;
  auto complaint = s.complaint();
  PQenterPipelineMode(s.c());
  if (!ok)
    throw error("PostgreSQL refuses statement " + name + ": " + complaint,
                field(r.get(), PG_DIAG_SQLSTATE), s.lost());
}

void pipeline::send(const char* prepared, const binary_parameters& p) {
  auto& s = *session_;
  if (s.finished) s.begin();
  std::array<const char*, binary_parameters::max_count> values;
  std::array<int, binary_parameters::max_count> formats;
  for (std::size_t i = 0; i < p.count_; ++i) {
    values[i] = p.is_small_[i] ? p.small_[i].data() : p.values_[i];
    formats[i] = 1;
  }
  ++s.sent;
  if (!PQsendQueryPrepared(s.c(), prepared, static_cast<int>(p.count_), values.data(),
                           p.lengths_.data(), formats.data(), 1) &&
      !s.lost())
    throw error("A statement cannot be sent: " + s.complaint(), "", false);
  // A lost connection shows in the outcome.
}

void pipeline::sync() {
  auto& s = *session_;
  if (s.finished) s.begin();
  if (s.lost() || !PQpipelineSync(s.c())) return s.break_off();
  s.synced = true;
  advance();
}

int pipeline::socket() const {
  return PQsocket(session_->c());
}
bool pipeline::wants_write() const {
  return session_->wants_write;
}
const batch_outcome& pipeline::outcome() const {
  return session_->outcome;
}
bool pipeline::is_open() const {
  return !session_->lost();
}

bool pipeline::advance() {
  auto& s = *session_;
  if (s.finished) {
    PQconsumeInput(s.c());  // notifications
    return true;
  }
  auto unsent = PQflush(s.c());
  s.wants_write = unsent == 1;
  const bool readable = PQconsumeInput(s.c());
  while (!s.finished && !PQisBusy(s.c())) {
    owned_result r(PQgetResult(s.c()));
    if (!r) {  // the end of a statement's answers
      if (s.answered == s.sent) break;
      ++s.answered;
      continue;
    }
    if (!s.take(std::move(r))) {
      s.break_off();
      break;
    }
  }
  if (!s.finished && (unsent < 0 || !readable || s.lost())) s.break_off();
  if (s.finished) s.wants_write = false;
  return s.finished;
}

bool pipeline::wait(std::chrono::milliseconds at_most) {
  const auto until = std::chrono::steady_clock::now() + at_most;
  while (!advance()) {
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd p{socket(), static_cast<short>(POLLIN | (wants_write() ? POLLOUT : 0)), 0};
    ::poll(&p, 1, static_cast<int>(left.count()));
  }
  return true;
}

binary_result pipeline::result(std::size_t statement) const {
  assert(statement < session_->results.size());
  return binary_result(session_->results[statement].get());
}

bool pipeline::take_notification() {
  bool any = false;
  while (auto* n = PQnotifies(session_->c())) {
    PQfreemem(n);
    any = true;
  }
  return any;
}
}  // namespace skald::pg
