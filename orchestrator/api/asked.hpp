// What a request asks, judged: query parameters and the fields of a JSON body. A mistake is refused
// with its place; what is not known is a mistake too, so that a misspelt filter filters nothing.
#pragma once
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/http/problem.hpp"
#include "orchestrator/http/router.hpp"
#include "orchestrator/payload.hpp"

namespace skald::api {
using http::request;
using http::response;
using nlohmann::ordered_json;
using words = std::initializer_list<std::string_view>;
inline constexpr int usual_page = 50;  // rows of a list, unless asked for
inline constexpr std::chrono::seconds longest_wait{60};
inline constexpr std::size_t most_reason_bytes = 512;

class query {
 public:
  query(const request&, words known);  // throws http::refusal, as do all below

  std::optional<std::string> text(std::string_view name) const;
  std::optional<std::string> word(std::string_view name, words allowed) const;
  std::optional<std::int64_t> number(std::string_view name) const;  // 0 or more
  int count(std::string_view name, int fallback, int most) const;   // 1 or more
  bool flag(std::string_view name) const;                           // absent: false
  // As in 250ms, 30s; absent: none. More than `most` is `most`.
  std::chrono::milliseconds time(std::string_view name, std::chrono::milliseconds most) const;

 private:
  const request& from_;
};

// One JSON object. Its mistakes are collected; judge() throws them all.
class fields {
 public:
  fields(const request&, words known);

  std::string text(std::string_view name, std::size_t most_bytes);  // required, not empty
  std::optional<std::string> maybe_text(std::string_view name, std::size_t most_bytes);
  std::string word(std::string_view name, words allowed, std::string_view fallback = {});
  bool flag(std::string_view name);
  // The member's own JSON text, as it was sent. Lives until the next call of `raw`.
  std::optional<std::string_view> raw(std::string_view name);
  void mistake(std::string pointer, std::string detail);
  void judge() const;

 private:
  const nlohmann::json* find(std::string_view name, bool required);
  payload_reader reader_;
  nlohmann::json all_;
  std::vector<http::mistake> mistakes_;
};

std::int64_t number_of(const request&, std::string_view parameter);  // of the path; else 404

response json(unsigned status, const ordered_json&);
response not_found(const std::string& sentence);
[[noreturn]] void refuse(response);

// "<sequence>" of If-Match. Absent: nothing; "*": any_sequence; else refused.
inline constexpr std::int64_t any_sequence = -1;
std::optional<std::int64_t> if_match(const request&);
std::string etag(std::int64_t sequence);
}  // namespace skald::api
