// PostgreSQL's binary forms: all numbers big endian.
#include <libpq-fe.h>

#include <cstring>

#include "outbox/postgres/pipeline.hpp"

namespace skald::pg {
namespace {
constexpr std::size_t header_bytes = 20;  // dimensions, has nulls, element type, count, lower bound
constexpr std::size_t nulls_at = 4, count_at = 12;

void put(char* to, std::uint64_t v, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i)
    to[i] = static_cast<char>(v >> (8 * (bytes - 1 - i)) & 0xff);
}

std::int64_t get(const char* from, std::size_t bytes) {
  std::uint64_t v = (*from & 0x80) ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < bytes; ++i) v = v << 8 | static_cast<unsigned char>(from[i]);
  return static_cast<std::int64_t>(v);
}

const PGresult* native(void* p) {
  return static_cast<const PGresult*>(p);
}
}  // namespace

binary_array::binary_array(type element) : data_(header_bytes, '\0') {
  put(&data_[0], 1, 4);
  put(&data_[8], static_cast<std::uint32_t>(element), 4);
  put(&data_[16], 1, 4);
}

void binary_array::clear() {
  data_.resize(header_bytes);
  count_ = 0;
  put(&data_[nulls_at], 0, 4);
  put(&data_[count_at], 0, 4);
}

void binary_array::add_item(const void* bytes, std::size_t n) {
  char length[4];
  put(length, n, 4);
  data_.append(length, 4).append(static_cast<const char*>(bytes), n);
  put(&data_[count_at], ++count_, 4);
}

void binary_array::add_int2(std::int16_t v) {
  char b[2];
  put(b, static_cast<std::uint64_t>(v), 2);
  add_item(b, 2);
}
void binary_array::add_int4(std::int32_t v) {
  char b[4];
  put(b, static_cast<std::uint64_t>(v), 4);
  add_item(b, 4);
}
void binary_array::add_int8(std::int64_t v) {
  char b[8];
  put(b, static_cast<std::uint64_t>(v), 8);
  add_item(b, 8);
}
void binary_array::add_bytes(std::string_view s) {
  add_item(s.data(), s.size());
}
void binary_array::add_uuid(const uuid_bytes& id) {
  add_item(id.data(), id.size());
}
void binary_array::add_null() {
  data_.append(4, '\xff');
  put(&data_[nulls_at], 1, 4);
  put(&data_[count_at], ++count_, 4);
}

binary_parameters& binary_parameters::add_view(std::string_view v) {
  if (count_ == max_count) throw std::length_error("too many parameters for one statement");
  values_[count_] = v.data() ? v.data() : "";
  lengths_[count_++] = static_cast<int>(v.size());
  return *this;
}
binary_parameters& binary_parameters::add_number(std::uint64_t v, std::size_t bytes) {
  add_view({});
  auto i = count_ - 1;
  put(small_[i].data(), v, bytes);
  lengths_[i] = static_cast<int>(bytes);
  is_small_[i] = true;
  return *this;
}
binary_parameters& binary_parameters::add_int2(std::int16_t v) {
  return add_number(static_cast<std::uint64_t>(v), 2);
}
binary_parameters& binary_parameters::add_int4(std::int32_t v) {
  return add_number(static_cast<std::uint64_t>(v), 4);
}
binary_parameters& binary_parameters::add_int8(std::int64_t v) {
  return add_number(static_cast<std::uint64_t>(v), 8);
}
binary_parameters& binary_parameters::add_bool(bool v) {
  return add_number(v, 1);
}
binary_parameters& binary_parameters::add_uuid(const uuid_bytes& id) {
  add_number(0, 0);
  std::memcpy(small_[count_ - 1].data(), id.data(), id.size());
  lengths_[count_ - 1] = static_cast<int>(id.size());
  return *this;
}
binary_parameters& binary_parameters::add_null() {
  add_view({});
  values_[count_ - 1] = nullptr;
  return *this;
}

std::size_t binary_result::rows() const {
  return static_cast<std::size_t>(PQntuples(native(native_)));
}
std::size_t binary_result::affected() const {
  return std::strtoull(PQcmdTuples(static_cast<PGresult*>(native_)), nullptr, 10);
}
bool binary_result::is_null(std::size_t row, std::size_t column) const {
  return PQgetisnull(native(native_), static_cast<int>(row), static_cast<int>(column));
}
std::string_view binary_result::data(std::size_t row, std::size_t column) const {
  auto r = static_cast<int>(row), c = static_cast<int>(column);
  return {PQgetvalue(native(native_), r, c),
          static_cast<std::size_t>(PQgetlength(native(native_), r, c))};
}
std::int64_t binary_result::number(std::size_t row, std::size_t column) const {
  auto b = data(row, column);
  if (b.empty() || b.size() > 8) throw error("A value is not a whole number.", "", false);
  return get(b.data(), b.size());
}
uuid_bytes binary_result::uuid(std::size_t row, std::size_t column) const {
  uuid_bytes id;
  auto b = data(row, column);
  if (b.size() != id.size()) throw error("A value is not a uuid.", "", false);
  std::memcpy(id.data(), b.data(), id.size());
  return id;
}
std::vector<std::int64_t> binary_result::numbers(std::size_t row, std::size_t column) const {
  auto b = data(row, column);
  std::vector<std::int64_t> all;
  if (b.size() < header_bytes) return all;  // an empty array has no dimensions
  auto n = get(b.data() + count_at, 4);
  b.remove_prefix(header_bytes);
  for (std::int64_t i = 0; i < n && b.size() >= 4; ++i) {
    auto length = get(b.data(), 4);
    b.remove_prefix(4);
    if (length < 1 || length > 8 || static_cast<std::size_t>(length) > b.size())
      throw error("A value is not an array of whole numbers without nulls.", "", false);
    all.push_back(get(b.data(), static_cast<std::size_t>(length)));
    b.remove_prefix(static_cast<std::size_t>(length));
  }
  return all;
}
}  // namespace skald::pg
