// What may be shown on the terminal, and what may be asked of who sits there.
#pragma once
#include <string>

namespace skald::cli {
// `choice`: auto, always or never. auto: NO_COLOR says no, CLICOLOR_FORCE says yes, else only a
// terminal that is not dumb has it.
bool wants_color(const std::string& choice, int descriptor);
}  // namespace skald::cli
