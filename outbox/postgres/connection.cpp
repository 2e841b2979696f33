#include "outbox/postgres/connection.hpp"

#include <libpq-fe.h>

#include <cerrno>
#include <cstdlib>
#include <pqxx/pqxx>

namespace skald::pg {
namespace {
constexpr char connect_timeout_s[] = "10";
// Missed after ten seconds: the system alone would wait for a quarter of an hour, or for two hours.
constexpr std::pair<const char*, const char*> a_server_that_vanished[] = {
    {"tcp_user_timeout", "10000"},  // ms
    {"keepalives_idle", "5"},
    {"keepalives_interval", "2"},
    {"keepalives_count", "3"},
};

struct option_list {
  explicit option_list(const std::string& url) {
    char* why = nullptr;
    all = PQconninfoParse(url.c_str(), &why);
    std::string reason = why ? why : "not enough memory";
    PQfreemem(why);
    if (!all)
      throw error("The address of PostgreSQL cannot be read (" + first_line(reason) +
                      "): give postgresql://user@host:port/database.",
                  "", true);
  }
  ~option_list() { PQconninfoFree(all); }
  option_list(const option_list&) = delete;
  option_list& operator=(const option_list&) = delete;

  std::string value(std::string_view name, const char* otherwise) const {
    for (auto* o = all; o->keyword; ++o)
      if (name == o->keyword && o->val && *o->val) return o->val;
    return otherwise;
  }
  static std::string first_line(const std::string& s) { return s.substr(0, s.find('\n')); }

