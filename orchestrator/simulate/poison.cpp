#include "orchestrator/simulate/poison.hpp"

#include <algorithm>

namespace skald::sim {
namespace {
constexpr std::size_t mebibyte = 1024 * 1024;

std::string text(std::size_t bytes) {
  return "{\"text\":\"" + std::string(bytes, 'x') + "\"}";
}
std::string nested(std::size_t deep, char open, char close) {
  return std::string(deep, open) + std::string(deep, close);
}
void drop(raw_record& r, std::string_view name) {
  std::erase_if(r.headers, [&](const auto& h) { return h.first == name; });
}
std::string bytes(std::string_view with_nul) {
  return std::string(with_nul);
}

using raw = raw_record;
using namespace std::string_view_literals;

constexpr std::string_view not_text = "not plain UTF-8 text", no_key = "not a business key",
                           not_json = "the data is not JSON";
const poison corpus[] = {
    // who it is for, and what it is
    {"a saga that is not registered", "not registered",
     [](raw& r) { r.header("ce_sagatype") = "nobodys"; }},
    {"a kind that is none", "not a kind of message", [](raw& r) { r.header("ce_sagakind") = "?"; }},
    {"a command to the orchestrator", "a command needs",
     [](raw& r) { r.header("ce_sagakind") = "do"; }},
    {"no kind", "ce_sagakind is not start", [](raw& r) { drop(r, "ce_sagakind"); }},
    {"no saga named", "does not say which saga", [](raw& r) { drop(r, "ce_sagatype"); }},
    {"an event that does not start it", "not the event that starts",
     [](raw& r) { r.header("ce_type") = "unknown.Type.v1"; }},
    {"another saga's id", "not the id of this key's saga",
     [](raw& r) { r.header("ce_correlationid") = "00000000-0000-5000-8000-000000000000"; }},
    {"an id that is none", "not the id of this key's saga",
     [](raw& r) { r.header("ce_correlationid") = "'; drop table saga; --"; }},
    {"a reply without a token", "a reply needs", [](raw& r) { r.header("ce_sagakind") = "reply"; }},
    {"an action without a token", "an action needs",
     [](raw& r) { r.header("ce_sagakind") = "action"; }},
    {"an action with a bad token", "not believed",
     [](raw& r) {
       r.header("ce_sagakind") = "action";
       r.header("ce_sagatoken") = "1.AAAAAAAAAAAAAAAAAAAAAA";
     }},
    // headers
    {"CloudEvents of tomorrow", "not 1.0", [](raw& r) { r.header("ce_specversion") = "2.0"; }},
    {"no id", "ce_id is missing", [](raw& r) { drop(r, "ce_id"); }},
    {"not JSON by its own word", "content-type",
     [](raw& r) { r.header("content-type") = "text/xml"; }},
    {"a header twice", "given twice", [](raw& r) { r.headers.emplace_back("ce_id", "again"); }},
    {"a header of 5 KB", "too long",
     [](raw& r) { r.header("ce_source") = std::string(5'000, 'x'); }},
    {"a header with a NUL", not_text, [](raw& r) { r.header("ce_type") = bytes("a\0b"sv); }},
    {"a header that is not UTF-8", not_text, [](raw& r) { r.header("ce_source") = "\xff\xfe"; }},
    {"300 headers", "too many headers",
     [](raw& r) {
       for (int i = 0; i < 300; ++i) r.headers.emplace_back("x" + std::to_string(i), "y");
     }},
    {"a number that is none", "not a whole number",
     [](raw& r) { r.header("ce_sagaattempt") = "99999999999999999999"; }},
    // keys
    {"no key", no_key, [](raw& r) { r.key.reset(); }},
    {"an empty key", no_key, [](raw& r) { r.key = ""; }},
    {"a key with a NUL", no_key, [](raw& r) { r.key = bytes("a\0b"sv); }},
    {"a key that is not UTF-8", no_key, [](raw& r) { r.key = "\xc3\x28"; }},
    {"a key of 4 KiB", no_key, [](raw& r) { r.key = std::string(4'096, 'k'); }},
    // data
    {"a tombstone", "tombstone", [](raw& r) { r.value.reset(); }},
    {"no data", "there is no data", [](raw& r) { r.value = ""; }},
    {"half of it", not_json, [](raw& r) { r.value->pop_back(); }},
    {"more behind it", not_json, [](raw& r) { *r.value += "}"; }},
    {"a NUL behind it", not_json, [](raw& r) { r.value->push_back('\0'); }},
    {"a NUL in it", not_json, [](raw& r) { r.value = bytes("{\"a\":\0}"sv); }},
    {"not UTF-8", "not UTF-8", [](raw& r) { r.value = "{\"a\":\"\xff\"}"; }},
    {"half a surrogate pair", not_json, [](raw& r) { r.value = R"({"a":"\ud800"})"; }},
    {"10,000 lists deep", "nested", [](raw& r) { r.value = nested(10'000, '[', ']'); }},
    {"65 deep", "nested", [](raw& r) { r.value = nested(65, '[', ']'); }},
    {"a huge number", "number", [](raw& r) { r.value = R"({"a":1e999999})"; }},
    {"a number of 10,000 digits", "number",
     [](raw& r) { r.value = "{\"a\":" + std::string(10'000, '9') + "}"; }},
    {"more than 1 MiB", "larger than 1 MiB", [](raw& r) { r.value = text(mebibyte); }, true},
    {"10 MB", "larger than 1 MiB", [](raw& r) { r.value = text(10 * mebibyte); }, true},
    // structured mode
    {"structured, and not JSON", "not a JSON object",
     [](raw& r) {
       r.header("content-type") = "application/cloudevents+json";
       *r.value = "[";
     }},
    {"structured, with more behind it", "goes on behind",
     [](raw& r) {
       r.header("content-type") = "application/cloudevents+json";
       *r.value = R"({"specversion":"1.0"} {})";
     }},
    {"structured, 10,000 deep", "nested",
     [](raw& r) {
       std::string all = "{";
       for (const auto& h : r.headers)
         if (h.first.starts_with("ce_"))
           all += "\"" + h.first.substr(3) + "\":\"" + h.second + "\",";
       r.value = all + "\"data\":" + nested(10'000, '[', ']') + "}";
       r.header("content-type") = "application/cloudevents+json";
     }},
};
}  // namespace

std::string& raw_record::header(std::string_view name) {
  for (auto& h : headers)
    if (h.first == name) return h.second;
  return headers.emplace_back(name, "").second;
}

std::vector<wire::header> raw_record::views() const {
  std::vector<wire::header> all;
  for (const auto& h : headers) all.push_back({h.first, h.second});
  return all;
}

raw_record good_start(const script& s, std::string_view key) {
  raw_record r;
  r.key = key;
  r.value = s.starts().front().payload.with(key, "at-start");
  r.headers = {{"content-type", "application/json"},
               {"ce_specversion", "1.0"},
               {"ce_source", "/simulated"},
               {"ce_type", std::string(s.spec().starts.event)},
               {"ce_id", "start-" + std::string(key)},
               {"ce_partitionkey", std::string(key)},
               {"ce_sagakind", "start"},
               {"ce_sagatype", std::string(s.spec().name)}};
  return r;
}

std::span<const poison> all_poison() {
  return corpus;
}
}  // namespace skald::sim
