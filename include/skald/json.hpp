// A definition as JSON. Shows no JSON library, so a small program can print what it defines.
#pragma once
#include <string>

#include "skald/model.hpp"

namespace skald {
// The canonical text: members in a fixed order, defaults left out, no white space. Two definitions
// are the same exactly when these bytes are; their SHA-256 is the definition's identity.
std::string to_json(const definition&);

// The same for people: indented, one line per field.
std::string to_readable_json(const definition&);
}  // namespace skald
