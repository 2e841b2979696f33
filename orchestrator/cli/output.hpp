// What a command prints: rows under named columns, as a table for people, or as JSON.
#pragma once
#include <cstdint>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace skald::cli {
enum class format : std::uint8_t { table, json, jsonl };

class output {
 public:
  // `bold`: headings are set in bold; the caller knows whether `out` is a terminal.
  output(std::ostream& out, cli::format f, bool bold) : out_(out), format_(f), bold_(bold) {}

  // `rows`: an array of flat objects. `columns`: what a table shows, in this order; JSON has all.
  void list(const nlohmann::ordered_json& rows, const std::vector<std::string>& columns);
  // One thing: its fields one a line, or one JSON object.
  void show(const nlohmann::ordered_json& object);
  // Text that is data by itself (a drawing, a definition), or that text as JSON member `name`.
  void text(const std::string& name, const std::string& body);

  cli::format format() const { return format_; }
  std::ostream& stream() { return out_; }

 private:
  std::ostream& out_;
  cli::format format_;
  bool bold_;
};
}  // namespace skald::cli
