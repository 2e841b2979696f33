#include "orchestrator/api/asked.hpp"

#include <algorithm>
#include <charconv>

#include "orchestrator/config.hpp"

namespace skald::api {
namespace {
constexpr std::size_t most_mistakes = 20;

// RFC 6901.
std::string pointer_to(std::string_view name) {
  std::string out = "/";
  for (const char c : name)
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  return out;
}

std::string listed(words all) {
  std::string out;
  for (const auto word : all) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

bool has(words all, std::string_view word) {
  return std::find(all.begin(), all.end(), word) != all.end();
}

[[noreturn]] void refuse_query(std::string_view name, const std::string& detail) {
  throw http::refusal(http::problem(400, "query", "Bad query parameter",
                                    "The query parameter " + std::string(name) + " " + detail + ".",
                                    {{"?" + std::string(name), detail}}));
}

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed != std::errc{} || end != text.data() + text.size() || n < 0) return std::nullopt;
  return n;
}

bool is_json(std::string_view content_type) {
  const auto end = std::min(content_type.find_first_of("; \t"), content_type.size());
  std::string type(content_type.substr(0, end));
  for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return type == "application/json";
}
}  // namespace

query::query(const request& q, words known) : from_(q) {
  for (const auto& [name, value] : q.query)
    if (!has(known, name))
      refuse_query(name, known.size() ? "is not known here; known are " + listed(known)
                                      : "is not known here; there are none");
}

std::optional<std::string> query::text(std::string_view name) const {
  const auto value = from_.asked(name);
  if (!value) return std::nullopt;
  if (!is_business_key(*value)) refuse_query(name, "must be 1 to 512 bytes of plain text");
  return std::string(*value);
}

std::optional<std::string> query::word(std::string_view name, words allowed) const {
  const auto value = from_.asked(name);
  if (!value) return std::nullopt;
  if (!has(allowed, *value)) refuse_query(name, "must be one of " + listed(allowed));
  return std::string(*value);
}

std::optional<std::int64_t> query::number(std::string_view name) const {
  const auto value = from_.asked(name);
  if (!value) return std::nullopt;
  const auto n = to_number(*value);
  if (!n) refuse_query(name, "must be a whole number, 0 or more");
  return n;
}

int query::count(std::string_view name, int fallback, int most) const {
  const auto n = number(name).value_or(fallback);
  if (n < 1 || n > most) refuse_query(name, "must be 1 to " + std::to_string(most));
  return static_cast<int>(n);
}

bool query::flag(std::string_view name) const {
  return word(name, {"true", "false"}).value_or("false") == "true";
}

std::chrono::milliseconds query::time(std::string_view name, std::chrono::milliseconds most) const {
  const auto value = from_.asked(name);
  if (!value) return std::chrono::milliseconds(0);
  const auto time = config::parse_duration(*value);
  if (!time) refuse_query(name, "must be a time such as 250ms or 30s");
  return std::min(*time, most);
}

fields::fields(const request& q, words known) {
  if (!is_json(q.header("content-type")))
    throw http::refusal(http::problem(415, "content-type", "Unsupported media type",
                                      "The body must be sent with Content-Type: "
                                      "application/json."));
  if (const auto wrong = reader_.read(q.body); !wrong.empty())
    throw http::refusal(
        http::problem(400, "json", "Bad JSON", "The body: " + std::string(wrong) + "."));
  all_ = nlohmann::json::parse(q.body, nullptr, false);
  if (!all_.is_object())
    throw http::refusal(
        http::problem(400, "json", "Bad JSON", "The body must be one JSON object.", {{"", ""}}));
  for (const auto& [name, value] : all_.items())
    if (!has(known, name))
      mistake(pointer_to(name), "is not known here; known are " + listed(known));
}

void fields::mistake(std::string pointer, std::string detail) {
  if (mistakes_.size() == most_mistakes) return;
  mistakes_.push_back({std::move(pointer), std::move(detail)});
}

void fields::judge() const {
  if (mistakes_.empty()) return;
  throw http::refusal(http::problem(422, "fields", "Unprocessable content",
                                    mistakes_[0].pointer + " " + mistakes_[0].detail + ".",
                                    mistakes_));
}

const nlohmann::json* fields::find(std::string_view name, bool required) {
  const auto at = all_.find(std::string(name));
  if (at != all_.end() && !at->is_null()) return &*at;
  if (required) mistake("/" + std::string(name), "is missing");
  return nullptr;
}

std::string fields::text(std::string_view name, std::size_t most_bytes) {
  if (!find(name, true)) return {};
  return maybe_text(name, most_bytes).value_or("");
}

std::optional<std::string> fields::maybe_text(std::string_view name, std::size_t most_bytes) {
  const auto* const found = find(name, false);
  if (!found) return std::nullopt;
  const auto* const text = found->get_ptr<const std::string*>();
  if (text && text->size() <= most_bytes && is_business_key(*text)) return *text;
  mistake("/" + std::string(name), "must be a text of 1 to " + std::to_string(most_bytes) +
                                       " bytes without control characters");
  return std::nullopt;
}

std::string fields::word(std::string_view name, words allowed, std::string_view fallback) {
  const auto* const found = find(name, fallback.empty());
  if (!found) return std::string(fallback);
  const auto* const text = found->get_ptr<const std::string*>();
  if (text && has(allowed, *text)) return *text;
  mistake("/" + std::string(name), "must be one of " + listed(allowed));
  return std::string(fallback);
}

bool fields::flag(std::string_view name) {
  const auto* const found = find(name, false);
  if (found && !found->is_boolean()) mistake("/" + std::string(name), "must be true or false");
  return found && found->is_boolean() && found->get<bool>();
}

std::optional<std::string_view> fields::raw(std::string_view name) {
  return reader_.cut("/" + std::string(name));
}

std::int64_t number_of(const request& q, std::string_view parameter) {
  const auto& text = q.parameters.find(parameter)->second;
  const auto n = to_number(text);
  if (!n) refuse(not_found("There is no number " + text + " here."));
  return *n;
}

response json(unsigned status, const ordered_json& body) {
  response out;
  out.status = status;
  out.body = body.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  return out;
}

response not_found(const std::string& sentence) {
  return http::problem(404, "not-found", "Not found", sentence);
}

void refuse(response r) {
  throw http::refusal(std::move(r));
}

std::optional<std::int64_t> if_match(const request& q) {
  auto value = q.header("if-match");
  if (value.empty()) return std::nullopt;
  if (value == "*") return any_sequence;
  const bool quoted = value.size() > 2 && value.front() == '"' && value.back() == '"';
  const auto n = to_number(quoted ? value.substr(1, value.size() - 2) : value);
  if (!n)
    refuse(http::problem(412, "changed", "Precondition failed",
                         "If-Match must be the ETag of the saga, such as \"7\", or *."));
  return n;
}

std::string etag(std::int64_t sequence) {
  return '"' + std::to_string(sequence) + '"';
}
}  // namespace skald::api
