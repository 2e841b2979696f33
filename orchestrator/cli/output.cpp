#include "orchestrator/cli/output.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

namespace skald::cli {
namespace {
using nlohmann::ordered_json;
constexpr auto replace_bad_utf8 = ordered_json::error_handler_t::replace;

std::string plain(const ordered_json& v) {
  if (v.is_string()) return v.get<std::string>();
  const bool words =
      v.is_array() && std::ranges::all_of(v, [](const auto& item) {
        return item.is_string() && !item.template get_ref<const std::string&>().empty();
      });
  if (!words) return v.is_null() ? "" : v.dump(-1, ' ', false, replace_bad_utf8);
  std::string text;
  for (const auto& item : v)
    text += (text.empty() ? "" : ", ") + item.get_ref<const std::string&>();
  return text;
}

// One cell; words of a list with commas between them. What would break the table or the terminal is
// shown as a dot.
std::string cell(const ordered_json& v) {
  auto text = plain(v);
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '.';
  return text.empty() ? "-" : text;
}

// Columns on the screen of UTF-8 text: bytes that do not continue a character.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

void print_row(std::ostream& out, const std::vector<std::string>& cells,
               const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out << cells[i];
    if (i + 1 < cells.size()) out << std::string(widths[i] - width(cells[i]) + 2, ' ');
  }
  out << '\n';
}
}  // namespace

void output::list(const ordered_json& rows, const std::vector<std::string>& columns) {
  if (format_ == format::json) {
    out_ << (rows.empty() ? "[]" : rows.dump(2, ' ', false, replace_bad_utf8)) << '\n';
    return;
  }
  if (format_ == format::jsonl) {
    for (const auto& row : rows) out_ << row.dump(-1, ' ', false, replace_bad_utf8) << '\n';
    return;
  }
  std::vector<std::vector<std::string>> lines{{}};
  std::vector<std::size_t> widths;
  for (const auto& name : columns) {
    auto heading = name;
    for (auto& c : heading)
      c = c == '_' ? ' ' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    widths.push_back(heading.size());
    lines.front().push_back(std::move(heading));
  }
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      line.push_back(cell(row.contains(columns[i]) ? row[columns[i]] : ordered_json()));
      widths[i] = std::max(widths[i], width(line.back()));
    }
  }
  if (bold_) out_ << "\x1b[1m";
  print_row(out_, lines.front(), widths);
  if (bold_) out_ << "\x1b[0m";
  for (std::size_t i = 1; i < lines.size(); ++i) print_row(out_, lines[i], widths);
}

void output::show(const ordered_json& object) {
  if (format_ != format::table) {
    out_ << object.dump(format_ == format::json ? 2 : -1, ' ', false, replace_bad_utf8) << '\n';
    return;
  }
  std::size_t widest = 0;
  for (const auto& [name, unused] : object.items()) widest = std::max(widest, name.size());
  for (const auto& [name, v] : object.items())
    out_ << name << std::string(widest - name.size() + 2, ' ') << cell(v) << '\n';
}

void output::text(const std::string& name, const std::string& body) {
  if (format_ == format::table)
    out_ << body << (body.ends_with('\n') ? "" : "\n");
  else
    show({{name, body}});
}
}  // namespace skald::cli
