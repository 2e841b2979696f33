#include "orchestrator/config.hpp"

#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "orchestrator/nearest.hpp"
#include "sagas/assert.hpp"

namespace skald::config {
namespace {
constexpr std::array settings = {
    setting{"postgres", type::text, "", "URL of the orchestrator's database", true},
    setting{"kafka", type::text, "", "HOST:PORT of one or more brokers of Kafka"},
    setting{"kafka_properties", type::text, "",
            "file of properties that Kafka wants for TLS or SASL: one name=value a line"},
    setting{"prefix", type::text, "skald", "begins the names of skald's own topics"},
    setting{"shards", type::count, "8", "partitions of its topics; fixed for life"},
    setting{"workers", type::count, "2", "threads that run sagas; each has its own connection"},
    setting{"node", type::text, "",
            "this machine's lasting name in the group; the host's when empty"},
    setting{"topic_retention", type::duration, "7d", "how long Kafka keeps skald's topics"},
    setting{"fence_retention", type::duration, "30d", "how long every participant remembers"},
    setting{"horizon", type::duration, "40d", "how long a finished saga is remembered"},
    setting{"relay.postgres", type::text, "",
            "serve: URL of an application's database whose outbox is relayed too", true},
    setting{"http.listen", type::text, "",
            "serve: ADDRESS:PORT of the HTTP API, such as 127.0.0.1:8080; empty: none"},
    setting{"http.certificate", type::text, "", "serve: PEM file for TLS; with http.key"},
    setting{"http.key", type::text, "", "serve: PEM file of the certificate's key"},
    setting{"log.level", type::text, "info", "debug, info, warn or error"},
    setting{"log.format", type::text, "text", "text or json: how a line of the log looks"},
    setting{"trace.url", type::text, "",
            "serve: URL of a collector of traces (OTLP over HTTP); none are exported when empty"},
    setting{"trace.header", type::text, "", "serve: a header for the collector", true},
    setting{"trace.every", type::on_off, "false",
            "serve: also trace sagas that start without a trace context"},
};

const setting* find(std::string_view name) {
  const auto it = std::ranges::find(settings, name, &setting::name);
  return it == settings.end() ? nullptr : &*it;
}

std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t number = 0;
  const auto end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || stop != end || number < 0) return std::nullopt;
  return number;
}

std::optional<bool> parse_on_off(std::string_view text) {
  if (text == "true" || text == "1" || text == "on" || text == "yes") return true;
  if (text == "false" || text == "0" || text == "off" || text == "no") return false;
  return std::nullopt;
}

// What is wrong with `text` for a setting of this type; empty: nothing.
std::string_view objection(type t, std::string_view text) {
  switch (t) {
    case type::text:
      return {};
    case type::count:
      return parse_count(text) ? "" : "must be a whole number, 0 or more";
    case type::duration:
      return parse_duration(text) ? "" : "must be a time such as 250ms, 5s or 14d";
    case type::on_off:
      return parse_on_off(text) ? "" : "must be true or false";
  }
  return {};
}

void judge(const setting& s, const value& v) {
  if (const auto wrong = objection(s.type, v.text); !wrong.empty())
    throw error(std::string(s.name) + " = '" + v.text + "' (" + v.where + ") " +
                std::string(wrong));
}

std::vector<std::string_view> names() {
  std::vector<std::string_view> all;
  for (const auto& s : settings) all.push_back(s.name);
  return all;
}

std::string usual_file(const sources& from) {
  std::vector<std::string> places;
  if (const auto home = from.variable("XDG_CONFIG_HOME"); home && *home)
    places.push_back(std::string(home) + "/skald/config.toml");
  else if (const auto user = from.variable("HOME"); user && *user)
    places.push_back(std::string(user) + "/.config/skald/config.toml");
  places.push_back("/etc/skald/skald.toml");
  for (const auto& place : places)
    if (access(place.c_str(), R_OK) == 0) return place;
  return {};
}
}  // namespace

std::span<const setting> known() {
  return settings;
}

std::string flag_of(const setting& s) {
  auto flag = "--" + std::string(s.name);
  std::ranges::replace(flag, '.', '-');
  std::ranges::replace(flag, '_', '-');
  return flag;
}

