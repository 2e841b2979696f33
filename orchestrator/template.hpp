// The body of a command, compiled once: literal text with holes that raw values are spliced into.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skald/model.hpp"

namespace skald {
// Where the holes' values come from; places are numbered by `compiled`.
struct place_values {
  virtual std::optional<std::string_view> find(std::uint16_t place) const = 0;

 protected:
  ~place_values() = default;
};

class body_template {
 public:
  body_template() = default;
  // `place_no` numbers the place of each binding that is not fixed.
  template <class Number>
  body_template(const command& c, Number place_no) {
    for (const auto& b : c.fields)
      add(b, b.from.event.empty() ? std::uint16_t{0} : place_no(b.from));
    close_to(0);
    pieces_.push_back({piece::type::close, "}", 0, false});
  }

  // Appends the JSON object. False: a value that is not optional is missing; `out` is then cut
  // back to what it was.
  bool write(const place_values&, std::string& out) const;

 private:
  struct piece {
    enum class type : std::uint8_t { open, close, fixed, from } kind;
    std::string text;  // open, fixed, from: with the member's name; close: the bracket
    std::uint16_t place;
    bool optional;
  };
  void add(const binding&, std::uint16_t place);
  void close_to(std::size_t depth);

  std::vector<piece> pieces_;
  std::vector<std::string> path_;  // of the object that is open while compiling
};
}  // namespace skald
