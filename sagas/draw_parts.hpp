// What a picture of a step says, whatever form the picture has.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "skald/model.hpp"

namespace skald::draw {
// shop.Order.v1 -> Order: the part of a message's full name that people say.
std::string_view short_name(std::string_view type);
std::string duration(milliseconds);   // 90000 -> "90 s"
std::string condition(const guard&);  // price_cents > 0 and slot <= 40

struct part {
  const step* of;
  std::string title;               // the step's name
  std::vector<std::string> lines;  // what it sends or awaits, until when, when it is skipped
  std::string back;                // its undo or fence; empty: none
};
std::vector<part> parts_of(const definition&);

std::string escaped_xml(std::string_view);
std::string escaped_quotes(std::string_view);  // for DOT and mermaid: inside double quotes
}  // namespace skald::draw