std::string variable_of(const setting& s) {
  auto name = "SKALD_" + std::string(s.name);
  for (auto& c : name) c = c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return name;
}

configuration::configuration(const sources& from) {
  for (const auto& s : settings)
    values_[std::string(s.name)] = {std::string(s.fallback), origin::fallback, "default"};

  auto file = from.file;
  if (const auto named = from.variable("SKALD_CONFIG"); file.empty() && named) file = named;
  if (file.empty()) file = usual_file(from);
  if (!file.empty()) read_file(file);

  for (const auto& s : settings) {
    const auto variable = variable_of(s);
    if (const auto text = from.variable(variable.c_str()))
      values_[std::string(s.name)] = {text, origin::environment, "environment " + variable};
    if (const auto it = from.flags.find(s.name); it != from.flags.end())
      values_[std::string(s.name)] = {it->second, origin::flag, "flag " + flag_of(s)};
    judge(s, of(s.name));
  }
}

namespace {
std::string scalar(const toml::node& node, const std::string& where) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  throw error(where + ": must be a text, a whole number, or true or false");
}

void flatten(const toml::table& table, const std::string& prefix, const std::string& path,
             const std::function<void(std::string name, value)>& found) {
  for (const auto& [key, node] : table) {
    const auto name = prefix + std::string(key.str());
    const auto where = "file " + path + " line " + std::to_string(node.source().begin.line);
    if (const auto inner = node.as_table())
      flatten(*inner, name + ".", path, found);
    else
      found(name, {scalar(node, where + ": " + name), origin::file, where});
  }
}
}  // namespace

void configuration::read_file(const std::string& path) {
  if (access(path.c_str(), R_OK) != 0)
    throw error("the settings file " + path + " cannot be read; name another with --config");
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& e) {
    throw error("file " + path + " line " + std::to_string(e.source().begin.line) +
                " is not TOML: " + std::string(e.description()));
  }
  file_ = path;
  flatten(table, "", path, [this](std::string name, value v) {
    if (!find(name)) {
      const auto meant = nearest(name, names());
      throw error(v.where + ": there is no setting '" + name + "'" +
                  (meant.empty() ? "; `skald config show` lists them all"
                                 : "; did you mean '" + std::string(meant) + "'?"));
    }
    values_[name] = std::move(v);
  });
}

const value& configuration::of(std::string_view name) const {
  const auto it = values_.find(name);
  SKALD_ASSERT(it != values_.end(), "a setting that is not in the list was asked for");
  return it->second;
}
const std::string& configuration::text(std::string_view name) const {
  return of(name).text;
}
std::int64_t configuration::count(std::string_view name) const {
  return parse_count(text(name)).value();
}
std::chrono::milliseconds configuration::duration(std::string_view name) const {
  return parse_duration(text(name)).value();
}
bool configuration::on(std::string_view name) const {
  return parse_on_off(text(name)).value();
}

std::string without_password(std::string_view url) {
  const auto scheme = url.find("://");
  const auto at = url.find('@', scheme == url.npos ? 0 : scheme);
  if (scheme != url.npos && at != url.npos) {
    const auto colon = url.find(':', scheme + 3);
    if (colon < at)
      return std::string(url.substr(0, colon + 1)) + "***" + std::string(url.substr(at));
  }
  const auto key = url.find("password=");
  if (key == url.npos) return std::string(url);
  const auto from = key + std::string_view("password=").size();
  const auto end = std::min(url.find_first_of(" &", from), url.size());
  return std::string(url.substr(0, from)) + "***" + std::string(url.substr(end));
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  struct unit {
    std::string_view suffix;
    std::int64_t ms;
  };
  constexpr unit units[] = {
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  constexpr std::int64_t longest_ms = 3'650LL * 86'400'000;
  for (const auto& u : units) {
    if (!text.ends_with(u.suffix)) continue;
    const auto number = parse_count(text.substr(0, text.size() - u.suffix.size()));
    if (!number || *number > longest_ms / u.ms) return std::nullopt;
    return std::chrono::milliseconds(*number * u.ms);
  }
  return std::nullopt;
}
}  // namespace skald::config
