// The hot batch: prepared statements with binary parameters in one libpq pipeline with one Sync,
// which makes them one transaction without BEGIN and COMMIT. C++17, like all of this directory.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/postgres/connection.hpp"

namespace skald::pg {
using uuid_bytes = std::array<std::uint8_t, 16>;

enum class type : std::uint32_t {  // PostgreSQL's oids
  bytea = 17,
  int8 = 20,
  int2 = 21,
  int4 = 23,
  text = 25,
  uuid = 2950
};

// An array parameter in PostgreSQL's binary form, kept from batch to batch for its memory. The
// caller adds what the element type says; text and bytea take the same bytes.
class binary_array {
 public:
  explicit binary_array(type element);
  void clear();
  void add_int2(std::int16_t);
  void add_int4(std::int32_t);
  void add_int8(std::int64_t);
  void add_bytes(std::string_view);  // text, bytea
  void add_uuid(const uuid_bytes&);
  void add_null();
  std::size_t size() const { return count_; }
  std::string_view bytes() const { return data_; }

 private:
  void add_item(const void*, std::size_t);
  std::string data_;
  std::uint32_t count_ = 0;
};

// The parameters of one statement. Texts, bytes and arrays are views: they live until send().
class binary_parameters {
 public:
  static constexpr std::size_t max_count = 32;
  binary_parameters& add(const binary_array& a) { return add_view(a.bytes()); }
  binary_parameters& add_int2(std::int16_t);
  binary_parameters& add_int4(std::int32_t);
  binary_parameters& add_int8(std::int64_t);
  binary_parameters& add_bool(bool);
  binary_parameters& add_bytes(std::string_view v) { return add_view(v); }  // text, bytea
  binary_parameters& add_uuid(const uuid_bytes&);
  binary_parameters& add_null();
  std::size_t size() const { return count_; }

 private:
  friend class pipeline;
  binary_parameters& add_view(std::string_view);
  binary_parameters& add_number(std::uint64_t, std::size_t bytes);
  std::size_t count_ = 0;
  std::array<const char*, max_count> values_{};
  std::array<int, max_count> lengths_{};
  std::array<std::array<char, 16>, max_count> small_{};
  std::array<bool, max_count> is_small_{};
};

// Rows in binary. Views live until the next batch of the same pipeline.
class binary_result {
 public:
  explicit binary_result(void* native) : native_(native) {}
  std::size_t rows() const;
  std::size_t affected() const;
  bool is_null(std::size_t row, std::size_t column) const;
  std::int64_t number(std::size_t row, std::size_t column) const;  // int2, int4, int8, bool
  std::string_view data(std::size_t row, std::size_t column) const;
  uuid_bytes uuid(std::size_t row, std::size_t column) const;
  // Elements of int8[], int4[] or int2[].
  std::vector<std::int64_t> numbers(std::size_t row, std::size_t column) const;

 private:
  void* native_;
};

enum class fate : std::uint8_t {
  committed,
  failed,  // nothing was written; the session goes on
  unknown  // the connection broke behind the Sync: ask the database, never send again
};

struct batch_outcome {
  pg::fate fate = pg::fate::committed;
  std::string sqlstate, sentence;  // of a failure
  std::size_t statement = 0;       // which one failed, in the order of send()
};

// One session in pipeline mode. One thread; one batch at a time.
class pipeline {
 public:
  explicit pipeline(const std::string& url);  // waits 10 s at most; pg::error
  ~pipeline();
  pipeline(pipeline&&) noexcept;
  pipeline& operator=(pipeline&&) noexcept;

  void prepare(const std::string& name, const std::string& sql);  // waits; pg::error
  void exec(const std::string& sql);                              // waits; between batches

  void send(const char* prepared, const binary_parameters&);
  void sync();         // the batch is complete: it goes out, nothing waits
  int socket() const;  // poll it for reading, and for writing while wants_write()
  bool wants_write() const;
  bool advance();                                     // never waits; true: the outcome is there
  bool wait(std::chrono::milliseconds at_most);       // as advance(), waiting
  const batch_outcome& outcome() const;               // after advance() said true
  binary_result result(std::size_t statement) const;  // of a committed batch
  bool take_notification();  // true: a NOTIFY came since the last call (after LISTEN)
  bool is_open() const;

 private:
  struct session;
  std::unique_ptr<session> session_;
};
}  // namespace skald::pg
