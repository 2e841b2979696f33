#include <charconv>

#include "orchestrator/metrics/family.hpp"
#include "sagas/assert.hpp"

namespace skald {
histogram::histogram(const buckets& shape) : shape_(shape) {
  SKALD_ASSERT(shape.ends.size() <= most_buckets, "a histogram has at most 20 buckets");
}

std::string registry::text() const {
  std::string out;
  for (const auto* f : families_) f->write(out);
  return out;
}

namespace exposition {
namespace {
void append(std::string& out, double value) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}
void append(std::string& out, std::uint64_t value) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

// `more`: a label besides, as its text.
void write_name(std::string& out, std::string_view name, std::string_view suffix,
                std::string_view labels, std::string_view more = {}) {
  out += name;
  out += suffix;
  if (!labels.empty() || !more.empty()) {
    out += '{';
    out += labels;
    if (!labels.empty() && !more.empty()) out += ',';
    out += more;
    out += '}';
  }
  out += ' ';
}

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
}
}  // namespace

void write_head(std::string& out, const about& what, std::string_view type) {
  for (const auto part : {std::string_view("# HELP "), what.name, std::string_view(" "), what.help,
                          std::string_view("\n# TYPE "), what.name, std::string_view(" "), type})
    out += part;
  out += '\n';
}

void write(std::string& out, std::string_view name, std::string_view labels, const counter& c) {
  write_name(out, name, {}, labels);
  append(out, c.value());
  out += '\n';
}

void write(std::string& out, std::string_view name, std::string_view labels, const gauge& g) {
  write_name(out, name, {}, labels);
  append(out, g.value());
  out += '\n';
}

// The count is that of the buckets as they are read here, so that they never contradict it.
void write(std::string& out, std::string_view name, std::string_view labels, const histogram& h) {
  const auto& shape = h.shape();
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= shape.ends.size(); ++i) {
    count += h.in_bucket(i);
    std::string end = "le=\"";
    if (i < shape.ends.size())
      append(end, static_cast<double>(shape.ends[i]) / shape.ticks_per_unit);
    else
      end += "+Inf";
    end += '"';
    write_name(out, name, "_bucket", labels, end);
    append(out, count);
    out += '\n';
  }
  write_name(out, name, "_sum", labels);
  append(out, h.sum());
  out += '\n';
  write_name(out, name, "_count", labels);
  append(out, count);
  out += '\n';
}

std::string label_text(const about& what, label_values values) {
  SKALD_ASSERT(values.size() == what.labels.size(), "a series has one value for each label");
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += ',';
    text += what.labels[i];
    text += "=\"";
    append_escaped(text, values[i]);
    text += '"';
  }
  return text;
}

std::string other_text(const about& what) {
  return label_text(what, std::vector(what.labels.size(), other_series));
}
}  // namespace exposition
}  // namespace skald
