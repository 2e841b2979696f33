// A one-dimensional array in PostgreSQL's binary format, as one query parameter: a whole batch of
// values in one round trip, with nothing to quote.
#pragma once
#include <cstdint>
#include <pqxx/binarystring>
#include <string>
#include <string_view>

namespace skald::pg {
enum class oid : std::uint32_t {
  boolean = 16,
  bytea = 17,
  bigint = 20,
  integer = 23,
  text = 25,
  uuid = 2950
};

class array_parameter {
 public:
  explicit array_parameter(oid element) : element_(static_cast<std::uint32_t>(element)) {}

  // The element's own binary form: for text and bytea its bytes, numbers in network order.
  void push(std::string_view element) {
    put(static_cast<std::uint32_t>(element.size()));
    body_ += element;
    ++count_;
  }
  std::uint32_t size() const { return count_; }

  pqxx::binarystring parameter() const {
    array_parameter head(oid{});
    head.put(count_ ? 1 : 0);  // dimensions
    head.put(0);               // no nulls
    head.put(element_);
    if (count_) {
      head.put(count_);
      head.put(1);  // lower bound
    }
    const auto all = head.body_ + body_;
    return pqxx::binarystring(all.data(), all.size());
  }

 private:
  void put(std::uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) body_ += static_cast<char>(number >> shift & 255);
  }
  std::uint32_t element_, count_ = 0;
  std::string body_;
};
}  // namespace skald::pg
