#include "skald/outbox.hpp"

#include <pqxx/pqxx>

#include "outbox/postgres/connection.hpp"

namespace skald::outbox {
namespace {
void append_json(std::string& out, std::string_view s) {
  constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (char c : s) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out.append("\\u00");
      out += digits[c >> 4 & 15];
      out += digits[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string to_json(const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string out = "{";
  for (auto& [name, value] : headers) {
    if (out.size() > 1) out += ',';
    append_json(out, name);
    out += ':';
    append_json(out, value);
  }
  return out + '}';
}

// An array literal whose items may be null.
template <class Get>
std::string literal(const std::vector<message>& all, Get get) {
  std::string out = "{";
  for (auto& m : all) {
    if (out.size() > 1) out += ',';
    std::optional<std::string> item = get(m);
    if (!item) {
      out += "null";
      continue;
    }
    auto one = pg::array(std::vector<std::string>{std::move(*item)});
    out.append(one, 1, one.size() - 2);  // without its braces
  }
  return out + '}';
}

std::optional<std::string> hex(const std::optional<std::string>& payload) {
  if (!payload) return {};
  return pg::parameter(pg::bytes{*payload}).text();
}
}  // namespace

message event(std::string topic, std::string key, std::string type, std::string source,
              std::string id, std::string json) {
  message m;
  m.headers = {
      {"content-type", "application/json"}, {"ce_specversion", "1.0"}, {"ce_type", std::move(type)},
      {"ce_source", std::move(source)},     {"ce_id", std::move(id)},  {"ce_partitionkey", key}};
  m.topic = std::move(topic);
  m.key = std::move(key);
  m.payload = std::move(json);
  return m;
}

void write(pqxx::transaction_base& tx, const message& m) {
  write(tx, std::vector<message>{m});
}

void write(pqxx::transaction_base& tx, const std::vector<message>& all) {
  if (all.empty()) return;
  using text = std::optional<std::string>;
  auto topics = literal(all, [](auto& m) { return text(m.topic); });
  auto keys = literal(all, [](auto& m) { return m.key; });
  auto headers = literal(all, [](auto& m) { return text(to_json(m.headers)); });
  auto payloads = literal(all, [](auto& m) { return hex(m.payload); });
  tx.exec_params(
      "insert into outbox(topic, key, headers, payload)"
      " select topic, key, headers, payload"
      " from unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) with ordinality"
      " as m(topic, key, headers, payload, place) order by place",
      topics, keys, headers, payloads);
}
}  // namespace skald::outbox
