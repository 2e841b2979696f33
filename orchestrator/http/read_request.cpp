#include "orchestrator/http/read_request.hpp"

#include <algorithm>
#include <cctype>

namespace skald::http {
namespace {
constexpr std::size_t max_query_parameters = 32;

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool read_query(std::string_view query, request& out) {
  for (std::size_t n = 0; !query.empty(); ++n) {
    if (n == max_query_parameters) return false;
    auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = percent_decoded(pair.substr(0, equals), true);
    auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value) return false;
    out.query[*name] = *value;
  }
  return true;
}
}  // namespace

std::optional<std::string> percent_decoded(std::string_view in, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    char c = in[i];
    if (c == '%') {
      if (in.size() - i < 3) return std::nullopt;
      const int high = digit(in[i + 1]), low = digit(in[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
      if (c == '\0') return std::nullopt;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    out += c;
  }
  return out;
}

std::string_view request::header(std::string_view name) const {
  const auto at = headers.find(name);
  return at == headers.end() ? std::string_view{} : at->second;
}

std::optional<std::string_view> request::asked(std::string_view name) const {
  const auto at = query.find(name);
  if (at == query.end()) return std::nullopt;
  return at->second;
}

read_result read_request(beast::http::request<beast::http::string_body> in) {
  read_result out;
  request& q = out.request;
  q.method = std::string(in.method_string());
  const std::string_view target(in.target().data(), in.target().size());
  if (target.empty() || target.front() != '/') {
    out.problem = "The request's target must be a path that starts with a slash.";
    return out;
  }
  const auto mark = std::min(target.find('?'), target.size());
  q.path = std::string(target.substr(0, mark));
  const auto query = target.substr(std::min(mark + 1, target.size()));
  if (!percent_decoded(q.path, false) || !read_query(query, q)) {
    out.problem = "The request's target has a broken %-escape or too many parameters.";
    return out;
  }
  for (const auto& field : in) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    q.headers[name] = std::string(field.value());
  }
  q.body = std::move(in.body());
  return out;
}
}  // namespace skald::http