  PQconninfoOption* all;
};

bool is_loss(std::string_view sqlstate) {
  return sqlstate.substr(0, 2) == "08" || sqlstate.substr(0, 3) == "57P";
}

// libpqxx 6 reconnects by itself, and locks and settings of the session vanish unseen.
void forbid_reconnecting([[maybe_unused]] pqxx::connection& c) {
#if PQXX_VERSION_MAJOR < 7
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  c.inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
}

// Runs `body`; what libpqxx throws becomes a pg::error.
template <class Body>
auto guarded(Body body) {
  try {
    return body();
  } catch (const pqxx::in_doubt_error& e) {
    throw error(std::string("The answer to a commit was lost: ") + e.what(), "", true, true);
  } catch (const pqxx::broken_connection& e) {
    throw error("The connection to PostgreSQL is lost: " + option_list::first_line(e.what()), "",
                true);
  } catch (const pqxx::insufficient_privilege& e) {  // libpqxx 6 leaves its SQLSTATE out
    throw error("PostgreSQL refuses: " + option_list::first_line(e.what()), "42501", false);
  } catch (const pqxx::sql_error& e) {
    throw error("PostgreSQL refuses: " + option_list::first_line(e.what()), e.sqlstate(),
                is_loss(e.sqlstate()));
  } catch (const pqxx::failure& e) {
    throw error("PostgreSQL refuses: " + option_list::first_line(e.what()), "", false);
  }
}

template <class T, class Append>
std::string array_literal(const std::vector<T>& all, Append append) {
  std::string out = "{";
  for (auto& item : all) {
    if (out.size() > 1) out += ',';
    append(out, item);
  }
  return out + '}';
}

void append_hex(std::string& out, std::string_view data) {
  constexpr char digits[] = "0123456789abcdef";
  for (unsigned char c : data) {
    out += digits[c >> 4];
    out += digits[c & 15];
  }
}

void append_quoted(std::string& out, std::string_view s) {
  out += '"';
  for (char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

int hex_value(char c) {
  return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}
}  // namespace

std::string describe(const std::string& url) {
  option_list o(url);
  return o.value("host", o.value("hostaddr", "the local socket").c_str()) + ":" +
         o.value("port", "5432") + ", database " +
         o.value("dbname", o.value("user", "of the user's name").c_str());
}

std::string complete(const std::string& url) {
  option_list options(url);
  std::string out;
  auto add = [&](std::string_view name, std::string_view value) {
    out.append(name).append("='");
    for (char c : value) {
      if (c == '\'' || c == '\\') out += '\\';
      out += c;
    }
    out += "' ";
  };
  for (auto* o = options.all; o->keyword; ++o)
    if (o->val) add(o->keyword, o->val);
  if (options.value("connect_timeout", "").empty()) add("connect_timeout", connect_timeout_s);
  if (options.value("application_name", "").empty()) add("application_name", "skald");
  for (const auto& [name, value] : a_server_that_vanished)
    if (options.value(name, "").empty()) add(name, value);
  return out;
}

parameter::parameter(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", v);
  text_ = text;
}

parameter::parameter(bytes v) : text_("\\x") {
  text_->reserve(2 + 2 * v.data.size());
  append_hex(*text_, v.data);
}

std::string array(const std::vector<std::int64_t>& all) {
  return array_literal(all, [](auto& out, auto n) { out += std::to_string(n); });
}
std::string array(const std::vector<std::int32_t>& all) {
  return array_literal(all, [](auto& out, auto n) { out += std::to_string(n); });
}
std::string array(const std::vector<std::string>& all) {
  return array_literal(all, [](auto& out, auto& s) { append_quoted(out, s); });
}
std::string array(const std::vector<bytes>& all) {
  return array_literal(all, [](auto& out, auto& b) {
    out += "\"\\\\x";
    append_hex(out, b.data);
    out += '"';
  });
}

const std::optional<std::string>& result::at(std::size_t row, std::size_t column) const {
  if (column >= columns_ || row >= rows())
    throw error("A statement gave no row " + std::to_string(row) + ", column " +
                    std::to_string(column) + ".",
                "", false);
  return values_[row * columns_ + column];
}

const std::string& result::text(std::size_t row, std::size_t column) const {
  auto& v = at(row, column);
  if (!v) throw error("A value that must be there is null.", "", false);
  return *v;
}

std::int64_t result::number(std::size_t row, std::size_t column) const {
  auto& s = text(row, column);
  errno = 0;
  char* end = nullptr;
  auto n = std::strtoll(s.c_str(), &end, 10);
  if (errno || end == s.c_str() || *end) throw error("Not a whole number: " + s, "", false);
  return n;
}

double result::real(std::size_t row, std::size_t column) const {
  auto& s = text(row, column);
  char* end = nullptr;
  auto n = std::strtod(s.c_str(), &end);
  if (end == s.c_str() || *end) throw error("Not a number: " + s, "", false);
  return n;
}

bool result::boolean(std::size_t row, std::size_t column) const {
  auto& s = text(row, column);
  if (s != "t" && s != "f") throw error("Not a boolean: " + s, "", false);
  return s == "t";
}

std::string result::data(std::size_t row, std::size_t column) const {
  auto& s = text(row, column);
  if (s.size() % 2 || s.substr(0, 2) != "\\x") throw error("Not a bytea in hex.", "", false);
  std::string out;
  out.reserve(s.size() / 2);
  for (std::size_t i = 2; i < s.size(); i += 2)
    out += static_cast<char>(hex_value(s[i]) << 4 | hex_value(s[i + 1]));
  return out;
}

// Builds a result; and the one door to libpqxx's transactions.
struct access {
  static result copy(const pqxx::result& from) {
    result r;
    r.columns_ = static_cast<std::size_t>(from.columns());
    r.affected_ = static_cast<std::size_t>(from.affected_rows());
    r.values_.reserve(r.columns_ * static_cast<std::size_t>(from.size()));
    for (pqxx::result::size_type i = 0; i < from.size(); ++i)
      for (pqxx::row::size_type c = 0; c < from.columns(); ++c) {
        auto field = from[i][c];
        if (field.is_null())
          r.values_.emplace_back();
        else
          r.values_.emplace_back(std::string(field.c_str(), field.size()));
      }
    return r;
  }

  static result exec(pqxx::transaction_base& in, std::string_view sql, const parameters& given) {
    return guarded([&] {
      if (!in.conn().is_open()) throw pqxx::broken_connection("it ended before");
      std::vector<std::optional<std::string>> texts;
      texts.reserve(given.size());
      for (auto& p : given) texts.push_back(p.text());
#if PQXX_VERSION_MAJOR >= 7
      pqxx::params all;
      for (auto& t : texts) all.append(t);
      return copy(in.exec_params(pqxx::zview(std::string(sql)), all));
#else
      return copy(in.exec_params(std::string(sql), pqxx::prepare::make_dynamic_params(texts)));
#endif
    });
  }
};

struct connection::session {
  std::unique_ptr<pqxx::connection> native;
  std::unique_ptr<pqxx::quiet_errorhandler> quiet;  // notices belong to nobody's stderr
  ~session() { quiet.reset(); }
};

connection::connection(const std::string& url) : session_(std::make_unique<session>()) {
  auto where = describe(url);
  try {
    session_->native = std::make_unique<pqxx::connection>(complete(url));
    session_->quiet = std::make_unique<pqxx::quiet_errorhandler>(*session_->native);
    forbid_reconnecting(*session_->native);
  } catch (const std::exception& e) {
    throw error(
        "PostgreSQL at " + where + " cannot be reached: " + option_list::first_line(e.what()), "",
        true);
  }
}
connection::~connection() = default;
connection::connection(connection&&) noexcept = default;
connection& connection::operator=(connection&&) noexcept = default;

result connection::exec(std::string_view sql, const parameters& given) {
  return guarded([&] {
    pqxx::nontransaction t(*session_->native);
    return access::exec(t, sql, given);
  });
}

void connection::exec_script(const std::string& sql) {
  guarded([&] {
    pqxx::work t(*session_->native);
    t.exec(sql);
    t.commit();
  });
}

void connection::prepare(const char* name, const char* sql) {
  guarded([&] { session_->native->prepare(name, sql); });
}

bool connection::is_open() const {
  return session_->native->is_open();
}

struct transaction::state {
  explicit state(pqxx::connection& c) : work(c) {}
  pqxx::work work;
};

transaction::transaction(connection& on)
    : state_(guarded([&] { return std::make_unique<state>(*on.session_->native); })) {}
transaction::~transaction() = default;

result transaction::exec(std::string_view sql, const parameters& given) {
  return access::exec(state_->work, sql, given);
}
void transaction::exec_script(const std::string& sql) {
  guarded([&] { state_->work.exec(sql); });
}
void transaction::commit() {
  guarded([&] { state_->work.commit(); });
}
void transaction::rollback() {
  guarded([&] { state_->work.abort(); });
}
pqxx::transaction_base& transaction::native() {
  return state_->work;
}
}  // namespace skald::pg
