// A definition as a picture, in three text forms. Deterministic; no library.
#pragma once
#include <string>

#include "skald/model.hpp"

namespace skald {
// Steps from left to right, those of one stage above one another; below each its undo or fence.
std::string to_svg(const definition&);
std::string to_dot(const definition&);      // for graphviz
std::string to_mermaid(const definition&);  // a flowchart, as many web pages draw it
}  // namespace skald
