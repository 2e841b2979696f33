// A thin seam over libpqxx for everything but the hot batch (pipeline.hpp). C++17, like all of this
// directory: some distributions' libpqxx can only be linked from C++17.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pqxx {
class transaction_base;
}

namespace skald::pg {
// Whatever the database refuses. what() is a sentence for people and holds no password.
struct error : std::runtime_error {
  error(const std::string& sentence, std::string state, bool lost, bool in_doubt_ = false)
      : runtime_error(sentence),
        sqlstate(std::move(state)),
        lost_connection(lost),
        in_doubt(in_doubt_) {}
  std::string sqlstate;  // empty when the server said nothing
  bool lost_connection;  // the connection is of no more use
  bool in_doubt;         // a commit was sent and its answer was lost: look before you act
};

// Marks the bytes of a bytea parameter; everything else that is text is sent as text.
struct bytes {
  std::string_view data;
};

// One parameter of a statement, as text.
class parameter {
 public:
  parameter(std::nullptr_t) {}
  parameter(bool v) : text_(v ? "t" : "f") {}
  parameter(int v) : text_(std::to_string(v)) {}
  parameter(long v) : text_(std::to_string(v)) {}
  parameter(long long v) : text_(std::to_string(v)) {}
  parameter(unsigned v) : text_(std::to_string(v)) {}
  parameter(double v);
  parameter(const char* v) : text_(v) {}
  parameter(std::string_view v) : text_(v) {}
  parameter(std::string v) : text_(std::move(v)) {}
  parameter(bytes);
  template <class T>
  parameter(const std::optional<T>& v) {
    if (v) text_ = parameter(*v).text_;
  }
  const std::optional<std::string>& text() const { return text_; }

 private:
  std::optional<std::string> text_;
};
using parameters = std::vector<parameter>;

// Array literals: `= any($1::bigint[])`, `unnest($1::text[])`.
std::string array(const std::vector<std::int64_t>&);
std::string array(const std::vector<std::int32_t>&);
std::string array(const std::vector<std::string>&);
std::string array(const std::vector<bytes>&);

// The rows of a statement. A value that is null, or not of the type asked for, is a pg::error.
class result {
 public:
  std::size_t rows() const { return columns_ ? values_.size() / columns_ : 0; }
  std::size_t columns() const { return columns_; }
  std::size_t affected() const { return affected_; }
  bool is_null(std::size_t row, std::size_t column) const { return !at(row, column); }
  const std::string& text(std::size_t row, std::size_t column) const;
  std::int64_t number(std::size_t row, std::size_t column) const;
  double real(std::size_t row, std::size_t column) const;
  bool boolean(std::size_t row, std::size_t column) const;
  std::string data(std::size_t row, std::size_t column) const;  // bytea
  std::optional<std::string> maybe(std::size_t row, std::size_t column) const {
    return at(row, column);
  }

 private:
  friend struct access;
  const std::optional<std::string>& at(std::size_t row, std::size_t column) const;
  std::size_t columns_ = 0, affected_ = 0;
  std::vector<std::optional<std::string>> values_;
};

// One session. Never reconnects by itself: a lost one throws, and its owner makes another. One
// thread, one transaction at a time.
class connection {
 public:
  // A postgresql:// URL or a libpq connection string. Waits 10 s at most, unless it says else.
  explicit connection(const std::string& url);
  ~connection();
  connection(connection&&) noexcept;
  connection& operator=(connection&&) noexcept;

  result exec(std::string_view sql, const parameters& = {});  // a transaction of its own
  void exec_script(const std::string& sql);                   // several statements, one transaction
  // Makes a statement known to the session by a name, for libpqxx's exec_prepared. Once a name.
  void prepare(const char* name, const char* sql);
  bool is_open() const;

 private:
  friend class transaction;
  struct session;
  std::unique_ptr<session> session_;
};

// Rolled back unless committed.
class transaction {
 public:
  explicit transaction(connection&);
  ~transaction();
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  result exec(std::string_view sql, const parameters& = {});
  void exec_script(const std::string& sql);
  void commit();
  void rollback();
  pqxx::transaction_base& native();  // for code that is written for libpqxx

 private:
  struct state;
  std::unique_ptr<state> state_;
};

// "host:port, database name" of a URL, for sentences. Throws a pg::error when it cannot be read.
std::string describe(const std::string& url);
// The URL as a libpq connection string with a connect_timeout and an application_name.
std::string complete(const std::string& url);
}  // namespace skald::pg
