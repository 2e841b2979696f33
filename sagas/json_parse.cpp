#include "sagas/json_parse.hpp"

#include <set>
#include <vector>

namespace skald {
namespace {
using nlohmann::json;

// Builds the tree as the parser meets its parts; knows the way to the part it is at.
class builder : public nlohmann::json_sax<json> {
 public:
  explicit builder(complaint& why) : why_(why) {}
  json root;

  bool null() override { return add(nullptr); }
  bool boolean(bool b) override { return add(b); }
  bool number_integer(std::int64_t n) override { return add(n); }
  bool number_unsigned(std::uint64_t n) override { return add(n); }
  bool number_float(double n, const std::string&) override { return add(n); }
  bool string(std::string& s) override { return add(std::move(s)); }
  bool binary(json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    key_ = name;
    if (!open_.back()->contains(name)) return true;
    return refuse(where(), "the member \"" + name + "\" stands twice in one object");
  }
  bool parse_error(std::size_t byte, const std::string&, const json::exception& e) override {
    const std::string_view what = e.what();
    const auto colon = what.find(": ");
    return refuse(where(), "this is not JSON, at byte " + std::to_string(byte) + ": " +
                               std::string(colon == what.npos ? what : what.substr(colon + 2)));
  }

 private:
  bool refuse(std::string at, std::string sentence) {
    why_ = {std::move(at), std::move(sentence)};
    return false;
  }
  json* place(json&& part) {
    if (open_.empty()) return &(root = std::move(part));
    json& parent = *open_.back();
    if (parent.is_array()) return &parent.emplace_back(std::move(part));
    return &(parent[key_] = std::move(part));
  }
  bool add(json&& part) {
    place(std::move(part));
    return true;
  }
  bool open(json&& part) {
    if (open_.size() == max_definition_depth)
      return refuse(where(), "nested deeper than " + std::to_string(max_definition_depth));
    if (!open_.empty()) way_.push_back(last_token());
    open_.push_back(place(std::move(part)));
    return true;
  }
  bool close() {
    open_.pop_back();
    if (!open_.empty()) way_.pop_back();
    return true;
  }
  std::string last_token() const {
    const json& parent = *open_.back();
    return parent.is_array() ? std::to_string(parent.size()) : escaped(key_);
  }
  std::string where() const {
    std::string at;
    for (auto& token : way_) at += "/" + token;
    if (!open_.empty()) at += "/" + last_token();
    return at;
  }
  static std::string escaped(const std::string& name) {
    std::string token;
    for (char c : name) token += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return token;
  }

  complaint& why_;
  std::vector<json*> open_;       // the containers that are not closed yet
  std::vector<std::string> way_;  // their tokens but the root's
  std::string key_;
};
}  // namespace

std::optional<nlohmann::json> parse_bounded(std::string_view text, complaint& why) {
  if (text.size() > max_definition_bytes) {
    why = {"", "the definition has " + std::to_string(text.size()) + " bytes; at most " +
                   std::to_string(max_definition_bytes) + " are allowed"};
    return std::nullopt;
  }
  if (const auto nul = text.find('\0'); nul != text.npos) {  // the parser would end there, content
    why = {"", "this is not JSON, at byte " + std::to_string(nul + 1) + ": a NUL byte"};
    return std::nullopt;
  }
  builder b(why);
  if (!json::sax_parse(text, &b)) return std::nullopt;
  return std::move(b.root);
}
}  // namespace skald
